package dev.greenhouse.tests.stress;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// What a task does next when it has left a scope: waits of the JDK, which a stray interrupt would
/// end.
final class Outside {
  private static final LinkedBlockingQueue<Object> EMPTY = new LinkedBlockingQueue<>();

  private Outside() {}

  /// Waits a moment, in one way after the other, and fails if there is an interrupt.
  static void waits(int round) {
    try {
      switch (round % 4) {
        case 0 -> Thread.sleep(0);
        case 1 -> LockSupport.parkNanos(1);
        case 2 -> EMPTY.poll(1, TimeUnit.NANOSECONDS);
        default -> Thread.sleep(0, 1);
      }
    } catch (InterruptedException e) {
      throw new AssertionError("stray interrupt in the first wait of round " + round, e);
    }
    noInterrupt("after the first wait", round);
  }

  static void noInterrupt(String when, int round) {
    if (Thread.currentThread().isInterrupted()) {
      throw new AssertionError("stray interrupt " + when + " in round " + round);
    }
  }
}
