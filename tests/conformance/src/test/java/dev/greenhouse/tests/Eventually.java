package dev.greenhouse.tests;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Waits for what nothing tells of when it becomes true. Works in tasks, too: they give up their
/// carrier.
public final class Eventually {
  private static final long LIMIT = TimeUnit.SECONDS.toNanos(15);

  private Eventually() {}

  /// Repeats assertions until they hold, or throws what they throw at last.
  public static void run(Runnable assertions) {
    long deadline = System.nanoTime() + LIMIT;
    while (true) {
      try {
        assertions.run();
        return;
      } catch (AssertionError e) {
        if (System.nanoTime() - deadline > 0) {
          throw e;
        }
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  /// Waits for a condition.
  public static void holds(String what, BooleanSupplier condition) {
    run(
        () -> {
          if (!condition.getAsBoolean()) {
            throw new AssertionError("never: " + what);
          }
        });
  }

  /// Waits until a thread is blocked in something that an interrupt ends.
  public static void waits(Thread thread) {
    holds(
        thread + " waits",
        () ->
            thread.getState() == Thread.State.WAITING
                || thread.getState() == Thread.State.TIMED_WAITING);
  }
}
