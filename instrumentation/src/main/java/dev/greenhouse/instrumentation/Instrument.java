package dev.greenhouse.instrumentation;

/// A listener that is told what the tasks of a greenhouse do.
///
/// Override the hooks you want; a hook that no registered instrument overrides costs nothing. The
/// first nine are
/// [Trio's](https://trio.readthedocs.io/en/stable/reference-lowlevel.html#instrument-api), the
/// others follow them in spirit.
///
/// **Threads.** [#taskEntered] and [#taskLeft] run in the task's own thread. All others run on
/// whatever thread makes the event happen: the carrier of the step, the thread that forks or wakes.
/// On a pool they run concurrently, so an instrument must be thread-safe.
///
/// **A hook must not block, lock, log or fork.** It runs inside the scheduler. A task that is
/// suspended while it holds a lock that a hook wants stops the loop that would resume it. A hook
/// that waits for something else delays the carrier that it runs on, and all that this would run,
/// or the task in whose own thread it runs. Starting a task of the same greenhouse is refused.
///
/// **Errors.** An instrument that throws from any hook is removed and reported once, with its
/// stack, by SLF4J at level ERROR; no call to it begins after that. The tasks go on.
///
/// **Pairs.** Of one task, `beforeTaskStep` and `afterTaskStep` alternate strictly and never
/// overlap, and what a hook call writes is visible to the next call for the same task. An
/// instrument that is added during a step first hears of that task with its next event.
public interface Instrument {
  /// The greenhouse is about to run its first task.
  ///
  /// @param greenhouse the greenhouse
  default void beforeRun(GreenhouseView greenhouse) {}

  /// The greenhouse was closed and its last task has ended.
  ///
  /// @param greenhouse the greenhouse
  default void afterRun(GreenhouseView greenhouse) {}

  /// A task was created and is about to be started. Runs on the thread that forks it.
  ///
  /// @param task the new task
  default void taskSpawned(TaskView task) {}

  /// A task may run: it was forked, woken, or has given way to others. Within a step, this comes
  /// before the step's end.
  ///
  /// @param task the task
  default void taskScheduled(TaskView task) {}

  /// A task is about to run on the current thread.
  ///
  /// @param task the task
  default void beforeTaskStep(TaskView task) {}

  /// A task has stopped running: it waits, gave way to others or has ended.
  ///
  /// @param task the task
  default void afterTaskStep(TaskView task) {}

  /// A task has ended. Runs within its last step; there is none if its thread could not be started.
  ///
  /// @param task the task
  /// @param outcome how it ended
  default void taskExited(TaskView task, Outcome<?> outcome) {}

  /// A loop has nothing to run and is about to wait. Pools report no idle times.
  ///
  /// @param greenhouse the greenhouse of the loop
  /// @param timeoutNanos the nanoseconds until the next deadline, `Long.MAX_VALUE` if there is none
  default void beforeIdle(GreenhouseView greenhouse, long timeoutNanos) {}

  /// A loop has waited and goes on.
  ///
  /// @param greenhouse the greenhouse of the loop
  default void afterIdle(GreenhouseView greenhouse) {}

  /// A nursery was opened. Runs on its owner's thread.
  ///
  /// @param nursery the nursery
  default void nurseryOpened(NurseryView nursery) {}

  /// A nursery has closed: all its tasks have ended. Runs on its owner's thread.
  ///
  /// @param nursery the nursery
  default void nurseryClosed(NurseryView nursery) {}

  /// Somebody has cancelled a scope. Runs on that thread, once for each scope, before anybody is
  /// told.
  ///
  /// @param owner the task that opened the scope
  /// @param scope the scope's name
  /// @param reason why it was cancelled
  default void cancelRequested(TaskView owner, String scope, CancelReason reason) {}

  /// Cancellation is raised in a task at one of Greenhouse's own checkpoints. Runs in the task's
  /// own thread.
  ///
  /// @param task the task
  /// @param reason why it is cancelled
  default void cancelDelivered(TaskView task, CancelReason reason) {}

  /// A task begins. Runs in the task's own thread, before its body.
  ///
  /// @param task the task
  default void taskEntered(TaskView task) {}

  /// A task's body has ended. Runs in the task's own thread.
  ///
  /// @param task the task
  default void taskLeft(TaskView task) {}
}
