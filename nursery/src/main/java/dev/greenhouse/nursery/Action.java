package dev.greenhouse.nursery;

/// The body of a task that has no value. Unlike a `Runnable` it may throw.
@FunctionalInterface
public interface Action {
  /// Does it.
  ///
  /// @throws Exception what it likes; the task fails with it
  void run() throws Exception;
}
