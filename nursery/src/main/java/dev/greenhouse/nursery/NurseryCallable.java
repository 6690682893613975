package dev.greenhouse.nursery;

import org.jspecify.annotations.Nullable;

/// The body of a nursery in its lambda form with a value, [Nursery#call(NurseryCallable)].
///
/// @param <T> the type of the value
@FunctionalInterface
public interface NurseryCallable<T extends @Nullable Object> {
  /// Runs in the task that opens the nursery.
  ///
  /// @param nursery the open nursery
  /// @return the value
  /// @throws Exception what it likes; that cancels the tasks and is reported with their failures
  T call(Nursery nursery) throws Exception;
}
