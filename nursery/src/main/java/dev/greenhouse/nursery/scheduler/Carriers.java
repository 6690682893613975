package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.housekeeping.Timer;
import java.io.Serial;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A `ForkJoinPool` of [Carrier]s, with compensation.
///
/// The JDK compensates only for its own carrier threads when a file read or native code blocks
/// them, so we do: while work waits, the housekeeper looks every few milliseconds for carriers that
/// have been in one step all the time without using their processor, and runs that many more. They
/// are taken back when the blocked ones move on. It also looks whether a task that runs on and on
/// has passed a deadline. Looking begins with a submission and stops when nothing runs.
final class Carriers {
  /// So many carriers are added at most.
  static final int MAX_ADDED = 256;

  private static final long BUSY_TICK = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long CALM_TICK = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long KEEP_ALIVE_SECONDS = 10;

  private final int base;
  private final String name;
  private final GrowingPool pool;
  private final Set<Carrier> all = ConcurrentHashMap.newKeySet();

  /// True while the housekeeper looks. Submitters write work and then read it; the housekeeper
  /// writes false and then looks for work once more.
  private final AtomicBoolean watched = new AtomicBoolean();

  private final Watch watch = new Watch();
  private volatile boolean closed;

  Carriers(int parallelism, String name) {
    this.base = parallelism;
    this.name = name;
    var number = new AtomicInteger();
    this.pool =
        new GrowingPool(
            parallelism,
            p -> {
              var c = new Carrier(p, this);
              c.setName(name + "-" + number.incrementAndGet());
              c.setDaemon(true);
              return c;
            });
  }

  void started(Carrier c) {
    all.add(c);
  }

  void stopped(Carrier c) {
    all.remove(c);
  }

  int parallelism() {
    return pool.getParallelism();
  }

  /// Runs a [Fiber]'s step or a `Runnable` continuation. Never throws.
  void take(Object runnable) {
    ForkJoinTask<?> task =
        runnable instanceof Fiber fiber ? fiber.poolStep() : new ForeignStep((Runnable) runnable);
    execute(task);
    if (!watched.get() && watched.compareAndSet(false, true)) {
      beginWatch();
    }
  }

  private void beginWatch() {
    try {
      Housekeeper.get().schedule(watch, BUSY_TICK);
    } catch (Throwable t) { // out of memory or stack
      watched.set(false); // the next submission tries again
      throw t;
    }
  }

  private void execute(ForkJoinTask<?> task) {
    try {
      (closed ? Pool.shared().pool : pool).execute(task);
    } catch (RuntimeException rejected) {
      // Only a pool that was shut down after `closed` was read rejects.
      Pool.shared().pool.execute(task);
    }
  }

  /// Makes the pool look at its new size. It does so only when something comes into a queue that is
  /// empty, and the current thread's need not be: while all workers are blocked, nobody takes from
  /// it. So the queues are emptied first, and what was in there comes in again.
  private void lookAtSize() {
    var submissions = new ArrayList<ForkJoinTask<?>>();
    for (ForkJoinTask<?> task; (task = pool.pollSubmission()) != null; ) {
      submissions.add(task);
    }
    submissions.add(ForkJoinTask.adapt(() -> {}));
    submissions.forEach(this::execute);
  }

  /// Later work goes to the shared carriers; what is queued is still run.
  void close() {
    closed = true;
    pool.shutdown();
  }

  @Override
  public String toString() {
    return "the carriers " + name;
  }

  /// A continuation of a thread that is no task.
  private static final class ForeignStep extends ForkJoinTask<@Nullable Void> {
    @Serial private static final long serialVersionUID = 1;

    private final transient Runnable continuation;

    ForeignStep(Runnable continuation) {
      this.continuation = continuation;
    }

    @Override
    public @Nullable Void getRawResult() {
      return null;
    }

    @Override
    protected void setRawResult(@Nullable Void value) {}

    @Override
    protected boolean exec() {
      Carrier carrier = (Carrier) Thread.currentThread();
      carrier.beginStep(null);
      Scheduler.take(continuation);
      carrier.endStep();
      return true;
    }
  }

  /// A pool of carriers that gives back what nobody has taken yet.
  private static final class GrowingPool extends ForkJoinPool {
    GrowingPool(int parallelism, ForkJoinWorkerThreadFactory carriers) {
      super(
          parallelism,
          carriers,
          (thread, error) -> Reports.internalError("carrier " + thread.getName(), error),
          true,
          0,
          parallelism + MAX_ADDED,
          0,
          p -> true,
          KEEP_ALIVE_SECONDS,
          TimeUnit.SECONDS);
    }

    @Override
    public @Nullable ForkJoinTask<?> pollSubmission() {
      return super.pollSubmission();
    }
  }

  /// The housekeeper's look.
  private final class Watch extends Timer {
    private long last = System.nanoTime();

    @Override
    protected void fire() {
      try {
        look();
      } catch (Throwable t) { // a clock is somebody's, and may throw
        Housekeeper.get().schedule(this, BUSY_TICK);
        throw t;
      }
    }

    private void look() {
      long now = System.nanoTime();
      long elapsed = now - last;
      last = now;
      int stuck = 0;
      int running = 0;
      for (Carrier c : all) {
        stuck += c.looksStuck(elapsed) ? 1 : 0;
        if (c.isInStep()) {
          running++;
          c.expireDeadlines();
        }
      }
      boolean waiting = pool.hasQueuedSubmissions() || pool.getQueuedTaskCount() > 0;
      adjust(stuck, waiting);
      if (waiting || running > 0) {
        Housekeeper.get().schedule(this, waiting ? BUSY_TICK : CALM_TICK);
        return;
      }
      watched.set(false);
      if (!pool.isQuiescent() && watched.compareAndSet(false, true)) {
        Housekeeper.get().schedule(this, CALM_TICK);
      }
    }

    private void adjust(int stuck, boolean waiting) {
      if (closed) {
        return;
      }
      int now = pool.getParallelism();
      int wanted = base + Math.min(stuck, MAX_ADDED);
      if (wanted > now && waiting) {
        pool.setParallelism(wanted);
        lookAtSize();
      } else if (wanted < now) {
        pool.setParallelism(wanted);
      }
    }

    @Override
    public String toString() {
      return "the watch of " + Carriers.this;
    }
  }

  /// {@return how much processor time a thread has used, 0 if that is not known}
  static long cpuNanos(Thread thread) {
    var threads = ManagementFactory.getThreadMXBean();
    return threads.isThreadCpuTimeSupported() && threads.isThreadCpuTimeEnabled()
        ? Math.max(0, threads.getThreadCpuTime(thread.threadId()))
        : 0;
  }
}
