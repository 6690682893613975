package dev.greenhouse.portal;

import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The future of a task that came through a [ThreadPortal]. It is completed when the task has
/// ended, so cancelling it only asks; completed by anybody else, it cancels the task.
final class SubmittedCall<T extends @Nullable Object> extends CompletableFuture<T> {
  private volatile @Nullable Task<?> task; // set once, before the future is handed out

  void follow(Task<? extends T> task) {
    this.task = task;
    CompletableFuture<?> _ = task.toCompletableFuture().whenComplete(this::end);
    CompletableFuture<?> _ =
        whenComplete((value, error) -> task.cancel("its future was completed by somebody else"));
  }

  private void end(T value, @Nullable Throwable error) {
    switch (error) {
      case null -> complete(value);
      case TaskCancelledException e -> {
        var cancelled = new CancellationException(e.getMessage());
        cancelled.initCause(e);
        completeExceptionally(cancelled);
      }
      default -> completeExceptionally(error);
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    if (isDone()) {
      return isCancelled();
    }
    Objects.requireNonNull(task).cancel("its future was cancelled");
    return true;
  }
}
