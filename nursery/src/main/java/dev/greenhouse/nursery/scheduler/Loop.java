package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.dispatch.InstrumentSet;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import dev.greenhouse.nursery.time.Clock;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/// One carrier thread of its own that runs tasks one at a time. With nothing to do it parks.
///
/// What its own tasks make runnable goes straight into the run queue; what other threads make
/// runnable goes through the inbox. Sleeping and waking: the carrier writes `asleep` and then looks
/// into the inbox; the others write the inbox and then read `asleep`.
public final class Loop extends Scheduler implements Timers {
  /// Room for the stacks of deeply nested tasks: a virtual thread's stack lies on its carrier's
  /// while it runs.
  private static final long STACK_BYTES = 16L << 20;

  /// Steps between two looks at inbox and timers while there is other work.
  private static final int LOOK_MASK = 31;

  private final Thread carrier;

  // Carrier only.
  private final RunQueue queue;
  private final TimerHeap heap = new TimerHeap();

  private final MpscUnboundedAtomicArrayQueue<Object> inbox =
      new MpscUnboundedAtomicArrayQueue<>(128);
  private volatile boolean asleep; // written by the carrier and by who wakes it
  private volatile boolean begun; // set once by begin
  private volatile boolean closed; // set once by close
  private volatile boolean
      gone; // set once by the carrier, before it empties the queues for the last time
  private final AtomicBoolean draining =
      new AtomicBoolean(); // who empties the inbox when the carrier is gone

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
  protected void submit(Fiber fiber) {
    offer(fiber);
  }

  @Override
  protected void foreign(Runnable continuation) {
    offer(continuation);
  }

  private void offer(Object runnable) {
    if (VirtualThreads.currentCarrier() == carrier && !gone) {
      queue.add(runnable);
      return;
    }
    inbox.offer(runnable);
    if (asleep) {
      asleep = false;
      LockSupport.unpark(carrier);
    }
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

  // ---- timers: a task's own carrier sets them here, everybody else with the housekeeper

  @Override
  public void set(Timer timer, long deadline) {
    if (VirtualThreads.currentCarrier() == carrier) {
      timer.deadline = deadline;
      insert(timer);
    } else {
      super.set(timer, deadline);
    }
  }

  @Override
  public void insert(Timer timer) {
    timer.home = this;
    heap.add(timer);
  }

  @Override
  public void remove(Timer timer) {
    if (VirtualThreads.currentCarrier() != carrier) {
      throw new AssertionError("a timer of a loop is dropped on another thread");
    }
    heap.remove(timer);
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
        fireTimers();
        if (next == null) {
          next = queue.poll();
        }
      }
      if (next != null) {
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

  private void fireTimers() {
    if (heap.isEmpty()) {
      return;
    }
    long now = clock.nanoTime();
    for (@Nullable Timer due; (due = heap.pollDue(now)) != null; ) {
      Housekeeper.fire(due);
    }
  }

  private void idle() {
    long wait = heap.isEmpty() ? Long.MAX_VALUE : heap.earliest() - clock.nanoTime();
    if (wait <= 0) {
      return;
    }
    asleep = true;
    if (inbox.isEmpty() && !closed) {
      boolean told = begun;
      var hooks = instruments.hooks();
      if (told) {
        hooks.beforeIdle(greenhouse, wait);
      }
      if (wait == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, wait);
      }
      if (told) {
        hooks.afterIdle(greenhouse);
      }
    }
    asleep = false;
    // Nobody interrupts this thread but by mistake; a flag left on would turn parking into
    // spinning.
    Thread.interrupted();
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
