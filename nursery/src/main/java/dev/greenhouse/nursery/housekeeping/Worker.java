package dev.greenhouse.nursery.housekeeping;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/// A daemon thread that does, in order, what must not be done on a carrier because it may block,
/// such as writing to the log. Handing it something never blocks and takes no lock.
public final class Worker {
  /// Writes to the log. When the JVM ends, a shutdown hook waits for what it has been handed by
  /// then, but not for long, as somebody may block the log for ever. To wait in
  /// `Greenhouse.close()` would be too little: the common greenhouse is never closed. A thread that
  /// is no daemon would be too much: it would keep a JVM whose log is blocked alive.
  public static final Worker REPORTER = new Worker("greenhouse-reporter", true);

  private static final long PATIENCE_SECONDS = 1;

  private final String name;
  private final boolean finishesAtExit;

  private final MpscUnboundedAtomicArrayQueue<Runnable> queue =
      new MpscUnboundedAtomicArrayQueue<>(16);

  /// Whoever turns it to true starts the thread.
  private final AtomicBoolean started = new AtomicBoolean();

  /// Null until it is started.
  private volatile @Nullable Thread thread;

  Worker(String name) {
    this(name, false);
  }

  private Worker(String name, boolean finishesAtExit) {
    this.name = name;
    this.finishesAtExit = finishesAtExit;
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
      if (finishesAtExit) {
        finishAtExit();
      }
    } else {
      LockSupport.unpark(thread);
    }
  }

  private void finishAtExit() {
    try {
      Runtime.getRuntime()
          .addShutdownHook(
              Thread.ofPlatform()
                  .inheritInheritableThreadLocals(false)
                  .name(name + "-end")
                  .unstarted(this::awaitDone));
    } catch (IllegalStateException late) {
      // The JVM is ending already.
    }
  }

  private void awaitDone() {
    var done = new CountDownLatch(1);
    execute(done::countDown);
    try {
      boolean _ = done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
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
