package dev.greenhouse.nursery;

import java.io.Serial;
import java.util.Objects;

/// A system task failed, and the greenhouse's other tasks were cancelled for it. The cause is what
/// it threw.
public final class SystemTaskFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private SystemTaskFailedException(String message, Throwable cause) {
    super(message, cause);
  }

  SystemTaskFailedException(String greenhouse, String task, Throwable cause) {
    this(
        "System task '%s' of greenhouse '%s' failed, so everything there was cancelled: %s"
            .formatted(task, greenhouse, Failures.describe(cause)),
        cause);
  }

  /// {@return the same, thrown by the current thread}
  SystemTaskFailedException again() {
    return new SystemTaskFailedException(
        Objects.requireNonNull(getMessage()), Objects.requireNonNull(getCause()));
  }
}
