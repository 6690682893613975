package dev.greenhouse.nursery;

/// What runs in a cancel scope, knows it and has a value, [CancelScope#call(ScopeCallable)].
///
/// @param <T> the type of the value
/// @param <X> what it may throw
@FunctionalInterface
public interface ScopeCallable<T, X extends Throwable> {
  /// Runs in the task that entered the scope.
  ///
  /// @param scope the scope
  /// @return the value, not null
  /// @throws X if it fails
  T call(CancelScope scope) throws X;
}
