package dev.greenhouse.tests.stress;

import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/// A platform thread that does something to what it is handed, as fast as it can and after a short
/// time of chance, so that it meets the other side at all its points.
@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
final class Canceller implements AutoCloseable {
  private static final int MOST_SPINS = 300;
  private static final int MOST_IDLE = 500;

  private final AtomicReference<Runnable> next = new AtomicReference<>();
  private final AtomicLong done = new AtomicLong();
  private final Thread thread;
  private volatile boolean stop;
  private long given; // by the one task that gives

  Canceller(long seed) {
    thread = Thread.ofPlatform().daemon().name("canceller-" + seed).start(() -> loop(seed));
  }

  private void loop(long seed) {
    var random = new SplittableRandom(seed);
    int idle = 0;
    while (!stop) {
      Runnable r = next.getAndSet(null);
      if (r == null) {
        if (++idle > MOST_IDLE) {
          LockSupport.park(this); // there are few processors: leave them to the others
          idle = 0;
        }
        Thread.onSpinWait();
        continue;
      }
      idle = 0;
      spin(random.nextInt(MOST_SPINS));
      r.run();
      done.incrementAndGet();
    }
  }

  static void spin(int times) {
    for (int i = 0; i < times; i++) {
      Thread.onSpinWait();
    }
  }

  /// Hands it the next thing to do. One task only.
  void give(Runnable what) {
    given++;
    next.set(what);
    LockSupport.unpark(thread);
  }

  /// Waits until it has done all that it was given.
  void awaitDone() {
    for (int i = 0; done.get() < given; i++) {
      if (i % 50 == 49) {
        LockSupport.parkNanos(10_000);
      } else {
        Thread.yield();
      }
    }
  }

  @Override
  public void close() {
    stop = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
