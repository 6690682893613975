package dev.greenhouse.nursery;

import dev.greenhouse.nursery.time.Clock;
import java.time.Instant;

/// A moment, by both hands of a clock.
///
/// @param nanos its nanoseconds
/// @param instant its time of day
record Moment(long nanos, Instant instant) {
  /// {@return now, on a task's clock. A clock that is moved by hand stands still between both
  /// looks}
  static Moment of(ScopedTask task) {
    Clock clock = task.scheduler().clock;
    while (true) {
      long nanos = clock.nanoTime();
      Instant instant = clock.instant();
      if (task.scheduler().virtualTime == null || clock.nanoTime() == nanos) {
        return new Moment(nanos, instant);
      }
    }
  }
}
