package dev.greenhouse.nursery.housekeeping;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// The one thread of the JVM that does what needs a clock outside of a loop: timers of pools and
/// guests, interrupts that are due again, carriers to be added, and the search for what is stuck.
///
/// Its timers fire one after the other, so none may block: what may, goes to a [Worker].
public final class Housekeeper implements Timers {
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(10);

  private static final class Holder {
    static final Housekeeper INSTANCE = new Housekeeper();
  }

  private final TimerQueue queue = new TimerQueue(); // in System.nanoTime
  private final Thread thread;

  private Housekeeper() {
    thread =
        Thread.ofPlatform()
            .daemon()
            .inheritInheritableThreadLocals(false)
            .name("greenhouse-housekeeper")
            .unstarted(this::loop);
    thread.start();
  }

  /// {@return the housekeeper, which is started at the first call}
  public static Housekeeper get() {
    return Holder.INSTANCE;
  }

  /// Sets a timer.
  ///
  /// @param timer one that is not set
  /// @param nanos how long from now
  public void schedule(Timer timer, long nanos) {
    set(timer, System.nanoTime() + nanos);
  }

  @Override
  public void insert(Timer timer, long deadline) {
    if (queue.insert(timer, deadline)) {
      LockSupport.unpark(thread);
    }
  }

  @Override
  public void remove(Timer timer) {
    queue.remove(timer);
  }

  /// {@return how many timers are set, for tests}
  public int pending() {
    return queue.size();
  }

  /// Never ends: all deadlines of pools hang on it.
  private void loop() {
    while (true) {
      try {
        fireAndWait();
      } catch (Throwable t) {
        reportSafely(t);
      }
    }
  }

  private void fireAndWait() {
    queue.fireDue(System.nanoTime());
    long wait = queue.untilEarliest(System.nanoTime());
    if (wait == TimerQueue.NEVER) {
      LockSupport.park(this);
    } else if (wait > 0) {
      LockSupport.parkNanos(this, wait);
    }
  }

  private static void reportSafely(Throwable t) {
    try {
      Reports.internalError("the housekeeper", t);
    } catch (Throwable outOfMemory) {
      LockSupport.parkNanos(PAUSE);
    }
  }
}
