package dev.greenhouse.nursery;

import java.io.Serial;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Something in a nursery failed. The first failure is the cause, the others are suppressed, in the
/// order in which they came.
///
/// When a task fails while the body of a `try (var nursery = Nursery.open())` waits in an operation
/// of Greenhouse, the body leaves by one of these, and `close()` throws another one, which Java
/// attaches to the first as suppressed; both have the same [#failures()].
public final class NurseryFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private final transient Failures failures;
  private final transient List<Throwable> now;

  /// The nursery whose body is told, if this is no exception of `close()`.
  private final transient @Nullable NurseryImpl bodyOf;

  NurseryFailedException(
      String nursery, Failures failures, List<Throwable> now, @Nullable NurseryImpl bodyOf) {
    super(
        "Nursery '%s' failed: %s".formatted(nursery, summary(failures.beyond(), now)),
        now.getFirst());
    this.failures = failures;
    this.now = now;
    this.bodyOf = bodyOf;
    now.stream().skip(1).forEach(this::addSuppressed);
  }

  private static String summary(int beyond, List<Throwable> now) {
    String first = Failures.describe(now.getFirst());
    int count = now.size() + beyond;
    if (count == 1) {
      return first;
    }
    String kept = beyond > 0 ? ", of which the first %d are kept".formatted(now.size()) : "";
    return "%d failures%s, first: %s".formatted(count, kept, first);
  }

  /// {@return all failures of the nursery up to now, in the order in which they came; of a
  /// supervised one those that nobody had observed when this was thrown}
  public List<Throwable> failures() {
    return failures.isSupervised() ? now : failures.snapshot();
  }

  /// {@return the nursery whose body is told by this that it is cancelled, or null}
  @Nullable NurseryImpl bodyOf() {
    return bodyOf;
  }
}
