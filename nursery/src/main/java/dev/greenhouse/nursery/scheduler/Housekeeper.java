package dev.greenhouse.nursery.scheduler;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The one thread of the JVM that does what needs a clock outside of a loop: timers of pools and
/// guests, interrupts that are due again, carriers to be added, and the search for what is stuck.
///
/// Its timers fire one after the other, so none may block: what may, goes to a [Worker].
public final class Housekeeper extends Guarded implements Timers {
  private static final class Holder {
    static final Housekeeper INSTANCE = new Housekeeper();
  }

  private final TimerHeap heap = new TimerHeap(); // under the spin word
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

  /// Sets a timer that is not set.
  ///
  /// @param timer the timer
  /// @param nanos how long from now
  public void schedule(Timer timer, long nanos) {
    timer.deadline = System.nanoTime() + nanos;
    insert(timer);
  }

  @Override
  public void insert(Timer timer) {
    boolean first;
    timer.home = this;
    lock();
    try {
      heap.add(timer);
      first = timer.index == 0;
    } finally {
      unlock();
    }
    if (first) {
      LockSupport.unpark(thread);
    }
  }

  @Override
  public void remove(Timer timer) {
    lock();
    try {
      heap.remove(timer);
    } finally {
      unlock();
    }
  }

  /// {@return how many timers are set, for tests}
  public int pending() {
    lock();
    try {
      return heap.size();
    } finally {
      unlock();
    }
  }

  private void loop() {
    while (true) {
      Timer due;
      long wait = Long.MAX_VALUE;
      long now = System.nanoTime();
      lock();
      try {
        due = heap.pollDue(now);
        if (due == null && !heap.isEmpty()) {
          wait = heap.earliest() - now;
        }
      } finally {
        unlock();
      }
      if (due != null) {
        fire(due);
      } else if (wait == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, wait);
      }
    }
  }

  static void fire(@Nullable Timer timer) {
    if (timer == null) {
      return;
    }
    try {
      timer.fire();
    } catch (Throwable t) {
      Reports.internalError("a timer, " + timer, t);
    }
  }
}
