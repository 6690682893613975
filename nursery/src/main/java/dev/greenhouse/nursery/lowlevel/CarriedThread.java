package dev.greenhouse.nursery.lowlevel;

import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.housekeeping.Interrupter;
import dev.greenhouse.nursery.housekeeping.Timer;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import dev.greenhouse.nursery.scheduler.StepLoop;
import dev.greenhouse.nursery.scheduler.Waiter;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A virtual thread that an event loop carries, for one [LoopStep], and how interrupts reach it.
///
/// It is the `Executor` of its own thread, as tasks are. It has no word that keeps its parts apart:
/// a [StepLoop] takes one at a time, and the JDK runs nothing if the thread can't go on.
///
/// An interrupt of ours that comes late harms nobody: the thread ends with its step.
// Identity of continuations is meant; giving way is what yield is for.
@SuppressWarnings("ThreadPriorityCheck")
final class CarriedThread implements Executor, Waiter, Runnable {
  /// So many operations that need not wait are done before others run.
  private static final int BUDGET = 127;

  /// So many times a cancelled thread that has blocked again is interrupted at once, before it is
  /// left to the slower sweeps: some waits ignore interrupts and would spin.
  private static final int IMMEDIATE_INTERRUPTS = 32;

  private static final long FIRST_SWEEP = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long SLOWEST_SWEEP = TimeUnit.SECONDS.toNanos(1);

  /// From the sweep on that comes after such a pause, one that runs is interrupted, too: it may
  /// read files, which is not seen to block, or ask for its flag again.
  private static final long BEFORE_RUNNING_ONES = TimeUnit.MILLISECONDS.toNanos(64);

  private final StepLoop loop;
  private final LoopStep step;
  private final Thread thread;
  private @Nullable Runnable continuation; // by the first execute, which is the thread's own start

  /// True while it waits in an operation of ours: then it is woken, not interrupted. Own thread
  /// only; read by who cancels, after it has made the step's cancellation visible, which the own
  /// thread reads after this.
  private volatile boolean waiting;

  private volatile boolean over; // by its carrier, when the thread has terminated

  private int spent; // own thread only
  private int immediate; // carrier only

  CarriedThread(StepLoop loop, LoopStep step, String name) {
    this.loop = loop;
    this.step = step;
    this.thread = VirtualThreads.create(this, name, step::runBody);
  }

  static @Nullable CarriedThread current() {
    Thread t = Thread.currentThread();
    return t.isVirtual()
            && VirtualThreads.available()
            && VirtualThreads.scheduler(t) instanceof CarriedThread c
            && c.thread == t
        ? c
        : null;
  }

  LoopStep step() {
    return step;
  }

  void start() {
    thread.start();
  }

  // ---- by the JDK and the loop

  /// Called by the JDK: the continuation may run now. Those that are not its own belong to threads
  /// that were started inside, and inherited this.
  @Override
  public void execute(Runnable continuation) {
    if (this.continuation == null) {
      this.continuation = continuation;
    }
    loop.offer(this.continuation == continuation ? this : continuation);
  }

  /// By the loop.
  @Override
  public void run() {
    if (over) {
      return;
    }
    Objects.requireNonNull(continuation).run();
    if (VirtualThreads.isTerminated(thread)) {
      over = true;
      step.ended();
    } else if (immediate < IMMEDIATE_INTERRUPTS && isToBeInterrupted(false)) {
      immediate++;
      interrupt();
    }
  }

  // ---- waiting

  @Override
  public String name() {
    return step.taskName();
  }

  @Override
  public void beginWait(Object what) {
    waiting = true;
  }

  @Override
  public void endWait() {
    waiting = false;
  }

  @Override
  public void catchUp() {
    if (step.cancelledBy() != null) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void park() {
    LockSupport.park();
  }

  @Override
  public void unpark() {
    LockSupport.unpark(thread);
  }

  @Override
  public @Nullable Object checkCancelled() {
    Object by = step.cancelledBy();
    if (Thread.interrupted() && by == null) {
      by = step.cancelledBy(); // it may have come with that
      if (by == null) {
        step.interruptedFromOutside();
        by = step.cancelledBy();
      }
    }
    return by;
  }

  @Override
  public RuntimeException cancellation(@Nullable Object by) {
    return step.cancellation();
  }

  @Override
  public void spendBudget() {
    if (++spent > BUDGET) {
      spent = 0;
      Thread.yield();
    }
  }

  // ---- cancelling

  /// The step's cancellation can be seen. Any thread.
  void deliver() {
    if (waiting) {
      unpark();
    } else {
      interrupt();
    }
    new Sweep().begin();
  }

  private boolean isToBeInterrupted(boolean alsoIfItRuns) {
    return !waiting
        && step.cancelledBy() != null
        && (alsoIfItRuns || VirtualThreads.seemsBlocked(thread));
  }

  /// An interrupt can run the close of a channel, which is somebody's code.
  private void interrupt() {
    if (VirtualThreads.isInChannel(thread)) {
      Interrupter.execute(thread::interrupt);
    } else {
      thread.interrupt();
    }
  }

  /// Interrupts again who swallowed that, and who waits without leaving its carrier.
  private final class Sweep extends Timer {
    private long delay = FIRST_SWEEP;

    void begin() {
      Housekeeper.get().schedule(this, delay);
    }

    @Override
    protected void fire() {
      if (over) {
        return;
      }
      if (isToBeInterrupted(delay >= BEFORE_RUNNING_ONES)) {
        interrupt();
      }
      delay = Math.min(2 * delay, SLOWEST_SWEEP);
      begin();
    }

    @Override
    public String toString() {
      return "the sweep of " + name();
    }
  }
}
