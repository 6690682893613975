package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.dispatch.InstrumentSet;
import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.housekeeping.Timer;
import dev.greenhouse.nursery.housekeeping.TimerQueue;
import dev.greenhouse.nursery.housekeeping.Timers;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import dev.greenhouse.nursery.time.Clock;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/// One carrier thread of its own that runs tasks one at a time. With nothing to do it parks.
///
/// What its own tasks make runnable goes straight into the run queue; what other threads make
/// runnable goes through the inbox. Sleeping and waking: the carrier writes `asleep` and then looks
/// into the inbox; the others write the inbox and then read `asleep`.
public final class Loop extends Scheduler {
  private static final VarHandle RUNNING =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "running", VarHandle.class, Loop.class, Object.class);

  /// Room for the stacks of deeply nested tasks: a virtual thread's stack lies on its carrier's
  /// while it runs.
  static final long STACK_BYTES = 16L << 20;

  private static final VarHandle WATCHED =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "watched", VarHandle.class, Loop.class, boolean.class);

  private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(10);

  /// So late a timer is fired by the housekeeper.
  private static final long LATE = TimeUnit.MILLISECONDS.toNanos(2);

  /// Steps between two looks at inbox and timers while there is other work.
  private static final int LOOK_MASK = 31;

  private final Thread carrier;

  private final RunQueue queue; // carrier only
  private final TimerQueue alarms = new TimerQueue();
  private final Timers timers = new LoopTimers();

  /// What the carrier runs or ran last, for the watch: a hint. Carrier writes.
  @SuppressWarnings("UnusedVariable") // accessed by RUNNING
  private @Nullable Object running;

  private final MpscUnboundedAtomicArrayQueue<Object> inbox =
      new MpscUnboundedAtomicArrayQueue<>(128);
  private volatile boolean asleep; // written by the carrier and by who wakes it
  private volatile boolean begun; // set once by begin
  private volatile boolean closed; // set once by close
  private volatile boolean
      gone; // set once by the carrier, before it empties the queues for the last time
  private final AtomicBoolean draining =
      new AtomicBoolean(); // who empties the inbox when the carrier is gone

  private final Watch watch = new Watch();

  /// True while the housekeeper looks. The watch writes false and then reads `asleep`; the carrier
  /// writes `asleep` and then reads this; who sets a timer writes that first.
  private volatile boolean watched;

  private Loop(GreenhouseView greenhouse, Clock clock, InstrumentSet instruments, RunQueue queue) {
    super(true, greenhouse, clock, instruments);
    this.queue = queue;
    this.carrier =
        Thread.ofPlatform()
            .daemon()
            .inheritInheritableThreadLocals(false)
            .stackSize(STACK_BYTES)
            .name("greenhouse-loop-" + greenhouse.name())
            .unstarted(this::runLoop);
  }

  /// {@return a loop that runs tasks in the order in which they became runnable}
  public static Loop start(GreenhouseView greenhouse, Clock clock, InstrumentSet instruments) {
    return started(new Loop(greenhouse, clock, instruments, new RunQueue.Fifo()));
  }

  /// {@return a loop that picks the next task by a seed}
  public static Loop startSeeded(
      GreenhouseView greenhouse, Clock clock, InstrumentSet instruments, long seed) {
    return started(new Loop(greenhouse, clock, instruments, new RunQueue.Seeded(seed)));
  }

  private static Loop started(Loop loop) {
    loop.carrier.start();
    return loop;
  }

  // ---- from any thread

  @Override
  public boolean isCarrier(Thread thread) {
    return thread == carrier;
  }

  /// Run queue and inbox have no locks.
  @Override
  public boolean startsLate() {
    return true;
  }

  @Override
  protected void submit(Fiber fiber) {
    offer(fiber);
  }

  @Override
  protected void foreign(Runnable continuation) {
    offer(continuation);
  }

  @Override
  boolean isOnItsOnlyCarrier() {
    return VirtualThreads.currentCarrier() == carrier && !gone;
  }

  private void offer(Object runnable) {
    if (isOnItsOnlyCarrier()) {
      queue.add(runnable);
      return;
    }
    inbox.offer(runnable);
    wakeCarrier();
    if (gone) {
      moveInboxToPool();
    }
  }

  @Override
  public void begin() {
    begun = true;
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(carrier);
    if (VirtualThreads.currentCarrier() != carrier) {
      awaitGone();
    }
  }

  private void awaitGone() {
    boolean interrupted = false;
    while (carrier.isAlive()) {
      try {
        carrier.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// {@return the carrier, for whoever looks for stalls}
  public Thread carrier() {
    return carrier;
  }

  private void wakeCarrier() {
    if (asleep) {
      asleep = false;
      LockSupport.unpark(carrier);
    }
  }

  // ---- timers, from any thread

  @Override
  void setReal(Timer timer, long deadline) {
    timers.set(timer, deadline);
  }

  @Override
  public boolean looksAfterDeadlines() {
    if (!watched) {
      watch.start();
    }
    return true;
  }

  private final class LoopTimers implements Timers {
    @Override
    public void insert(Timer timer, long deadline) {
      if (alarms.insert(timer, deadline)) {
        wakeCarrier();
      }
      watch.start();
    }

    @Override
    public void remove(Timer timer) {
      alarms.remove(timer);
    }
  }

  /// The housekeeper's look at a loop that is awake: a step that goes on and on keeps the carrier
  /// from firing timers, and the task in it from setting its own.
  private final class Watch extends Timer {
    void start() {
      if (!watched && WATCHED.compareAndSet(Loop.this, false, true)) {
        Housekeeper.get().schedule(this, LOOK);
      }
    }

    @Override
    protected void fire() {
      if (gone) {
        return;
      }
      if (!asleep) {
        try {
          look();
        } finally { // the clock is somebody's, and may throw
          Housekeeper.get().schedule(this, LOOK);
        }
        return;
      }
      watched = false;
      if (!asleep) {
        start();
      }
    }

    private void look() {
      alarms.fireDue(clock.nanoTime() - LATE);
      if (RUNNING.getOpaque(Loop.this) instanceof Fiber fiber) {
        fiber.expireDeadlines();
      }
    }

    @Override
    public String toString() {
      return "the watch of the loop of greenhouse '" + greenhouse.name() + "'";
    }
  }

  // ---- the carrier

  private void runLoop() {
    while (true) {
      try {
        runUntilClosed();
        break;
      } catch (Throwable t) { // out of memory, say: the tasks still need a carrier
        Reports.internalError("the loop of greenhouse '" + greenhouse.name() + "'", t);
      }
    }
    gone = true;
    for (Object o; (o = queue.poll()) != null; ) {
      Pool.shared().take(o);
    }
    moveInboxToPool();
  }

  private void runUntilClosed() {
    for (int n = 1; ; n++) {
      Object next = queue.poll();
      if (next == null || (n & LOOK_MASK) == 0) {
        takeInbox();
        if (!alarms.isEmpty()) {
          alarms.fireDue(clock.nanoTime());
        }
        if (next == null) {
          next = queue.poll();
        }
      }
      if (next != null) {
        RUNNING.setOpaque(this, next);
        take(next);
      } else if (closed) {
        return;
      } else {
        idle();
      }
    }
  }

  private void takeInbox() {
    for (Object o; (o = inbox.poll()) != null; ) {
      queue.add(o);
    }
  }

  private void idle() {
    RUNNING.setOpaque(this, null);
    asleep = true;
    long wait = untilNextAlarm();
    if (wait > 0 && inbox.isEmpty() && !closed) {
      boolean told = begun;
      var hooks = instruments.hooks();
      if (told) {
        hooks.beforeIdle(greenhouse, wait);
      }
      // The hook may have woken a task; and if it waited, it took the permit of who woke the loop.
      if (asleep && !closed && queue.size() == 0) {
        parkFor(untilNextAlarm());
      }
      if (told) {
        hooks.afterIdle(greenhouse);
      }
    }
    asleep = false;
    if (!alarms.isEmpty()) {
      watch.start();
    }
    // Nobody interrupts this thread but by mistake; a flag left on would turn parking into
    // spinning.
    Thread.interrupted();
  }

  private long untilNextAlarm() {
    return alarms.isEmpty() ? TimerQueue.NEVER : alarms.untilEarliest(clock.nanoTime());
  }

  private void parkFor(long nanos) {
    if (nanos == TimerQueue.NEVER) {
      LockSupport.park(this);
    } else {
      LockSupport.parkNanos(this, nanos);
    }
  }

  /// The carrier has gone. Threads that are no tasks live on in the pool, and so does whatever a
  /// loop that broke leaves behind.
  private void moveInboxToPool() {
    while (!inbox.isEmpty() && draining.compareAndSet(false, true)) {
      try {
        for (Object o; (o = inbox.poll()) != null; ) {
          Pool.shared().take(o);
        }
      } finally {
        draining.set(false);
      }
    }
  }
}
