package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.housekeeping.Timer;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// The time at which a scope is cancelled. A scope whose deadline is moved gets another one, and
/// the old one means nothing any more.
///
/// No timer is set before the task first waits: most operations end without.
final class Deadline extends Timer {
  private final ScopeImpl scope;
  private final Object given; // Duration or Instant: what the user said
  private final boolean isGrace;

  /// On the clock of the scope's scheduler.
  final long at;

  /// A timer is set, or was. Before that only the task itself touches it.
  boolean armed;

  private Deadline(ScopeImpl scope, long at, Object given, boolean isGrace) {
    this.scope = scope;
    this.at = at;
    this.given = given;
    this.isGrace = isGrace;
  }

  /// {@return a deadline, or null if it is so far away that there is none}
  private static @Nullable Deadline made(
      ScopeImpl scope, long now, long nanos, Object given, boolean isGrace) {
    return nanos >= Durations.FOREVER ? null : new Deadline(scope, now + nanos, given, isGrace);
  }

  static @Nullable Deadline after(ScopeImpl scope, long now, Duration time) {
    return made(scope, now, Durations.saturatedNanos(time), time, false);
  }

  static @Nullable Deadline at(ScopeImpl scope, long now, Instant instant, Instant time) {
    return made(
        scope, now, Durations.saturatedNanos(Durations.between(instant, time)), time, false);
  }

  static @Nullable Deadline ofGrace(ScopeImpl scope, long now, Duration grace) {
    return made(scope, now, Durations.saturatedNanos(grace), grace, true);
  }

  boolean isOver(long now) {
    return now - at >= 0;
  }

  boolean isBefore(Deadline other) {
    return at - other.at < 0;
  }

  static @Nullable Deadline earlier(@Nullable Deadline a, @Nullable Deadline b) {
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    return b.isBefore(a) ? b : a;
  }

  /// {@return the time that is left, never negative}
  Duration left(long now) {
    return Duration.ofNanos(Math.max(0, at - now));
  }

  CancelReason reason() {
    if (isGrace) {
      return new CancelReason(
          Source.SHUTDOWN,
          "it was asked to wind down, and its grace of %s is over"
              .formatted(Durations.text((Duration) given)));
    }
    return new CancelReason(
        Source.DEADLINE,
        given instanceof Duration d
            ? "deadline of %s passed".formatted(Durations.text(d))
            : "deadline at %s passed".formatted(given));
  }

  @Override
  protected void fire() {
    scope.deadlineReached(this);
  }

  @Override
  public String toString() {
    return "the deadline of " + scope;
  }
}
