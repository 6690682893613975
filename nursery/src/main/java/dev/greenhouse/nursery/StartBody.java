package dev.greenhouse.nursery;

import org.jspecify.annotations.Nullable;

/// The body of a task that tells its starter when it is ready, [Nursery#start(StartBody)].
///
/// @param <T> the type of what it tells
/// @param <X> what it may throw
@FunctionalInterface
public interface StartBody<T extends @Nullable Object, X extends Throwable> {
  /// Runs in the new task.
  ///
  /// @param status to be told once, when the task is ready
  /// @throws X if it fails; before it is ready, that comes out of `start`
  void run(StartStatus<T> status) throws X;
}
