package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import java.io.Serial;

/// Told to whoever joins or starts a task that was cancelled. It is not a [Cancelled], because it
/// is another task that was cancelled and not the one that is told.
public final class TaskCancelledException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private final transient CancelReason reason;

  TaskCancelledException(String task, CancelReason reason) {
    super("Task '%s' was cancelled: %s".formatted(task, reason), reason.cause());
    this.reason = reason;
  }

  /// {@return why the task was cancelled}
  public CancelReason reason() {
    return reason;
  }
}
