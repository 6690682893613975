package dev.greenhouse.instrumentation.log;

import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/// What a [TaskLog] can write of, each with the level it has if nothing else is said.
public enum TaskEvent {
  /// A task was started. At DEBUG.
  SPAWNED(Level.DEBUG),
  /// A task returned. At DEBUG.
  SUCCEEDED(Level.DEBUG),
  /// A task threw. At WARN.
  FAILED(Level.WARN),
  /// A task was cancelled and has ended because of that. At DEBUG.
  CANCELLED(Level.DEBUG),
  /// A scope was cancelled. At INFO.
  CANCEL_REQUESTED(Level.INFO),
  /// Cancellation was raised in a task. At DEBUG.
  CANCEL_DELIVERED(Level.DEBUG),
  /// A nursery was opened. At DEBUG.
  NURSERY_OPENED(Level.DEBUG),
  /// A nursery has closed. At DEBUG.
  NURSERY_CLOSED(Level.DEBUG),
  /// A task may run. Off.
  SCHEDULED(null),
  /// A task begins a step. Off.
  STEP_BEGUN(null),
  /// A task has ended a step. Off.
  STEP_ENDED(null);

  final @Nullable Level usualLevel;

  TaskEvent(@Nullable Level usualLevel) {
    this.usualLevel = usualLevel;
  }

  @SuppressWarnings("EnumOrdinal") // any number will do, as long as it is its own
  int bit() {
    return 1 << ordinal();
  }

  boolean isOfSteps() {
    return switch (this) {
      case SCHEDULED, STEP_BEGUN, STEP_ENDED -> true;
      default -> false;
    };
  }
}
