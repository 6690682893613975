package dev.greenhouse.nursery;

/// An operation without a value whose checked exception keeps its type: the void twin of
/// `ScopedValue.CallableOp`.
///
/// @param <X> what it may throw
@FunctionalInterface
public interface VoidOp<X extends Throwable> {
  /// Does it.
  ///
  /// @throws X if it fails
  void run() throws X;
}
