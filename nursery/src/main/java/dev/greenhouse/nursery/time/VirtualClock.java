package dev.greenhouse.nursery.time;

import dev.greenhouse.nursery.housekeeping.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A clock for tests that stands still until somebody moves it, or that jumps by itself.
///
/// ```java
/// var clock = new VirtualClock().autojump(true);
/// try (var greenhouse = Greenhouse.builder().singleThreaded().clock(clock).build()) {
///   greenhouse.run(() -> Task.sleep(Duration.ofHours(3))); // takes no time
/// }
/// ```
///
/// **Autojump.** When every task of all greenhouses that use the clock waits in operations of ours,
/// time jumps to the next timer. A task that waits in the JDK (a socket, `Thread.sleep`, a lock)
/// does not count as waiting: something real is going on, and time waits for that. Threads that are
/// no tasks are not looked at.
///
/// It moves sleeps and deadlines of Greenhouse. What the JDK times, such as `Thread.sleep` or
/// `BlockingQueue.poll`, goes by the system's clock.
///
/// Any thread may call its methods. The idea is Trio's
/// [MockClock](https://trio.readthedocs.io/en/stable/reference-testing.html#trio.testing.MockClock).
public final class VirtualClock implements Clock {
  static {
    VirtualTime.findBy(VirtualClock::timeOf);
  }

  private static final Duration MOST = Duration.ofDays(36_525);

  private final VirtualTime time = new VirtualTime();
  private final Instant start;

  /// Makes a clock that starts at 2000-01-01T00:00:00Z.
  public VirtualClock() {
    this(Instant.parse("2000-01-01T00:00:00Z"));
  }

  /// Makes a clock.
  ///
  /// @param start its time of day at the beginning
  public VirtualClock(Instant start) {
    this.start = Objects.requireNonNull(start, "start");
  }

  private static @Nullable VirtualTime timeOf(Object clock) {
    return clock instanceof VirtualClock v ? v.time : null;
  }

  /// Moves time on. Sleeps and deadlines that are over then are ended on the current thread; the
  /// tasks run on as soon as their greenhouse lets them. Blocks for no task.
  ///
  /// @param by how far; zero is fine
  /// @throws IllegalArgumentException if it is negative, or more than 100 years
  /// @throws IllegalStateException if the clock would show more than 292 years after its start
  public void advance(Duration by) {
    Objects.requireNonNull(by, "by");
    if (by.isNegative()) {
      throw new IllegalArgumentException(
          "A clock can't be moved back, by %s. Advance it by zero or more.".formatted(by));
    }
    if (by.compareTo(MOST) > 0) {
      throw new IllegalArgumentException(
          "A clock can't be moved on by %s at once. Advance it by 100 years or less."
              .formatted(by));
    }
    time.advance(by.toNanos());
  }

  /// Makes the clock jump to the next timer whenever every task waits in operations of ours, or not
  /// any more.
  ///
  /// @param on whether it shall jump
  /// @return this
  public VirtualClock autojump(boolean on) {
    time.setJumps(on);
    return this;
  }

  @Override
  public long nanoTime() {
    return time.nanos();
  }

  @Override
  public Instant instant() {
    return start.plusNanos(time.nanos());
  }

  /// {@return how many sleeps and deadlines wait for their time}
  public int pendingTimers() {
    return time.pending();
  }

  /// {@return its time of day}
  @Override
  public String toString() {
    return "VirtualClock[%s%s]".formatted(instant(), time.jumps() ? ", autojump" : "");
  }
}
