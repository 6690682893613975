package dev.greenhouse.nursery;

import java.io.Serial;

/// A system task failed, and the greenhouse's other tasks were cancelled for it. The cause is what
/// it threw.
public final class SystemTaskFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  SystemTaskFailedException(String greenhouse, String task, Throwable cause) {
    super(
        "System task '%s' of greenhouse '%s' failed, so everything there was cancelled: %s"
            .formatted(task, greenhouse, Failures.describe(cause)),
        cause);
  }
}
