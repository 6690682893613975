package dev.greenhouse.nursery;

import dev.greenhouse.nursery.housekeeping.Timer;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.nursery.scheduler.Scheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A timer that ends a task's wait.
final class Sleep extends Timer {
  private final Suspension<@Nullable Void> suspension = Suspension.create(this);

  private final Scheduler scheduler;
  private final long end; // on the scheduler's clock

  private Sleep(Scheduler scheduler, long end) {
    this.scheduler = scheduler;
    this.end = end;
  }

  /// The housekeeper's time is the system's; the clock may be slower.
  @Override
  protected void fire() {
    if (scheduler.clock.nanoTime() - end >= 0) {
      suspension.resume(null);
    } else if (!suspension.isDone()) {
      scheduler.set(this, end);
      if (suspension.isDone()) {
        drop(); // cancelled meanwhile
      }
    }
  }

  static void sleep(Duration duration) {
    Objects.requireNonNull(duration, "duration");
    TaskImpl<?> task = TaskImpl.requireCurrent();
    if (duration.isNegative()) {
      throw new IllegalArgumentException(
          "Task '%s' can't sleep for a negative time, %s. Give zero or more; zero is a checkpoint."
              .formatted(task.name(), duration));
    }
    sleep(task, task.scheduler().clock.nanoTime(), Durations.saturatedNanos(duration));
  }

  static void sleepUntil(Instant time) {
    Objects.requireNonNull(time, "time");
    TaskImpl<?> task = TaskImpl.requireCurrent();
    Moment now = Moment.of(task);
    long left = Durations.saturatedNanos(Durations.between(now.instant(), time));
    sleep(task, now.nanos(), Math.max(0, left));
  }

  static void sleepForever() {
    TaskImpl.requireCurrent();
    Suspension.<@Nullable Void>create("sleepForever").await();
    throw new AssertionError("sleepForever was woken without being cancelled");
  }

  private static void sleep(TaskImpl<?> task, long from, long nanos) {
    if (nanos == 0) {
      task.checkpointNow();
      return;
    }
    task.throwIfCancelledNow();
    Scheduler scheduler = task.scheduler();
    var sleep = new Sleep(scheduler, from + nanos);
    if (nanos < Durations.FOREVER) {
      scheduler.set(sleep, sleep.end);
    }
    try {
      sleep.suspension.await();
    } finally {
      sleep.drop();
    }
    task.throwIfCancelledNow();
  }

  /// {@return how long it still lasts}
  @Override
  public String toString() {
    long left = end - scheduler.clock.nanoTime();
    return "sleep, %s left".formatted(Durations.text(Duration.ofNanos(Math.max(0, left))));
  }
}
