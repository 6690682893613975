package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.dispatch.Hooks;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The part of a task that the scheduler knows: a thread, its steps, and how interrupts reach it.
///
/// A *carried* fiber is itself the `Executor` of its virtual thread. The JDK hands it the thread's
/// continuation each time the thread may run; the fiber queues itself, and running it is the step.
/// Fibers that are not carried are threads of somebody else; their steps are only seen where they
/// wait in operations of ours.
///
/// ### The step word
///
/// | state | entered by | leaves to |
/// |---|---|---|
/// | IDLE | the carrier at a step's end | QUEUED: anybody, by `execute` |
/// | QUEUED | `execute`; the carrier at the end of a step during which it was woken | RUNNING: the carrier; IDLE: who could not queue it for lack of memory or stack |
/// | RUNNING | the carrier | WOKEN: anybody, by `execute`; IDLE or DONE: the carrier |
/// | WOKEN | `execute` during a step | QUEUED or DONE: the carrier |
/// | DONE | the carrier, after the thread has terminated | nowhere |
///
/// So steps of a fiber never overlap, and no queue holds it twice, but for a rescue. `execute` in
/// QUEUED and WOKEN does nothing: the JDK calls it more often than needed, for instance after
/// `Thread.getStackTrace`. That loses no wake-up, because the thread's own state was changed before
/// `execute` read the word, and the carrier changes the word before the continuation reads the
/// thread's state; all four are volatile.
// Identity of continuations is meant, and giving way is what yield is for.
@SuppressWarnings({"ReferenceEquality", "ThreadPriorityCheck"})
public abstract class Fiber extends Guarded implements Executor, TaskView {
  private static final VarHandle STEP =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "step", VarHandle.class, Fiber.class, int.class);

  private static final VarHandle WAITING =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "waiting", VarHandle.class, Fiber.class, boolean.class);

  private static final int IDLE = 0;
  private static final int QUEUED = 1;
  private static final int RUNNING = 2;
  private static final int WOKEN = 3;
  private static final int DONE = 4;

  /// So many operations that need not wait are done in a step before the task gives way to others.
  private static final int BUDGET = 128;

  /// So many times a step's end interrupts a cancelled thread that has blocked again, before it is
  /// left to the slower sweeps: some waits ignore interrupts and would spin.
  private static final int IMMEDIATE_INTERRUPTS = 32;

  /// Spins before a leaver gives way while somebody is about to interrupt it.
  private static final int SENDER_SPINS = 200;

  private static final long NO_MEMORY_PAUSE = TimeUnit.MILLISECONDS.toNanos(10);

  /// The fibers of threads that are not carried.
  private static final ThreadLocal<@Nullable Fiber> ADOPTED = new ThreadLocal<>();

  private final Scheduler scheduler;
  private final boolean carried;

  // Set once, before the start.
  private @Nullable Thread thread;
  private @Nullable Runnable continuation; // by the first execute, which is the thread's own start
  private @Nullable PoolStep poolStep; // on pools, by the first submit

  // See the table.
  private volatile int step;

  // Carrier or own thread, never both at once.
  private boolean begun; // the first step was taken
  private int budget;

  /// Fibers whose wake-up died of a stack overflow in this one's thread, to be woken at the step's
  /// end. Linked by `nextRescued`, whose end points to itself. Public because there may be no stack
  /// left for a call. Carrier or own thread.
  public @Nullable Fiber rescued;

  /// See [#rescued]; null if in no list.
  public @Nullable Fiber nextRescued;

  /// A hint that something may be cancelled. Set to true by anybody, always before reading the
  /// fiber's scopes; to false by the own thread under the spin word when nothing is. The own thread
  /// reads it after it has changed its scopes.
  private volatile boolean signal;

  /// True while the thread waits in an operation of ours: then it is woken, not interrupted. Own
  /// thread only; read anywhere.
  private volatile boolean waiting;

  // Under the spin word.
  private boolean sent; // an interrupt of ours may be in the thread's flag
  private int sending; // interrupts that are being sent now
  private int immediate; // interrupts sent by steps' ends since the last leave
  private boolean ended; // the task is over: no more interrupts. Own thread writes

  /// Makes a fiber that has no thread yet.
  protected Fiber(Scheduler scheduler, boolean carried) {
    this.scheduler = scheduler;
    this.carried = carried;
  }

  // ---- what the upper layer says

  /// {@return whether a cancelled scope covers the fiber now. Called under the spin word: reads
  /// only}
  protected abstract boolean isCancelled();

  /// Somebody who is none of us interrupted the thread. Runs in the thread.
  protected abstract void interruptedFromOutside();

  /// {@return the exception that tells of the fiber's cancellation. Runs in the thread}
  public abstract RuntimeException cancellation();

  /// The thread has terminated. Runs on the carrier, after the last step was reported.
  protected abstract void terminated();

  // ---- the current one

  /// {@return the fiber that the current thread is the thread of, or null}
  public static @Nullable Fiber current() {
    Thread t = Thread.currentThread();
    if (VirtualThreads.available()
        && t.isVirtual()
        && VirtualThreads.scheduler(t) instanceof Fiber f
        && f.thread == t) {
      return f;
    }
    return ADOPTED.get();
  }

  /// {@return the fiber that the current thread inherited its scheduler from, or null}
  public static @Nullable Fiber carrying() {
    Thread t = Thread.currentThread();
    return VirtualThreads.available()
            && t.isVirtual()
            && VirtualThreads.scheduler(t) instanceof Fiber f
        ? f
        : null;
  }

  /// Makes this the fiber of the current thread, which is not carried, or of none.
  protected final void adopt(boolean on) {
    if (on) {
      thread = Thread.currentThread();
      ADOPTED.set(this);
    } else {
      ADOPTED.remove();
    }
  }

  // ---- the thread

  /// {@return a new thread for a fiber that has none; carried fibers start it by `TaskScope.start`
  /// or `start`}
  protected final Thread createThread(@Nullable String name, Runnable body) {
    Thread t;
    if (carried) {
      t = VirtualThreads.create(this, name, body);
    } else {
      Runnable adopted =
          () -> {
            adopt(true);
            scheduler.instruments.hooks().beforeTaskStep(this);
            try {
              body.run();
            } finally {
              scheduler.instruments.hooks().afterTaskStep(this);
              terminated();
              adopt(false);
            }
          };
      var builder = Thread.ofVirtual();
      t = (name == null ? builder : builder.name(name)).unstarted(adopted);
    }
    thread = t;
    return t;
  }

  @Override
  public final Thread thread() {
    Thread t = thread;
    if (t == null) {
      throw new AssertionError("a fiber without a thread");
    }
    return t;
  }

  /// {@return the scheduler}
  public final Scheduler scheduler() {
    return scheduler;
  }

  /// {@return whether the steps of this fiber run on carriers of ours}
  public final boolean isCarried() {
    return carried;
  }

  @Override
  public final TaskState state() {
    if (carried) {
      return switch (step) {
        case IDLE -> TaskState.WAITING;
        case QUEUED -> TaskState.RUNNABLE;
        case DONE -> TaskState.ENDED;
        default -> TaskState.RUNNING;
      };
    }
    if (ended) {
      return TaskState.ENDED;
    }
    Thread t = thread;
    return t == null || waiting
        ? TaskState.WAITING
        : switch (t.getState()) {
          case NEW, BLOCKED, WAITING, TIMED_WAITING -> TaskState.WAITING;
          case RUNNABLE -> TaskState.RUNNING;
          case TERMINATED -> TaskState.ENDED;
        };
  }

  // ---- steps

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

  /// The thread's own start. Nobody else can wake a thread that has not run, so until its first
  /// step there is no race, and the word is written without one.
  private void start(Runnable continuation) {
    this.continuation = continuation;
    STEP.setRelease(this, QUEUED);
    scheduler.instruments.hooks().taskScheduled(this);
    scheduler.submit(this);
  }

  private void wake() {
    while (true) {
      switch (step) {
        case IDLE -> {
          if (STEP.compareAndSet(this, IDLE, QUEUED)) {
            try {
              scheduler.instruments.hooks().taskScheduled(this);
              scheduler.submit(this);
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
    if (!begun) {
      begun = true;
      STEP.setRelease(this, RUNNING); // no race before the first step: see start
    } else if (!STEP.compareAndSet(this, QUEUED, RUNNING)) {
      return; // queued twice, by a rescue
    }
    Runnable c = continuation;
    Hooks hooks = scheduler.instruments.hooks();
    try {
      if (c == null) {
        throw new AssertionError("a fiber was queued before it was started");
      }
      budget = BUDGET;
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
      if (signal) {
        interruptAtStepEnd();
      }
      if (rescued != null) {
        rescue();
      }
    } catch (Throwable t) {
      Reports.internalError("a step of task '" + name() + "'", t);
    }
    endStep();
  }

  private void endStep() {
    if (ended && VirtualThreads.isTerminated(thread())) {
      STEP.setRelease(this, DONE);
      try {
        terminated();
      } catch (Throwable t) {
        Reports.internalError("the end of task '" + name() + "'", t);
      }
    } else if (!STEP.compareAndSet(this, RUNNING, IDLE)) {
      step = QUEUED;
      submitAgain();
    }
  }

  /// The carrier has nobody who would try again if there is no memory for the queue.
  private void submitAgain() {
    while (true) {
      try {
        scheduler.submit(this);
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
      poolStep = p = new PoolStep(this);
    }
    return p;
  }

  // ---- waiting, in operations of ours. Own thread, unless said otherwise

  /// From now on the thread is woken when its cancellation comes, and not interrupted.
  public final void beginWait() {
    waiting = true;
  }

  /// The opposite. What was cancelled meanwhile is seen at the next checkpoint, or the step's end.
  public final void endWait() {
    WAITING.setRelease(this, false); // a canceller that still sees true wakes us in vain
  }

  /// Waits for [#unpark], perhaps shorter.
  public final void park() {
    if (carried) {
      LockSupport.park();
    } else {
      scheduler.instruments.hooks().afterTaskStep(this);
      LockSupport.park();
      scheduler.instruments.hooks().beforeTaskStep(this);
    }
  }

  /// Ends or forestalls a [#park]. Any thread.
  public final void unpark() {
    if (!carried) {
      scheduler.instruments.hooks().taskScheduled(this);
    }
    LockSupport.unpark(thread);
  }

  /// Lets others run.
  public final void yieldNow() {
    if (carried) {
      Thread.yield();
    } else {
      Hooks hooks = scheduler.instruments.hooks();
      hooks.taskScheduled(this);
      hooks.afterTaskStep(this);
      Thread.yield();
      hooks.beforeTaskStep(this);
    }
  }

  /// Lets others run if this step has done many operations that did not have to wait.
  public final void spendBudget() {
    if (--budget < 0) {
      budget = BUDGET;
      yieldNow();
    }
  }

  // ---- cancellation

  /// {@return whether the fiber is cancelled. Takes back an interrupt of ours; one from outside
  /// cancels the task.} Own thread only.
  public final boolean checkCancelled() {
    if (!signal && !thread().isInterrupted()) {
      return false;
    }
    lockWithoutSenders();
    try {
      boolean outside = Thread.interrupted() && !sent;
      sent = false;
      if (!outside) {
        boolean cancelled = isCancelled();
        signal = cancelled;
        return cancelled;
      }
    } finally {
      unlock();
    }
    interruptedFromOutside();
    return isCancelled();
  }

  /// The thread has left a scope: an interrupt that was meant for it and that nobody consumed is
  /// taken back. Own thread only, after the scope was taken off.
  public final void afterLeave() {
    if (signal) {
      leave();
    }
  }

  private void leave() {
    lockWithoutSenders();
    try {
      if (!isCancelled()) {
        signal = false;
        immediate = 0;
        if (sent) {
          sent = false;
          Thread.interrupted();
        }
      }
    } finally {
      unlock();
    }
  }

  /// The task is over: no interrupt of ours is left, and none comes any more but one that is being
  /// sent this moment, which then meets a thread that has nothing left to do. Own thread only.
  protected final void markEnded() {
    if (!signal) {
      ended = true;
      return;
    }
    lockWithoutSenders();
    try {
      ended = true;
      if (sent) {
        sent = false;
        Thread.interrupted();
      }
    } finally {
      unlock();
    }
  }

  /// {@return whether something was cancelled that may cover the fiber}
  protected final boolean hasSignal() {
    return signal;
  }

  /// The fiber is about to be started under something that may be cancelled.
  protected final void presetSignal() {
    signal = true;
  }

  /// A scope was cancelled that may cover this fiber. Any thread; holds no spin word.
  public final void deliver() {
    boolean wake = false;
    boolean interrupt = false;
    lock();
    try {
      signal = true;
      if (!ended && isCancelled()) {
        wake = waiting;
        interrupt = !wake;
        sending += interrupt ? 1 : 0;
      }
    } finally {
      unlock();
    }
    if (wake) {
      unpark();
    } else if (interrupt) {
      sendInterrupt();
    }
  }

  /// Interrupts the thread again if it is still cancelled and waits for something that is not ours.
  /// For the housekeeper.
  ///
  /// @return whether the fiber is still alive and cancelled
  public final boolean deliverAgain() {
    boolean blocked = isBlocked();
    boolean wake;
    boolean interrupt;
    lock();
    try {
      boolean missed = !signal; // whoever cancelled ran out of stack before it came here
      signal = true;
      if (ended || !isCancelled()) {
        return false;
      }
      wake = waiting && missed;
      interrupt = !waiting && blocked;
      sending += interrupt ? 1 : 0;
    } finally {
      unlock();
    }
    if (wake) {
      unpark();
    } else if (interrupt) {
      sendInterrupt();
    }
    return true;
  }

  private void interruptAtStepEnd() {
    lock();
    try {
      if (ended
          || waiting
          || immediate >= IMMEDIATE_INTERRUPTS
          || !VirtualThreads.isBlocked(thread())
          || !isCancelled()) {
        return;
      }
      immediate++;
      sending++;
    } finally {
      unlock();
    }
    sendInterrupt();
  }

  /// {@return whether the thread waits in operations of ours}
  protected final boolean isWaiting() {
    return waiting;
  }

  /// {@return whether the thread waits for anything that an interrupt may end}
  protected final boolean isBlocked() {
    Thread t = thread();
    if (VirtualThreads.available() && t.isVirtual()) {
      return VirtualThreads.seemsBlocked(t);
    }
    return switch (t.getState()) {
      case WAITING, TIMED_WAITING -> true;
      default -> false;
    };
  }

  /// `sending` was raised. Outside of the spin word, because an interrupt takes the JDK's locks and
  /// can run the close of a channel; that code may be somebody's and block, so it gets a thread of
  /// its own.
  private void sendInterrupt() {
    if (VirtualThreads.available() && !VirtualThreads.isInChannel(thread())) {
      interruptNow();
    } else {
      Worker.INTERRUPTER.execute(this::interruptNow);
    }
  }

  private void interruptNow() {
    try {
      thread().interrupt();
    } finally {
      lock();
      sending--;
      sent = true;
      unlock();
    }
  }

  /// Own thread only. While an interrupt is on its way, this thread lets the others run: the sender
  /// may need our carrier.
  private void lockWithoutSenders() {
    lock();
    for (int spins = 0; sending > 0; spins++) {
      unlock();
      if (spins < SENDER_SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
      lock();
    }
  }

  // ---- stack overflows

  /// Wakes those whose wake-up died in this fiber's thread. The JDK may have set the park permit
  /// and not looked at it, or changed the thread's state and not submitted it. Taking the stack
  /// makes it look again; submitting it twice does no harm.
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
