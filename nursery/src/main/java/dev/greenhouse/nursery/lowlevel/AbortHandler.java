package dev.greenhouse.nursery.lowlevel;

/// Decides what happens to a [Suspension] whose task is cancelled while it waits.
@FunctionalInterface
public interface AbortHandler {
  /// The waiting task was cancelled. Runs in that task, so [dev.greenhouse.nursery.Task#current]
  /// works; it must not wait. It is called once for each wait. What it throws comes out of the
  /// wait.
  ///
  /// @return true if the operation is off: the wait ends with the cancellation. False if it can't
  ///   be taken back: the wait goes on until the suspension is resumed, and cancellation is raised
  ///   at the next checkpoint, or by [Suspension#resumeCancelled]
  boolean abort();
}
