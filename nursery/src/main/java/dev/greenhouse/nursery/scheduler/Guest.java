package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.dispatch.InstrumentSet;
import dev.greenhouse.nursery.time.Clock;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/// Tasks on somebody else's event loop. Steps wait in a queue of ours; the executor is given one
/// *pump* at a time, which runs a few of them and gives way to the loop's other events.
///
/// An executor that rejects the pump, runs it at once inside `execute`, on a virtual thread, or on
/// two threads at once can't carry tasks: then the greenhouse is broken, and what is queued, now
/// and later, runs on the shared carriers.
public final class Guest extends Scheduler {
  /// Steps a pump runs before it gives way.
  private static final int STEPS_A_PUMP = 32;

  private final Executor executor;
  private final BiConsumer<String, @Nullable Throwable> onBroken;
  private final MpscUnboundedAtomicArrayQueue<Object> queue =
      new MpscUnboundedAtomicArrayQueue<>(64);

  /// True from when a pump is given to the executor until it has found the queue empty.
  private final AtomicBoolean pumpAway = new AtomicBoolean();

  /// The thread that is in `executor.execute` for us, to notice that it runs the pump there.
  private final AtomicReference<@Nullable Thread> submitter = new AtomicReference<>();

  /// The thread that runs a pump now.
  private final AtomicReference<@Nullable Thread> pumping = new AtomicReference<>();

  private final AtomicBoolean draining = new AtomicBoolean();
  private final AtomicBoolean broken = new AtomicBoolean();
  private final @Nullable ExecutorWatch watch;
  private volatile boolean closed;
  private volatile long sentAt; // when the pump that is away was sent

  /// Makes a guest.
  ///
  /// @param onBroken told once what the executor did; must not block
  public Guest(
      GreenhouseView greenhouse,
      Executor executor,
      Clock clock,
      InstrumentSet instruments,
      BiConsumer<String, @Nullable Throwable> onBroken) {
    super(true, greenhouse, clock, instruments);
    this.executor = executor;
    this.onBroken = onBroken;
    this.watch = ExecutorWatch.of(executor, new Stopped());
  }

  @Override
  protected void submit(Fiber fiber) {
    offer(fiber);
  }

  @Override
  protected void foreign(Runnable continuation) {
    offer(continuation);
  }

  private void offer(Object runnable) {
    queue.offer(runnable);
    if (isOver()) {
      moveToPool();
    } else {
      sendPump();
    }
  }

  /// {@return whether the executor takes no more steps; once true, for ever}
  private boolean isOver() {
    return closed || broken.get();
  }

  private void sendPump() {
    if (!pumpAway.compareAndSet(false, true)) {
      return;
    }
    Thread me = Thread.currentThread();
    submitter.set(me);
    sentAt = System.nanoTime();
    try {
      executor.execute(this::pump);
    } catch (Throwable t) {
      breakDown("rejected a step", t);
    } finally {
      submitter.compareAndSet(me, null); // another thread may be sending by now
    }
    if (watch != null) {
      watch.begin();
    }
  }

  @Override
  public boolean isCarrier(Thread thread) {
    return thread == pumping.get() || thread instanceof Carrier; // of the pool, when it is broken
  }

  private void pump() {
    Thread me = Thread.currentThread();
    if (me.isVirtual()) {
      breakDown("ran a step on a virtual thread, " + me, null);
    } else if (me == submitter.get()) {
      breakDown("ran a step inside of execute, on the calling thread", null);
    } else if (!pumping.compareAndSet(null, me)) {
      breakDown("ran two steps at once", null);
    } else {
      try {
        runSome();
      } finally {
        pumping.compareAndSet(me, null); // the next pump may run elsewhere by now
      }
    }
  }

  /// Looks before each step, while it stands as [#pumping], whether the queue is somebody else's:
  /// see `docs/concurrency.md`.
  private void runSome() {
    for (int i = 0; i < STEPS_A_PUMP && !isOver(); i++) {
      Object next = queue.poll();
      if (next == null) {
        break;
      }
      take(next);
    }
    pumping.set(null);
    pumpAway.set(false);
    if (isOver()) {
      moveToPool();
    } else if (!queue.isEmpty()) {
      sendPump();
    }
  }

  private void breakDown(String what, @Nullable Throwable cause) {
    if (broken.compareAndSet(false, true)) {
      onBroken.accept(what, cause);
    }
    moveToPool();
  }

  /// Only one thread polls the queue: a pump that still runs does this at its end.
  private void moveToPool() {
    while (!queue.isEmpty() && pumping.get() == null && draining.compareAndSet(false, true)) {
      try {
        for (Object o; (o = queue.poll()) != null; ) {
          Pool.shared().take(o);
        }
      } finally {
        draining.set(false);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    moveToPool();
  }

  // ---- an executor that was stopped does not say so

  private final class Stopped implements ExecutorWatch.Watched {
    @Override
    public boolean isOver() {
      return Guest.this.isOver();
    }

    @Override
    public boolean isInUse() {
      return !greenhouse.roots().isEmpty();
    }

    @Override
    public ExecutorWatch.Work work() {
      return pumping.get() != null
          ? ExecutorWatch.Work.RUNS
          : pumpAway.get() ? ExecutorWatch.Work.WAITS : ExecutorWatch.Work.NONE;
    }

    @Override
    public long sentAt() {
      return sentAt;
    }

    @Override
    public void stopped() {
      breakDown("has been shut down", null);
    }
  }
}
