package dev.greenhouse.nursery.scheduler;

import org.jspecify.annotations.Nullable;

/// Who waits in a `Suspension`: a [Fiber], or a thread that is carried by an event loop and belongs
/// to no greenhouse. All but [#unpark] and [#name] is for its own thread.
public interface Waiter {
  /// {@return its name, for texts}
  String name();

  /// From now on it is woken when its cancellation comes, and not interrupted.
  ///
  /// @param what what it waits for: its `toString` says that to whoever looks, on any thread
  void beginWait(Object what);

  /// The opposite.
  void endWait();

  /// The wait has ended by something else than its cancellation, which may have come meanwhile: as
  /// nobody interrupts a thread that runs on, it interrupts itself.
  void catchUp();

  /// Waits for [#unpark], perhaps shorter.
  void park();

  /// Ends or forestalls a [#park]. Any thread.
  void unpark();

  /// {@return what it is cancelled by, or null. Takes note of an interrupt, and clears it}
  @Nullable Object checkCancelled();

  /// {@return the exception that tells of a cancellation}
  ///
  /// @param by what [#checkCancelled] found; null to look here
  RuntimeException cancellation(@Nullable Object by);

  /// Lets others run if it has done many operations that did not have to wait.
  void spendBudget();
}
