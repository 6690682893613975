package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// One concurrent activity: a virtual thread with a name, a parent nursery and an outcome.
///
/// The static methods are about the task that calls them. All of them but [#current] and
/// [#currentIfAny] are checkpoints: if the task is cancelled they raise [Cancelled], again and
/// again until the cancelled scope is left. They throw `IllegalStateException` on a thread that is
/// no task.
///
/// @param <T> the type of the task's value
public sealed interface Task<T extends @Nullable Object> extends TaskView permits TaskImpl {
  // ---- the current task

  /// {@return the task that calls. Not a checkpoint}
  ///
  /// @throws IllegalStateException if the current thread is no task; a thread that a task started
  ///   is none
  static Task<?> current() {
    return TaskImpl.requireCurrent();
  }

  /// {@return the task that calls, or nothing if the current thread is no task. Not a checkpoint}
  static Optional<Task<?>> currentIfAny() {
    return Optional.ofNullable(TaskImpl.currentOrNull());
  }

  /// Lets other tasks run, then tests for cancellation. It tests before, too, so a task that is
  /// cancelled leaves at once.
  ///
  /// @throws Cancelled if the task is cancelled
  static void checkpoint() {
    TaskImpl.requireCurrent().checkpointNow();
  }

  /// Tests for cancellation and does nothing else.
  ///
  /// @throws Cancelled if the task is cancelled
  static void throwIfCancelled() {
    TaskImpl.requireCurrent().throwIfCancelledNow();
  }

  /// Waits for some time on the greenhouse's clock, never shorter. Zero is a [#checkpoint()].
  ///
  /// @param duration how long; durations beyond 146 years wait that long
  /// @throws Cancelled if the task is cancelled
  /// @throws IllegalArgumentException if the duration is negative
  static void sleep(Duration duration) {
    Sleep.sleep(duration);
  }

  /// Waits until a time of day on the greenhouse's clock. A time that has passed is a
  /// [#checkpoint()].
  ///
  /// @param time until when
  /// @throws Cancelled if the task is cancelled
  static void sleepUntil(Instant time) {
    Sleep.sleepUntil(time);
  }

  /// Waits until the task is cancelled.
  ///
  /// Fork it as `nursery.fork(() -> Task.sleepForever())`: javac calls `Task::sleepForever`
  /// ambiguous there, as it does with static methods of generic types.
  ///
  /// @throws Cancelled when the task is cancelled
  static void sleepForever() {
    Sleep.sleepForever();
  }

  // ---- any task

  /// Waits for the task to end. A checkpoint of the task that calls. A thread that is no task is
  /// blocked; if it is interrupted, the wait ends by [Cancelled] of source `INTERRUPT` with its
  /// flag set.
  ///
  /// What the task did happens-before this returns or throws. Its failure counts as observed; see
  /// [NurseryOptions#supervised].
  ///
  /// @return the task's value
  /// @throws TaskFailedException if it failed
  /// @throws TaskCancelledException if it was cancelled
  /// @throws Cancelled if the task that calls is cancelled
  /// @throws IllegalStateException if a task joins itself
  T join();

  /// {@return how the task ended; empty while it has not. Never blocks}
  Optional<Outcome<T>> outcome();

  /// Cancels the task and all that it opened. Never blocks; any thread may call it. Only the first
  /// reason counts; a task that has ended stays as it is. A cancelled task is no failure of its
  /// nursery.
  ///
  /// @param reason why, for people
  void cancel(String reason);

  /// {@return the nursery it was forked into}
  @Override
  Optional<Nursery> parent();

  /// {@return the nurseries it has open, outermost first}
  @Override
  List<Nursery> nurseries();

  /// {@return the greenhouse it lives in}
  @Override
  Greenhouse greenhouse();

  /// {@return a future that completes with the task's value, with what the task threw, or with a
  /// [TaskCancelledException]. Cancelling the future does nothing to the task} What depends on it
  /// runs on a thread of its own, soon after the task's end, and may block. Asking for it counts as
  /// observing a failure.
  CompletableFuture<T> toCompletableFuture();
}
