package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.dispatch.InstrumentSet;
import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.housekeeping.Timer;
import dev.greenhouse.nursery.housekeeping.VirtualTime;
import dev.greenhouse.nursery.time.Clock;
import org.jspecify.annotations.Nullable;

/// Decides when and on which carrier the fibers of one greenhouse take their steps.
///
/// [#submit] and [#foreign] are called by the JDK from inside its own scheduling, on any thread:
/// they never throw, never block, and take no lock that user code can hold.
public abstract class Scheduler {
  /// Whose tasks these are.
  public final GreenhouseView greenhouse;

  /// The clock that deadlines are in.
  public final Clock clock;

  /// The same, if it stands still until somebody moves it.
  public final @Nullable VirtualTime virtualTime;

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
    this.virtualTime = VirtualTime.of(clock);
    this.instruments = instruments;
  }

  /// {@return whether tasks run one at a time}
  public boolean isSingle() {
    return true;
  }

  /// {@return whether a thread is, at this moment, a carrier of these fibers: then what runs on it
  /// is a hook}
  public boolean isCarrier(Thread thread) {
    return false;
  }

  /// {@return how many carriers there are now}
  public int carriers() {
    return 1;
  }

  /// Queues a fiber that has become runnable. It is in no queue yet.
  protected abstract void submit(Fiber fiber);

  /// {@return whether a carried thread is started by its own first step, and not by who makes it}
  ///
  /// That is cheaper: a thread is then in the JDK's set of its scope for as long as it runs, and
  /// not while it is only queued. But [#submit] is then called from a task's thread that may
  /// unmount (the JDK pins a thread while it starts another one), so it must not wait for any lock.
  public boolean startsLate() {
    return false;
  }

  /// {@return whether the current thread is, or is mounted on, the one carrier that takes all
  /// steps}
  boolean isOnItsOnlyCarrier() {
    return false;
  }

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
  public final void set(Timer timer, long deadline) {
    VirtualTime v = virtualTime;
    if (v != null) {
      v.set(timer, deadline);
    } else {
      setReal(timer, deadline);
    }
  }

  /// Sets a timer by a clock that runs.
  void setReal(Timer timer, long deadline) {
    Housekeeper.get().schedule(timer, deadline - clock.nanoTime());
  }

  /// A task that is carried has begun something with a deadline, and will set a timer for it when
  /// it first waits. A step that goes on for long must be looked at until then.
  ///
  /// @return false if nobody looks: the timer must be set at once
  public boolean looksAfterDeadlines() {
    return false;
  }

  /// The first task is about to come: from now on instruments are told when it is idle.
  public void begin() {}

  /// Stops taking steps; every task has ended. Threads that are no tasks go on elsewhere.
  public abstract void close();
}
