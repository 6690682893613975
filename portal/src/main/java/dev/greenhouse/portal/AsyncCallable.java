package dev.greenhouse.portal;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// Starts an asynchronous operation.
///
/// @param <T> the type of its value
@FunctionalInterface
public interface AsyncCallable<T extends @Nullable Object> {
  /// Starts it.
  ///
  /// @return what completes when it is done, not null
  /// @throws Exception if it can't be started
  CompletionStage<T> call() throws Exception;
}
