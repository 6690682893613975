package dev.greenhouse.instrumentation.trace;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// The ring of one carrier, and what it knows of the step on it.
///
/// A carrier that is a loop's tells when it is idle. Between two of its steps then lie a few
/// instructions of the loop, so a step begins when the one before it ended, and the clock is read
/// once for each. A pool says nothing of idle times: there it is read twice.
final class Lane {
  private static final VarHandle OWNER =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "owner", VarHandle.class, Lane.class, Thread.class);

  private final Events events;

  /// The carrier. By a carrier that finds the lane free or its owner dead, by compare-and-set; then
  /// all below is its own, and of nobody else until it has died.
  private volatile @Nullable Thread owner;

  // Owner only.
  private long running; // the task in a step, 0 if there is none
  private boolean woken; // it was scheduled meanwhile
  private long end; // when the last step or idle time ended
  private int idleIn; // the session in which it last told that it was idle

  Lane(Events events) {
    this.events = events;
  }

  Events events() {
    return events;
  }

  boolean isOf(Thread thread) {
    return owner == thread;
  }

  /// {@return whether the current thread has taken over the lane}
  boolean take(Thread current) {
    Thread before = owner;
    if ((before == null || !before.isAlive()) && OWNER.compareAndSet(this, before, current)) {
      running = 0;
      woken = false;
      idleIn = 0;
      return true;
    }
    return false;
  }

  void began(long task, int session) {
    long now = idleIn == session ? end : System.nanoTime();
    running = task;
    woken = false;
    events.addAlone(Events.BEGAN, task, now);
  }

  void scheduled(long task) {
    if (running == task) {
      woken = true; // it gives way: the end of the step will say so
      return;
    }
    end = System.nanoTime(); // also the end of what the loop did before, for example a timer
    events.addAlone(Events.SCHEDULED, task, end);
  }

  void ended(long task) {
    end = System.nanoTime();
    boolean ready = woken && running == task;
    running = 0;
    events.addAlone(ready ? Events.YIELDED : Events.ENDED, task, end);
  }

  void idled(int session) {
    end = System.nanoTime();
    idleIn = session;
  }
}
