package dev.greenhouse.instrumentation.jfr;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Writes events. Those of virtual threads it writes at once; those of other threads, which may be
/// carriers, a daemon thread writes.
///
/// A carrier must not, because JDK 25 drops the first event that a thread writes after a virtual
/// thread that it carried has written one. Times are in the event already; the thread is not, which
/// is why events name their tasks. Nobody waits for that thread, and it takes no lock of ours.
final class FlightWriter {
  /// How long the end of a greenhouse waits for what is not written yet.
  private static final long AT_END_OF_RUN = TimeUnit.SECONDS.toNanos(5);

  /// So many events wait at most: a recording that wants every step of a busy loop must not eat the
  /// heap.
  private static final int MOST = 1 << 14;

  private static final Queue<GreenhouseEvent> QUEUE = new ConcurrentLinkedQueue<>();
  private static final AtomicBoolean STARTED = new AtomicBoolean();
  private static final AtomicLong GIVEN = new AtomicLong();
  private static final AtomicLong LOST = new AtomicLong();

  /// By the writer only.
  private static final AtomicLong WRITTEN = new AtomicLong();

  private static final Thread THREAD =
      Thread.ofPlatform()
          .daemon()
          .inheritInheritableThreadLocals(false)
          .name("greenhouse-flight-recorder")
          .unstarted(FlightWriter::loop);

  private FlightWriter() {}

  /// Writes an event that is complete, and that nobody changes any more.
  static void write(GreenhouseEvent event) {
    if (Thread.currentThread().isVirtual()) {
      event.commit();
      return;
    }
    if (GIVEN.get() - WRITTEN.get() >= MOST) {
      LOST.incrementAndGet();
      return;
    }
    GIVEN.incrementAndGet();
    QUEUE.add(event);
    if (STARTED.compareAndSet(false, true)) {
      THREAD.start();
    } else {
      LockSupport.unpark(THREAD);
    }
  }

  /// Waits, not for long, until all that was given is written. No task is left that this could
  /// keep.
  static void flush() {
    long given = GIVEN.get();
    long start = System.nanoTime();
    try {
      while (WRITTEN.get() < given && System.nanoTime() - start < AT_END_OF_RUN) {
        Thread.sleep(1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void loop() {
    while (true) {
      GreenhouseEvent event = QUEUE.poll();
      if (event == null) {
        LockSupport.park();
        continue;
      }
      tellLost();
      event.commit();
      WRITTEN.incrementAndGet();
    }
  }

  // Before each event: while any is lost there is always one that comes after.
  private static void tellLost() {
    if (LOST.get() > 0) {
      var event = new EventsLostEvent();
      event.count = LOST.getAndSet(0);
      event.commit();
    }
  }
}
