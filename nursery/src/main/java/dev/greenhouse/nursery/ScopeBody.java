package dev.greenhouse.nursery;

/// What runs in a cancel scope and knows it, [CancelScope#run(ScopeBody)].
///
/// @param <X> what it may throw
@FunctionalInterface
public interface ScopeBody<X extends Throwable> {
  /// Runs in the task that entered the scope.
  ///
  /// @param scope the scope
  /// @throws X if it fails
  void run(CancelScope scope) throws X;
}
