package dev.greenhouse.nursery;

import java.time.Instant;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What lies around a task: its own scopes, itself, the start that it is under, and then those of
/// its nursery's owner, outwards to the first shield.
final class Surroundings {
  private Surroundings() {}

  /// Shows the visible scopes from `scope` of `task` outwards to a visitor, until that says true.
  /// Returns whether it did.
  private static boolean any(
      ScopedTask task, @Nullable ScopeImpl scope, Predicate<ScopeImpl> visitor) {
    ScopedTask t = task;
    ScopeImpl s = scope;
    while (true) {
      for (; s != null; s = s.outer) {
        if (visitor.test(s)) {
          return true;
        }
        if (s.shielded()) {
          return false;
        }
      }
      ScopeImpl own = t.ownScope();
      if (own != null && visitor.test(own)) {
        return true;
      }
      Start<?> start = t.startedUnder();
      NurseryImpl n = t.nursery();
      if (n == null) {
        return false;
      }
      if (start != null && anyOfStart(start, n, visitor)) {
        return true;
      }
      s = n.cancelScope();
      t = n.owner();
    }
  }

  /// A starter that owns the nursery is the next to be looked at anyway, and twice at each start
  /// inside a start would be too often: only what lies inside of that is looked at here.
  private static boolean anyOfStart(
      Start<?> start, NurseryImpl nursery, Predicate<ScopeImpl> visitor) {
    if (!start.isByOwner()) {
      return any(start.starter, start.scope, visitor);
    }
    for (ScopeImpl s = start.scope; s != null && s != nursery.cancelScope(); s = s.outer) {
      if (visitor.test(s)) {
        return true;
      }
      if (s.shielded()) {
        break;
      }
    }
    return false;
  }

  /// {@return whether somebody asked a visible scope to wind down, or cancelled it}
  static boolean isWindingDown(ScopedTask task, @Nullable ScopeImpl from) {
    return any(task, from, s -> s.isWindingDown() || s.reasonOrNull() != null);
  }

  static boolean isWindingDown(ScopedTask task) {
    return isWindingDown(task, task.scope());
  }

  /// {@return the earliest deadline of the visible scopes, or null}
  static @Nullable Deadline earliestDeadline(ScopedTask task) {
    var earliest = new @Nullable Deadline[1];
    any(
        task,
        task.scope(),
        s -> {
          earliest[0] = Deadline.earlier(earliest[0], s.deadlineOrNull());
          return false;
        });
    return earliest[0];
  }

  /// {@return the earliest deadline of the scopes that the task itself has entered, or null}
  static @Nullable Deadline earliestOwnDeadline(ScopedTask task) {
    Deadline earliest = null;
    for (ScopeImpl s = task.scope(); s != null; s = s.outer) {
      earliest = Deadline.earlier(earliest, s.deadlineOrNull());
    }
    return earliest;
  }

  /// {@return a deadline as a time of day on the task's clock}
  static Instant instantOf(ScopedTask task, @Nullable Deadline deadline) {
    if (deadline == null) {
      return Instant.MAX;
    }
    Moment now = Moment.of(task);
    return Durations.plus(now.instant(), deadline.at - now.nanos());
  }
}
