package dev.greenhouse.portal;

import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.lowlevel.AwaitedHere;
import dev.greenhouse.nursery.lowlevel.Suspension;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// The wait of a task for a stage.
final class StageAwait<T extends @Nullable Object> implements BiConsumer<T, @Nullable Throwable> {
  private final Suspension<T> suspension = Suspension.create();

  private StageAwait() {}

  static <T extends @Nullable Object> T start(AsyncCallable<? extends T> operation) {
    CompletionStage<? extends T> stage;
    try {
      stage = operation.call();
    } catch (Throwable t) {
      throw rethrow(t);
    }
    return StageAwait.<T>await(
        Objects.requireNonNull(
            stage, "the asynchronous operation returned null instead of a stage"));
  }

  @SuppressWarnings("unchecked")
  static <T extends @Nullable Object> T await(CompletionStage<? extends T> stage) {
    CompletableFuture<? extends T> future =
        stage instanceof CompletableFuture<?> f ? (CompletableFuture<? extends T>) f : null;
    if (future != null && future.isDone() && !future.isCompletedExceptionally()) {
      Suspension.notNeeded();
      return future.getNow(null);
    }
    var wait = new StageAwait<T>();
    stage.whenComplete(wait);
    try {
      return wait.suspension.awaitOrUndo(() -> cancel(stage));
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /// By whoever completes the stage.
  @Override
  public void accept(T value, @Nullable Throwable error) {
    if (error == null) {
      suspension.resume(value);
    } else {
      suspension.resumeExceptionally(unwrapped(error));
    }
  }

  /// A stage that refuses to be cancelled is left alone: the task goes on all the same.
  private static void cancel(CompletionStage<?> stage) {
    try {
      stage.toCompletableFuture().cancel(true);
    } catch (UnsupportedOperationException refused) {
      // Stages need not be futures.
    }
  }

  /// Throws what ended a wait, with the awaiting side's stack.
  static RuntimeException thrown(Throwable t) {
    if (!(t instanceof Cancelled)) {
      AwaitedHere.attach(t, FlatWorld.nameHere(), Portal.class.getPackageName());
    }
    throw rethrow(t);
  }

  /// {@return what made a stage fail, without what `CompletableFuture` wraps around it}
  static Throwable unwrapped(Throwable error) {
    Throwable t = error;
    while ((t instanceof CompletionException || t instanceof ExecutionException)
        && t.getCause() != null) {
      t = t.getCause();
    }
    return t;
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  static <X extends Throwable> RuntimeException rethrow(Throwable t) throws X {
    throw (X) t;
  }
}
