package dev.greenhouse.nursery.housekeeping;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/// A daemon thread that does, in order, what must not be done on a carrier because it may block,
/// such as writing to the log. Handing it something never blocks and takes no lock.
public final class Worker {
  /// Writes to the log.
  public static final Worker REPORTER = new Worker("greenhouse-reporter");

  private final String name;

  private final MpscUnboundedAtomicArrayQueue<Runnable> queue =
      new MpscUnboundedAtomicArrayQueue<>(16);

  /// Whoever turns it to true starts the thread.
  private final AtomicBoolean started = new AtomicBoolean();

  /// Null until it is started.
  private volatile @Nullable Thread thread;

  Worker(String name) {
    this.name = name;
  }

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
              .inheritInheritableThreadLocals(false)
              .name(name)
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
