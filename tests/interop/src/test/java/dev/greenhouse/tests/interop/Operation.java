package dev.greenhouse.tests.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/// One operation of a peer: how the test wants it to end, and what the peer's side has seen.
final class Operation {
  private static final long LIMIT_SECONDS = 20;

  private final CompletableFuture<String> answer = new CompletableFuture<>();
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch cancelled = new CountDownLatch(1);

  // ---- the test

  /// Ends it with a value, before or after it has begun.
  void succeed(String value) {
    answer.complete(value);
  }

  /// Ends it with a failure, before or after it has begun.
  void fail(Throwable error) {
    answer.completeExceptionally(error);
  }

  /// Waits until the peer's side has begun.
  void awaitBegun() throws InterruptedException {
    assertThat(begun.await(LIMIT_SECONDS, TimeUnit.SECONDS)).as("begun").isTrue();
  }

  /// Waits until the peer's side has begun and the task that awaits it is suspended.
  void awaitAwaited(Task<?> task) throws InterruptedException {
    awaitBegun();
    Eventually.holds(task + " waits", () -> task.state() == TaskState.WAITING);
  }

  /// Waits until the peer's side has seen that nobody wants the answer any more.
  void awaitCancelled() throws InterruptedException {
    assertThat(cancelled.await(LIMIT_SECONDS, TimeUnit.SECONDS)).as("cancelled").isTrue();
  }

  // ---- the peer's side

  /// It has begun.
  ///
  /// @param end told the value or the failure when the test has decided
  void begun(BiConsumer<? super String, ? super Throwable> end) {
    var _ = answer.whenComplete(end);
    begun.countDown();
  }

  /// {@return what ends a future as the operation ends}
  static BiConsumer<String, Throwable> completing(CompletableFuture<String> future) {
    return (value, error) -> {
      if (error == null) {
        future.complete(value);
      } else {
        future.completeExceptionally(error);
      }
    };
  }

  /// If the future is cancelled, nobody wants the answer any more.
  void cancelledBy(CompletableFuture<?> future) {
    var _ =
        future.whenComplete(
            (value, error) -> {
              if (future.isCancelled()) {
                cancelled();
              }
            });
  }

  /// Nobody wants the answer any more.
  void cancelled() {
    cancelled.countDown();
  }
}
