package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.dispatch.Hooks;
import dev.greenhouse.nursery.housekeeping.Guarded;
import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The part of a [Fiber] that is a thread and takes steps.
///
/// A *carried* thread is virtual and has this object for its `Executor`. The JDK hands it the
/// thread's continuation each time the thread may run; the object queues itself, and running it is
/// the step. Threads that are not carried are somebody else's; their steps are only seen where they
/// wait in operations of ours.
///
/// ### The step word
///
/// | state | entered by | leaves to |
/// |---|---|---|
/// | IDLE | at the making; the carrier at a step's end | FIRST or FIRST_HERE: who queues its first step; QUEUED: anybody, by `execute` |
/// | FIRST | see there | RUNNING: the carrier; DONE: who could not queue it for lack of memory or stack |
/// | FIRST_HERE | see there | as FIRST, but all writers are on the same carrier |
/// | QUEUED | see IDLE; the carrier at the end of a step during which it was woken | RUNNING: the carrier; IDLE: who could not queue it for lack of memory or stack |
/// | RUNNING | the carrier | WOKEN: anybody, by `execute`; IDLE or DONE: the carrier |
/// | WOKEN | `execute` during a step | QUEUED or DONE: the carrier |
/// | DONE | the carrier, after the thread has terminated or could not be started; see FIRST | nowhere |
///
/// So steps never overlap, and no queue holds the same thread twice, but for a rescue. `execute` in
/// QUEUED and WOKEN, and in FIRST if the thread was started before, does nothing: the JDK calls it
/// more often than needed, for instance after `Thread.getStackTrace`. That loses no wake-up,
/// because the thread's own state was changed before `execute` read the word, and the carrier
/// changes the word to RUNNING before the continuation reads the thread's state; all four are
/// volatile.
///
/// Two writes need no such order: WOKEN to QUEUED, as `execute` does the same in both, and
/// FIRST_HERE to RUNNING, as nobody else can know of a thread that has not been started.
///
/// ### The thread's start
///
/// A thread is started by who makes it, or, where the scheduler [starts
/// late][Scheduler#startsLate], by its own first step: then it has no continuation yet when it is
/// queued. Either way the JDK calls `execute` once, for the first time, inside of the start.
///
/// There is one for each task, so its fields are counted in bytes.
// Identity of continuations is meant.
@SuppressWarnings("ReferenceEquality")
abstract class SteppedThread extends Guarded implements Executor, TaskView {
  private static final VarHandle STEP =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "step", VarHandle.class, SteppedThread.class, int.class);

  static final int IDLE = 0;
  static final int QUEUED = 1;
  static final int RUNNING = 2;
  static final int WOKEN = 3;
  static final int DONE = 4;
  static final int FIRST = 5; // queued for the first time: it has not run
  static final int FIRST_HERE = 6; // the same, by the carrier that will run it, and not started

  /// So many operations that need not wait are done in a step before the task gives way to others.
  static final byte BUDGET = 127;

  private static final long NO_MEMORY_PAUSE = TimeUnit.MILLISECONDS.toNanos(10);

  final Scheduler scheduler;
  final boolean carried;

  // Set before the start.
  @Nullable Thread thread;
  private long id; // the number of its first thread
  private @Nullable Runnable continuation; // by the first execute, in the thread's own start
  private @Nullable PoolStep poolStep; // on pools, by the first submit

  /// See the table.
  volatile int step;

  // Carrier or own thread, never both at once.
  byte budget; // so many operations that need not wait may still be done in this step

  /// How many steps it has begun, unsigned. Carrier or own thread, never both at once; read
  /// anywhere, and may then be late.
  int steps;

  /// The task is over. Own thread only, under the spin word if interrupts may be on their way.
  boolean ended;

  /// Fibers whose wake-up died of a stack overflow in this one's thread, to be woken at the step's
  /// end. Linked by `nextRescued`, whose end points to itself. Public because there may be no stack
  /// left for a call. Carrier or own thread.
  public @Nullable Fiber rescued;

  /// See [#rescued]; null if in no list.
  public @Nullable Fiber nextRescued;

  SteppedThread(Scheduler scheduler, boolean carried) {
    this.scheduler = scheduler;
    this.carried = carried;
  }

  // ---- what the upper layers say

  /// A step is over, the carrier still has it, and the thread waits or has ended.
  abstract void afterStep();

  /// Starts the thread, by its first step. On the carrier.
  protected abstract void startThread();

  /// That threw. On the carrier; nothing else will be heard of the thread.
  protected abstract void notStarted(Throwable error);

  /// The thread has terminated. Runs on the carrier, after the last step was reported.
  protected abstract void terminated();

  // ---- the thread

  @Override
  public final Thread thread() {
    Thread t = thread;
    if (t == null) {
      throw new AssertionError("a fiber without a thread");
    }
    return t;
  }

  /// Without the flag, a thread that fails to start is made again: its task keeps its id, which
  /// instruments have been told.
  final void runsIn(Thread t) {
    thread = t;
    id = id == 0 ? t.threadId() : id;
  }

  @Override
  public final long id() {
    return id;
  }

  @Override
  public final long steps() {
    return Integer.toUnsignedLong(steps);
  }

  /// {@return the scheduler}
  public final Scheduler scheduler() {
    return scheduler;
  }

  /// {@return whether the steps run on carriers of ours}
  public final boolean isCarried() {
    return carried;
  }

  // ---- steps

  /// A thread that is not carried begins a step. Own thread only.
  protected final void beginOwnStep() {
    budget = BUDGET;
    steps++;
    scheduler.instruments.hooks().beforeOwnStep(this);
  }

  /// The opposite.
  protected final void endOwnStep() {
    scheduler.instruments.hooks().afterOwnStep(this);
  }

  /// Called by the JDK: the continuation may run now.
  @Override
  public final void execute(Runnable continuation) {
    Runnable mine = this.continuation;
    if (mine == continuation) {
      wake();
    } else if (mine == null) {
      start(continuation);
    } else {
      scheduler.foreign(continuation);
    }
  }

  private Fiber self() {
    return (Fiber) this;
  }

  /// The thread's own start: by somebody who has not queued it, or by its first step.
  private void start(Runnable continuation) {
    this.continuation = continuation;
    if (step == IDLE) {
      queueFirstStep();
    }
  }

  /// Queues the first step. If the thread has not been started, the step will do it.
  ///
  /// Nobody else can wake a thread that has not run, so there is no race before the word is
  /// written.
  public final void queueFirstStep() {
    int first = continuation == null && scheduler.isOnItsOnlyCarrier() ? FIRST_HERE : FIRST;
    STEP.setRelease(this, first);
    try {
      scheduler.instruments.hooks().taskScheduled(this);
      scheduler.submit(self());
    } catch (Throwable t) { // out of memory or stack; perhaps after it was queued, and then it runs
      if (STEP.compareAndSet(this, first, DONE)) {
        throw t;
      }
    }
  }

  private void wake() {
    while (true) {
      switch (step) {
        case IDLE -> {
          if (STEP.compareAndSet(this, IDLE, QUEUED)) {
            try {
              scheduler.instruments.hooks().taskScheduled(this);
              scheduler.submit(self());
            } catch (Throwable t) {
              // Out of memory, and the JDK tries again; or out of stack, and the step's end does.
              STEP.compareAndSet(this, QUEUED, IDLE);
              throw t;
            }
            return;
          }
        }
        case RUNNING -> {
          if (STEP.compareAndSet(this, RUNNING, WOKEN)) {
            scheduler.instruments.hooks().taskScheduled(this);
            return;
          }
        }
        default -> {
          return;
        }
      }
    }
  }

  /// Takes one step. On a carrier; never throws.
  final void takeStep() {
    if (!beginStep()) {
      return; // queued twice, by a rescue; or given up by who queued its first step
    }
    Runnable c = continuation != null ? continuation : startedHere();
    if (c == null) {
      return;
    }
    Hooks hooks = scheduler.instruments.hooks();
    try {
      budget = BUDGET;
      steps++;
      if (hooks == Hooks.NONE || !hooks.hasStepHooks()) {
        c.run();
      } else if (VirtualThreads.isRunnable(thread())) { // or else nothing would run
        hooks.beforeTaskStep(this);
        try {
          c.run();
        } finally {
          hooks.afterTaskStep(this);
        }
      }
      afterStep();
      if (rescued != null) {
        rescue();
      }
    } catch (Throwable t) {
      Reports.internalError("a step of task '" + name() + "'", t);
    }
    endStep();
  }

  private boolean beginStep() {
    int queued = step;
    if (queued == FIRST_HERE) {
      STEP.setRelease(this, RUNNING);
      return true;
    }
    return (queued == QUEUED || queued == FIRST) && STEP.compareAndSet(this, queued, RUNNING);
  }

  /// {@return the continuation of the thread, which this has started; null if that failed}
  private @Nullable Runnable startedHere() {
    try {
      startThread();
      if (continuation == null) {
        throw new AssertionError("a thread was started and did not hand over its continuation");
      }
      return continuation;
    } catch (Throwable t) {
      step = DONE;
      try {
        notStarted(t);
      } catch (Throwable more) {
        Reports.internalError("the failed start of task '" + name() + "'", more);
      }
      return null;
    }
  }

  private void endStep() {
    if (ended && VirtualThreads.isTerminated(thread())) {
      STEP.setRelease(this, DONE);
      try {
        terminated();
      } catch (Throwable t) {
        Reports.internalError("the end of task '" + name() + "'", t);
      }
    } else if (step == WOKEN || !STEP.compareAndSet(this, RUNNING, IDLE)) {
      STEP.setRelease(this, QUEUED);
      submitAgain();
    }
  }

  /// The carrier has nobody who would try again if there is no memory for the queue.
  private void submitAgain() {
    while (true) {
      try {
        scheduler.submit(self());
        return;
      } catch (OutOfMemoryError e) {
        LockSupport.parkNanos(NO_MEMORY_PAUSE);
      }
    }
  }

  /// {@return the reusable form of this fiber that a `ForkJoinPool` takes}
  final PoolStep poolStep() {
    PoolStep p = poolStep;
    if (p == null) {
      poolStep = p = new PoolStep(self());
    }
    return p;
  }

  // ---- stack overflows

  /// Wakes those whose wake-up died in this one's thread. The JDK may have set the park permit and
  /// not looked at it, or changed the thread's state and not submitted it. Taking the stack makes
  /// it look again; submitting it twice does no harm.
  private void rescue() {
    for (Fiber f; (f = rescued) != null; ) {
      rescued = f.nextRescued == f ? null : f.nextRescued;
      f.nextRescued = null;
      LockSupport.unpark(f.thread);
      if (f.carried && f.thread().getStackTrace() != null && f.step == QUEUED) {
        f.scheduler.submit(f);
      }
    }
  }
}
