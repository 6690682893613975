package dev.greenhouse.portal;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Task;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A resource that is closed asynchronously, for a try-with-resources statement:
/// [Portal#asyncContext(Object, Function)].
///
/// ```java
/// try (var connection = asyncContext(pool.take(), Connection::closeAsync)) {
///   connection.get().send(order);
/// }
/// ```
///
/// **A cancelled task still closes.** `close` starts the closing and awaits it under a shield: what
/// cancelled the task, or cancels it meanwhile, does not reach it, and the task goes on when the
/// resource is closed. So whoever cancels waits for that. Bound it by [#closeWithin(Duration)].
///
/// @param <T> the type of the resource
public final class AsyncContext<T> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("dev.greenhouse");
  private static final String NO_STAGE =
      "the asynchronous closing returned null instead of a stage";

  private final T resource;
  private final Function<? super T, ? extends CompletionStage<?>> closing;
  private final AtomicBoolean closed = new AtomicBoolean(); // once, by the first who closes
  private volatile @Nullable Duration limit; // by whoever sets one

  AsyncContext(T resource, Function<? super T, ? extends CompletionStage<?>> closing) {
    this.resource = Objects.requireNonNull(resource, "resource");
    this.closing = Objects.requireNonNull(closing, "closing");
  }

  static <T> AsyncContext<T> open(
      AsyncCallable<? extends T> opening,
      Function<? super T, ? extends CompletionStage<?>> closing) {
    Objects.requireNonNull(opening, "opening");
    Objects.requireNonNull(closing, "closing");
    var begun = new AtomicReference<@Nullable CompletionStage<? extends T>>();
    T resource;
    try {
      resource = Portal.<T>await(() -> begin(opening, begun));
    } catch (Throwable t) {
      closeLate(begun.get(), closing);
      throw t;
    }
    return new AsyncContext<>(
        Objects.requireNonNull(resource, "the asynchronous opening gave null"), closing);
  }

  private static <T> CompletionStage<T> begin(
      AsyncCallable<? extends T> opening,
      AtomicReference<@Nullable CompletionStage<? extends T>> begun)
      throws Exception {
    CompletionStage<? extends T> stage = opening.call();
    begun.set(stage);
    return AutoAwait.widened(stage);
  }

  /// An opening that does not heed its cancellation gives a resource that nobody waits for.
  private static <T> void closeLate(
      @Nullable CompletionStage<? extends T> opening,
      Function<? super T, ? extends CompletionStage<?>> closing) {
    if (opening != null) {
      opening.whenComplete(
          (resource, error) -> {
            if (resource != null) {
              startClosingLate(resource, closing)
                  .whenComplete((nothing, failure) -> reportIfFailed(resource, failure));
            }
          });
    }
  }

  private static <T> CompletionStage<?> startClosingLate(
      T resource, Function<? super T, ? extends CompletionStage<?>> closing) {
    try {
      return Objects.requireNonNull(closing.apply(resource), NO_STAGE);
    } catch (Throwable t) {
      return CompletableFuture.failedFuture(t);
    }
  }

  /// Nobody is left who could be told. On a thread of its own, as a log may block, and whoever
  /// completes the stage may be somebody's event loop.
  private static void reportIfFailed(Object resource, @Nullable Throwable failure) {
    if (failure != null) {
      Thread.startVirtualThread(
          () ->
              LOG.warn(
                  "{} was opened after its task had been cancelled, and could not be closed.",
                  resource,
                  StageAwait.unwrapped(failure)));
    }
  }

  /// {@return the resource}
  public T get() {
    return resource;
  }

  /// Gives the closing some time at most. When it is over, the closing's future is cancelled, and
  /// `close` throws a `TimeoutException`.
  ///
  /// @param limit how long, on the greenhouse's clock; zero and less are over at once
  /// @return this
  public AsyncContext<T> closeWithin(Duration limit) {
    this.limit = Objects.requireNonNull(limit, "limit");
    return this;
  }

  /// Starts the closing and awaits it, out of the reach of the task's cancellation. Only the first
  /// call does anything. No checkpoint. An exception of the closing comes out as it is, even if it
  /// is a checked one, and so does the `TimeoutException` of [#closeWithin(Duration)].
  ///
  /// @throws NoPortalException if the current task has no portal, or the thread is no task; the
  ///   closing was started all the same
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    if (Task.currentIfAny().isPresent()) {
      CancelScope.shield(this::awaitClosingInTime);
    } else {
      Duration most = limit; // nothing of ours can cut this short, but the stage itself can
      CompletionStage<?> stage = startClosing();
      Portal.await(
          most == null
              ? stage
              : stage.toCompletableFuture().orTimeout(most.toNanos(), TimeUnit.NANOSECONDS));
    }
  }

  private void awaitClosingInTime() {
    Duration most = limit;
    if (most == null) {
      awaitClosing();
      return;
    }
    try {
      CancelScope.failAfter(most, this::awaitClosing);
    } catch (TimeoutException e) {
      var late =
          new TimeoutException(
              "%s was not closed within %s, and its closing was cancelled. Give it more time, or see what it waits for."
                  .formatted(resource, most));
      late.initCause(e);
      throw StageAwait.rethrow(late);
    }
  }

  private void awaitClosing() {
    Portal.await(startClosing());
  }

  private CompletionStage<?> startClosing() {
    return Objects.requireNonNull(closing.apply(resource), NO_STAGE);
  }

  /// {@return of which resource, and whether it is closed}
  @Override
  public String toString() {
    return "context of " + resource + (closed.get() ? ", closed" : "");
  }
}
