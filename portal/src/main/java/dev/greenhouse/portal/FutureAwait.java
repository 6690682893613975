package dev.greenhouse.portal;

import dev.greenhouse.nursery.lowlevel.Suspension;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// The wait of a task for a plain future, which can't say when it is done: a virtual thread waits
/// in its `get`.
final class FutureAwait {
  private FutureAwait() {}

  @SuppressWarnings("unchecked")
  static <T extends @Nullable Object> T await(Future<? extends T> future) {
    if (future instanceof CompletionStage<?> stage) {
      return StageAwait.await((CompletionStage<? extends T>) stage);
    }
    if (future.isDone() && future.state() == Future.State.SUCCESS) {
      Suspension.notNeeded();
      return future.resultNow();
    }
    Suspension<T> suspension = Suspension.create(Awaited.of(future));
    Thread waiter =
        Thread.ofVirtual()
            .name("await " + future.getClass().getSimpleName())
            .unstarted(() -> wait(future, suspension));
    waiter.start();
    try {
      return suspension.awaitOrUndo(() -> abandon(future, waiter));
    } catch (Throwable t) {
      throw StageAwait.thrown(t);
    }
  }

  private static <T extends @Nullable Object> void wait(
      Future<? extends T> future, Suspension<T> suspension) {
    try {
      suspension.resume(future.get());
    } catch (Throwable t) {
      suspension.resumeExceptionally(StageAwait.unwrapped(t));
    }
  }

  /// The waiter must not stay behind.
  private static void abandon(Future<?> future, Thread waiter) {
    try {
      future.cancel(true);
    } finally {
      waiter.interrupt();
    }
  }
}
