package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.dispatch.InstrumentSet;
import dev.greenhouse.nursery.time.Clock;

/// Decides when and on which carrier the fibers of one greenhouse take their steps.
///
/// [#submit] and [#foreign] are called by the JDK from inside its own scheduling, on any thread:
/// they never throw, never block, and take no lock that user code can hold.
public abstract class Scheduler {
  /// Whose tasks these are.
  public final GreenhouseView greenhouse;

  /// The clock that deadlines are in.
  public final Clock clock;

  /// The instruments of the greenhouse.
  public final InstrumentSet instruments;

  /// Whether fibers run on carriers of ours, step by step, and not as the JDK schedules them.
  public final boolean carries;

  /// Makes a scheduler.
  protected Scheduler(
      boolean carries, GreenhouseView greenhouse, Clock clock, InstrumentSet instruments) {
    this.greenhouse = greenhouse;
    this.carries = carries;
    this.clock = clock;
    this.instruments = instruments;
  }

  /// {@return whether tasks run one at a time}
  public boolean isSingle() {
    return true;
  }

  /// {@return how many carriers there are now}
  public int carriers() {
    return 1;
  }

  /// Queues a fiber that has become runnable. It is in no queue yet.
  protected abstract void submit(Fiber fiber);

  /// Queues the continuation of a thread that is no task but inherited its scheduler from one.
  protected abstract void foreign(Runnable continuation);

  /// Runs what was queued: a fiber's step, or a continuation. On a carrier; never throws.
  static void take(Object runnable) {
    if (runnable instanceof Fiber fiber) {
      fiber.takeStep();
      return;
    }
    try {
      ((Runnable) runnable).run();
    } catch (Throwable t) {
      Reports.internalError("a continuation of a thread that is no task", t);
    }
  }

  /// Sets a timer.
  ///
  /// @param timer not set at the moment
  /// @param deadline when, in the nanoseconds of the [#clock]
  public void set(Timer timer, long deadline) {
    Housekeeper.get().schedule(timer, deadline - clock.nanoTime());
  }

  /// Drops a timer. Called by the fiber that set it.
  public final void drop(Timer timer) {
    Timers home = timer.home;
    if (home != null) {
      home.remove(timer);
    }
  }

  /// The first task is about to come: from now on instruments are told when it is idle.
  public void begin() {}

  /// Stops taking steps; every task has ended. Threads that are no tasks go on elsewhere.
  public abstract void close();
}
