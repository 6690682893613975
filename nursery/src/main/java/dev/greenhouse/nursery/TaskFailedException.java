package dev.greenhouse.nursery;

import java.io.Serial;

/// Told to whoever joins a task that failed. The cause is what the task threw.
public final class TaskFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  TaskFailedException(String task, Throwable cause) {
    super("Task '%s' failed: %s".formatted(task, Failures.describe(cause)), cause);
  }
}
