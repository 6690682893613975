package dev.greenhouse.nursery.housekeeping;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Sends interrupts that run the close of a channel, which is somebody's code and may block: on
/// threads of their own, so that one that blocks does not hold up the others.
public final class Interrupter {
  private static final int MOST_THREADS = 32;
  private static final AtomicInteger NUMBER = new AtomicInteger();

  /// Handing something to a [Worker] takes no lock; handing it to a pool does, so that is done on
  /// the worker.
  private static final Worker DOOR = new Worker("greenhouse-interrupter");

  private static final class Pool {
    /// If all are blocked, the worker helps.
    static final ThreadPoolExecutor THREADS =
        new ThreadPoolExecutor(
            0,
            MOST_THREADS,
            1,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            job ->
                Thread.ofPlatform()
                    .daemon()
                    .inheritInheritableThreadLocals(false)
                    .name("greenhouse-interrupter-" + NUMBER.incrementAndGet())
                    .unstarted(job),
            new ThreadPoolExecutor.CallerRunsPolicy());
  }

  private Interrupter() {}

  /// Sends an interrupt soon. Never blocks and takes no lock.
  public static void execute(Runnable interrupt) {
    DOOR.execute(() -> Pool.THREADS.execute(interrupt));
  }
}
