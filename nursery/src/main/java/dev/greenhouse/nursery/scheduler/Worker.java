package dev.greenhouse.nursery.scheduler;

import java.util.concurrent.locks.LockSupport;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/// A daemon thread that does, in order, what must not be done on a carrier because it may block:
/// writing to the log, closing somebody's channel. Handing it something never blocks and takes no
/// lock.
public enum Worker {
  /// Writes to the log.
  REPORTER,
  /// Sends interrupts that run code of an interrupted channel.
  INTERRUPTER;

  private final MpscUnboundedAtomicArrayQueue<Runnable> queue =
      new MpscUnboundedAtomicArrayQueue<>(16);

  /// Null until the first use; written under this enum constant's class initialiser or `start`.
  private volatile @Nullable Thread thread;

  private final java.util.concurrent.atomic.AtomicBoolean started =
      new java.util.concurrent.atomic.AtomicBoolean();

  /// Runs something soon.
  ///
  /// @param job what to do; what it throws is dropped after the thread's uncaught exception handler
  ///   saw it
  public void execute(Runnable job) {
    queue.offer(job);
    if (started.compareAndSet(false, true)) {
      Thread t =
          Thread.ofPlatform()
              .daemon()
              .name("greenhouse-" + name().toLowerCase(java.util.Locale.ROOT))
              .unstarted(this::loop);
      thread = t;
      t.start();
    } else {
      LockSupport.unpark(thread);
    }
  }

  private void loop() {
    while (true) {
      Runnable job = queue.poll();
      if (job == null) {
        LockSupport.park(this);
        continue;
      }
      try {
        job.run();
      } catch (Throwable t) {
        Thread self = Thread.currentThread();
        self.getUncaughtExceptionHandler().uncaughtException(self, t);
      }
    }
  }
}
