package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.nursery.housekeeping.Interrupter;
import dev.greenhouse.nursery.housekeeping.VirtualTime;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The part of a task that the scheduler knows: a thread that takes steps, how it waits, and how
/// interrupts reach it.
// Giving way is what yield is for.
@SuppressWarnings("ThreadPriorityCheck")
public abstract class Fiber extends SteppedThread implements Waiter {
  private static final VarHandle WAITING =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "waiting", VarHandle.class, Fiber.class, Object.class);

  /// So many times a step's end interrupts a cancelled thread that has blocked again, before it is
  /// left to the slower sweeps: some waits ignore interrupts and would spin.
  private static final int IMMEDIATE_INTERRUPTS = 32;

  /// If so many interrupts are on their way, another one is not needed: some of them have not
  /// begun.
  private static final short ENOUGH_SENDERS = 1_000;

  /// Spins before a leaver gives way while somebody is about to interrupt it.
  private static final int SENDER_SPINS = 200;

  /// The fibers of threads that are not carried.
  private static final ThreadLocal<@Nullable Fiber> ADOPTED = new ThreadLocal<>();

  private static final VarHandle AWAKE =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "awake", VarHandle.class, Fiber.class, byte.class);

  private static final byte BUSY = 0; // counted in
  private static final byte QUIET = 1; // counted out: it waits
  private static final byte WOKEN_EARLY = 2; // counted in, and woken before it has begun to wait

  /// Perhaps one of its scopes has a deadline for which no timer is set yet. Carrier or own thread,
  /// never both at once.
  private boolean unarmed;

  /// A hint that something may be cancelled. Set to true by anybody, always before reading the
  /// fiber's scopes; to false by the own thread under the spin word when nothing is. The own thread
  /// reads it after it has changed its scopes.
  private volatile boolean signal;

  /// What the thread waits for in an operation of ours, null if in none: while it is there, the
  /// thread is woken, not interrupted. Own thread only; read anywhere.
  private volatile @Nullable Object waiting;

  /// In virtual time only. BUSY to QUIET: the own thread, before it waits. To BUSY or WOKEN_EARLY:
  /// who wakes it. To BUSY: the own thread, too.
  @SuppressWarnings("UnusedVariable") // accessed by AWAKE
  private volatile byte awake;

  /// Not carried only. True: who wakes it. False: the own thread, after it has waited.
  private volatile boolean woken;

  // Under the spin word.
  private @Nullable Object told; // the cancelled scope that it was interrupted for, or has raised
  private short uninterruptible; // regions in which no interrupt is sent
  private boolean sent; // an interrupt of ours may be in the thread's flag
  private byte immediate; // interrupts sent by steps' ends since the last leave
  private short sending; // interrupts that are being sent now

  /// Makes a fiber that has no thread yet.
  protected Fiber(Scheduler scheduler, boolean carried) {
    super(scheduler, carried);
  }

  // ---- what the upper layer says

  /// {@return the cancelled scope that covers the fiber now, or null. Called under the spin word:
  /// reads only}
  protected abstract @Nullable Object cancelledBy();

  /// Somebody who is none of us interrupted the thread. Runs in the thread.
  protected abstract void interruptedFromOutside();

  /// {@return the exception that tells of a cancellation. Runs in the thread}
  ///
  /// @param by what [#checkCancelled] found; it may be covered by a shield by now. Null to look
  ///   here
  @Override
  public abstract RuntimeException cancellation(@Nullable Object by);

  /// Sets the timers of its own scopes' deadlines. Carrier or own thread.
  protected abstract void armDeadlines();

  /// Cancels those of its own scopes whose deadlines have passed. Any thread.
  public abstract void expireDeadlines();

  /// {@return what `TaskLocal` keeps for this fiber. Any thread; nobody changes the array}
  public abstract @Nullable Object[] locals();

  /// Replaces [#locals] if they are still the expected array. Any thread.
  public abstract boolean replaceLocals(@Nullable Object[] expected, @Nullable Object[] wanted);

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
      runsIn(Thread.currentThread());
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
            beginOwnStep();
            try {
              body.run();
            } finally {
              endOwnStep();
              terminated();
              adopt(false);
            }
          };
      var builder = Thread.ofVirtual();
      t = (name == null ? builder : builder.name(name)).unstarted(adopted);
    }
    runsIn(t);
    return t;
  }

  @Override
  public final TaskState state() {
    if (carried) {
      return switch (step) {
        case IDLE -> TaskState.WAITING;
        case FIRST, FIRST_HERE, QUEUED -> TaskState.RUNNABLE;
        case DONE -> TaskState.ENDED;
        default -> TaskState.RUNNING;
      };
    }
    if (ended) {
      return TaskState.ENDED;
    }
    Thread t = thread;
    return t == null || waiting != null
        ? TaskState.WAITING
        : switch (t.getState()) {
          case NEW, BLOCKED, WAITING, TIMED_WAITING -> TaskState.WAITING;
          case RUNNABLE -> TaskState.RUNNING;
          case TERMINATED -> TaskState.ENDED;
        };
  }

  // ---- waiting, in operations of ours. Own thread, unless said otherwise

  /// From now on the thread is woken when its cancellation comes, and not interrupted.
  @Override
  public final void beginWait(Object what) {
    waiting = what;
  }

  /// The opposite. What was cancelled meanwhile is seen at the next checkpoint, or the step's end.
  @Override
  public final void endWait() {
    WAITING.setRelease(this, null); // a canceller that still sees it wakes us in vain
  }

  /// Waits for [#unpark], perhaps shorter.
  @Override
  public final void park() {
    VirtualTime time = scheduler.virtualTime;
    if (time != null && !countOutForAWait(time)) {
      return; // woken before it waits
    }
    if (!carried) {
      parkBetweenOwnSteps();
    } else if (time == null || (byte) AWAKE.getVolatile(this) == QUIET) {
      LockSupport.park(); // or else a hook of the jump has waited here, and taken the permit
    }
    if (time != null && (byte) AWAKE.getVolatile(this) == QUIET) {
      countInUnwoken(time);
    }
  }

  /// A hook at the step's end may wait in this thread, too, and take the permit of a wake-up that
  /// is meant for the task.
  private void parkBetweenOwnSteps() {
    endOwnStep();
    if (!woken) {
      LockSupport.park();
    }
    woken = false; // before the caller looks again for what it waits for
    beginOwnStep();
  }

  /// Ends or forestalls a [#park]. Any thread.
  @Override
  public final void unpark() {
    VirtualTime time = scheduler.virtualTime;
    if (time != null) {
      countInForAWakeUp(time);
    }
    if (!carried) {
      scheduler.instruments.hooks().taskScheduled(this);
      woken = true;
    }
    LockSupport.unpark(thread);
  }

  private boolean countOutForAWait(VirtualTime time) {
    if (AWAKE.compareAndSet(this, BUSY, QUIET)) {
      time.idle();
      return true;
    }
    AWAKE.setVolatile(this, BUSY);
    return false;
  }

  /// Nobody has woken it: it runs by chance, or by an interrupt. Counted before it can be seen
  /// awake: whoever wakes it then counts nothing, and may be the last that is busy.
  private void countInUnwoken(VirtualTime time) {
    time.busy();
    if (!AWAKE.compareAndSet(this, QUIET, BUSY)) {
      time.idle();
    }
  }

  /// It is counted before it can be seen awake: it may be running already, by chance, and count
  /// itself out again before the one who wakes it comes to counting it in.
  private void countInForAWakeUp(VirtualTime time) {
    while (!AWAKE.compareAndSet(this, BUSY, WOKEN_EARLY)
        && (byte) AWAKE.getVolatile(this) != WOKEN_EARLY) {
      time.busy();
      if (AWAKE.compareAndSet(this, QUIET, BUSY)) {
        return;
      }
      time.idle();
    }
  }

  /// A task of this greenhouse has begun: time waits for it.
  protected final void countIn() {
    VirtualTime time = scheduler.virtualTime;
    if (time != null) {
      time.busy();
    }
  }

  /// It has ended, and those who waited for it have been woken.
  protected final void countOut() {
    VirtualTime time = scheduler.virtualTime;
    if (time != null) {
      time.idle();
    }
  }

  /// Lets others run.
  public final void yieldNow() {
    if (carried) {
      Thread.yield();
    } else {
      scheduler.instruments.hooks().taskScheduled(this);
      endOwnStep();
      Thread.yield();
      beginOwnStep();
    }
  }

  /// Lets others run if this step has done many operations that did not have to wait.
  @Override
  public final void spendBudget() {
    if (--budget < 0) {
      budget = BUDGET;
      yieldNow();
    }
  }

  // ---- cancellation

  /// {@return what the fiber is cancelled by, or null. Takes back an interrupt of ours; one from
  /// outside cancels the task.} Own thread only.
  @Override
  public final @Nullable Object checkCancelled() {
    if (unarmed) {
      armDeadlines();
    }
    if (!signal && !thread().isInterrupted()) {
      return null;
    }
    lockWithoutSenders();
    try {
      boolean outside = !sent;
      if (!takeBackInterrupt() || !outside) {
        Object by = cancelledBy();
        signal = by != null;
        return by;
      }
    } finally {
      unlock();
    }
    interruptedFromOutside();
    return checkCancelled(); // the interrupt of ours that this has sent is taken back
  }

  /// The thread has left a scope, or closed a shield around it: an interrupt that was meant for it
  /// and that nobody consumed is taken back. Own thread only, after the scope was taken off.
  ///
  /// @param left the scope that was left, or null
  public final void afterLeave(@Nullable Object left) {
    if (signal) {
      leave(left);
    }
  }

  private void leave(@Nullable Object left) {
    lockWithoutSenders();
    try {
      if (told == left) {
        told = null;
      }
      if (cancelledBy() == null) {
        signal = false;
        immediate = 0;
        if (sent) {
          takeBackInterrupt();
        }
      }
    } finally {
      unlock();
    }
  }

  /// Under the spin word, without senders. Own thread only. If the interrupt was ours, the task
  /// does not know of its cancellation any more.
  ///
  /// @return whether the flag was on
  private boolean takeBackInterrupt() {
    boolean on = Thread.interrupted();
    if (on && sent) {
      told = null;
    }
    sent = false;
    return on;
  }

  /// The thread goes on where nobody could interrupt it before: behind a shield, an
  /// [#endUninterruptible], a wait of ours, or its start. If it was cancelled meanwhile and was not
  /// told, it interrupts itself. Own thread only.
  @Override
  public final void catchUp() {
    if (signal) {
      tellItself();
    }
  }

  private void tellItself() {
    boolean interrupt = false;
    lockWithoutSenders();
    try {
      Object by = cancelledBy();
      if (by != null && by != told && waiting == null && uninterruptible == 0) {
        told = by;
        interrupt = !Thread.currentThread().isInterrupted();
        sent |= interrupt;
      }
    } finally {
      unlock();
    }
    if (interrupt) {
      Thread.currentThread().interrupt();
    }
  }

  /// The thread is about to throw what tells of its cancellation. Own thread only.
  protected final void raises(Object by) {
    lock();
    told = by;
    unlock();
  }

  /// The fiber is about to be started under something that may be cancelled, or has left a region
  /// that kept cancellation out: this is seen at the next checkpoint, or when the thread blocks.
  public final void lookAgain() {
    signal = true;
  }

  /// From now on the thread is not interrupted when its cancellation comes; one that is in its flag
  /// is taken back. Own thread only.
  public final void beginUninterruptible() {
    lockWithoutSenders();
    try {
      if (sent) {
        takeBackInterrupt();
      }
      uninterruptible++;
    } finally {
      unlock();
    }
  }

  /// The opposite. Own thread only.
  public final void endUninterruptible() {
    lock();
    uninterruptible--;
    unlock();
    catchUp();
  }

  /// Whether one of its scopes has a deadline for which no timer is set yet. Carrier or own thread.
  protected final void setUnarmed(boolean on) {
    unarmed = on;
  }

  /// The task is over: no interrupt of ours is left, and none comes any more but one that is being
  /// sent this moment, which then meets a thread that has nothing left to do. Own thread only.
  protected final void markEnded() {
    if (!signal && carried) { // a thread that is not carried may live on
      ended = true;
      return;
    }
    lockWithoutSenders();
    try {
      ended = true;
      if (sent) {
        takeBackInterrupt();
      }
    } finally {
      unlock();
    }
  }

  /// {@return whether something was cancelled that may cover the fiber}
  protected final boolean hasSignal() {
    return signal;
  }

  /// A scope was cancelled that may cover this fiber. Any thread; holds no spin word.
  public final void deliver() {
    boolean wake = false;
    boolean interrupt = false;
    lock();
    try {
      signal = true;
      Object by = ended ? null : cancelledBy();
      if (by != null) {
        wake = waiting != null;
        interrupt = !wake && beginInterrupt(by);
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

  /// Interrupts the thread again if it is still cancelled and waits for something that is not ours,
  /// or was not told yet. For the housekeeper.
  ///
  /// @param alsoIfItRuns whether one that runs is interrupted, too
  /// @return whether the fiber is still alive
  public final boolean deliverAgain(boolean alsoIfItRuns) {
    boolean blocked = alsoIfItRuns || isBlocked();
    boolean wake = false;
    boolean interrupt = false;
    lock();
    try {
      if (ended) {
        return false;
      }
      boolean missed = !signal; // whoever cancelled ran out of stack before it came here
      signal = true;
      Object by = cancelledBy();
      if (by != null) {
        boolean inOurs = waiting != null;
        wake = inOurs && missed;
        interrupt = !inOurs && (blocked || by != told) && beginInterrupt(by);
      }
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

  @Override
  final void afterStep() {
    if (unarmed) {
      armDeadlines();
    }
    if (signal) {
      interruptAtStepEnd();
    }
  }

  /// Under the spin word. Who closes a channel by its interrupt may hang in that, so there is one
  /// of those at a time.
  ///
  /// @return whether an interrupt is to be sent now
  private boolean beginInterrupt(Object by) {
    if (uninterruptible != 0 || sending >= (maySendHere() ? ENOUGH_SENDERS : 1)) {
      return false;
    }
    sending++;
    told = by;
    return true;
  }

  private boolean maySendHere() {
    Thread t = thread();
    return t == Thread.currentThread()
        || (VirtualThreads.available() && !VirtualThreads.isInChannel(t));
  }

  private void interruptAtStepEnd() {
    lock();
    try {
      if (ended
          || waiting != null
          || immediate >= IMMEDIATE_INTERRUPTS
          || !VirtualThreads.isBlocked(thread())) {
        return;
      }
      Object by = cancelledBy();
      if (by == null || !beginInterrupt(by)) {
        return;
      }
      immediate++;
    } finally {
      unlock();
    }
    sendInterrupt();
  }

  /// {@return what the thread waits for in an operation of ours, or null. Any thread}
  protected final @Nullable Object waitingFor() {
    return waiting;
  }

  /// {@return whether the thread waits in operations of ours}
  protected final boolean isWaiting() {
    return waiting != null;
  }

  /// {@return whether the thread waits in an operation of ours and keeps its carrier meanwhile}
  public final boolean isPinnedWhileItWaits() {
    return waiting != null && isPinned();
  }

  /// {@return whether the thread waits for anything and keeps its carrier meanwhile}
  protected final boolean isPinned() {
    return carried && VirtualThreads.isPinned(thread());
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

  /// After [#beginInterrupt], outside of the spin word, because an interrupt takes the JDK's locks
  /// and can run the close of a channel; that code may be somebody's and block, so another thread
  /// does it then.
  private void sendInterrupt() {
    boolean elsewhere = false;
    try {
      if (maySendHere()) {
        thread().interrupt();
      } else {
        Interrupter.execute(this::sendInterruptHere);
        elsewhere = true;
      }
    } finally {
      if (!elsewhere) {
        interruptSent();
      }
    }
  }

  private void sendInterruptHere() {
    try {
      thread().interrupt();
    } finally {
      interruptSent();
    }
  }

  private void interruptSent() {
    lock();
    sending--;
    sent = true;
    unlock();
  }

  /// Own thread only. While an interrupt is on its way, this thread lets the others run: the sender
  /// may need our carrier.
  private void lockWithoutSenders() {
    lock();
    for (int spins = 0; sending > 0; spins++) {
      unlock();
      if (spins < SENDER_SPINS || !letOthersRun()) {
        Thread.onSpinWait();
      }
      lock();
    }
  }

  /// {@return whether others could run: the JDK can't unmount a thread whose stack is very deep}
  private static boolean letOthersRun() {
    try {
      Thread.yield();
      return true;
    } catch (StackOverflowError deep) {
      return false;
    }
  }
}
