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
  /// Null once the task has given up: a stage that never completes and can't be cancelled keeps
  /// this object, and must not keep the task.
  private volatile @Nullable Suspension<T> suspension;

  private StageAwait(Suspension<T> suspension) {
    this.suspension = suspension;
  }

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
    // Not a subclass: the JDK's minimal stages, such as `completedStage`, are futures without
    // `isDone`.
    CompletableFuture<? extends T> future =
        stage.getClass() == CompletableFuture.class ? (CompletableFuture<? extends T>) stage : null;
    if (future != null && future.isDone() && !future.isCompletedExceptionally()) {
      Suspension.notNeeded();
      return future.getNow(null);
    }
    var suspension = Suspension.<T>create(Awaited.of(stage));
    var wait = new StageAwait<T>(suspension);
    stage.whenComplete(wait);
    try {
      return suspension.awaitOrUndo(() -> wait.giveUp(stage));
    } catch (Throwable t) {
      throw thrown(t);
    }
  }

  /// By whoever completes the stage.
  @Override
  public void accept(T value, @Nullable Throwable error) {
    Suspension<T> waiting = suspension;
    if (waiting == null) {
      return;
    }
    if (error == null) {
      waiting.resume(value);
    } else {
      waiting.resumeExceptionally(unwrapped(error));
    }
  }

  private void giveUp(CompletionStage<?> stage) {
    suspension = null;
    cancel(stage);
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
