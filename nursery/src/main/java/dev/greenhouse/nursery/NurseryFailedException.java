package dev.greenhouse.nursery;

import java.io.Serial;
import java.util.List;

/// Something in a nursery failed. The first failure is the cause, the others are suppressed, in the
/// order in which they came.
///
/// When a task fails while the body of a `try (var nursery = Nursery.open())` waits in an operation
/// of Greenhouse, the body leaves by one of these, and `close()` throws another one, which Java
/// attaches to the first as suppressed; both have the same [#failures()].
public final class NurseryFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private final transient Failures failures;

  NurseryFailedException(String nursery, Failures failures, List<Throwable> now) {
    super("Nursery '%s' failed: %s".formatted(nursery, summary(failures, now)), now.getFirst());
    this.failures = failures;
    now.stream().skip(1).forEach(this::addSuppressed);
  }

  private static String summary(Failures failures, List<Throwable> now) {
    int count = failures.count();
    if (count == 1) {
      return Failures.describe(now.getFirst());
    }
    String kept =
        count > now.size() ? ", of which the first %d are kept".formatted(now.size()) : "";
    return "%d failures%s, first: %s".formatted(count, kept, Failures.describe(now.getFirst()));
  }

  /// {@return all failures of the nursery up to now, in the order in which they came}
  public List<Throwable> failures() {
    return failures.snapshot();
  }
}
