package dev.greenhouse.instrumentation;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How a task ended.
///
/// @param <T> the type of the task's value
public sealed interface Outcome<T extends @Nullable Object> {
  /// The task returned.
  ///
  /// @param <T> the type of the value
  /// @param value what it returned
  record Succeeded<T extends @Nullable Object>(T value) implements Outcome<T> {}

  /// The task threw.
  ///
  /// @param <T> the type of the value that it did not return
  /// @param exception what it threw
  record Failed<T extends @Nullable Object>(Throwable exception) implements Outcome<T> {
    /// Makes an outcome.
    public Failed {
      Objects.requireNonNull(exception, "exception");
    }
  }

  /// The task was cancelled and ended because of that.
  ///
  /// @param <T> the type of the value that it did not return
  /// @param reason why it was cancelled
  record WasCancelled<T extends @Nullable Object>(CancelReason reason) implements Outcome<T> {
    /// Makes an outcome.
    public WasCancelled {
      Objects.requireNonNull(reason, "reason");
    }
  }
}
