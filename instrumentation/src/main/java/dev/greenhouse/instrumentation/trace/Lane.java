package dev.greenhouse.instrumentation.trace;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/// The ring of one carrier, and what it knows of the step on it.
///
/// A carrier that is a loop's tells when it is idle. Between two of its steps then lie a few
/// instructions of the loop, so a step begins when the one before it ended: the clock is read once
/// for each, and one event says both when it ended and that it began with the event before it.
/// Until then the step is *open*. A pool says nothing of idle times: there the clock is read twice,
/// and a step is two events.
///
/// | word | written by | read by |
/// |---|---|---|
/// | `owner` | see there | all |
/// | `open` | the owner: the task's id after the event that the step begins with was claimed, zero before the next one is | who makes a picture, between two looks at the number of claims: if that is the same, the step began with the last of them |
final class Lane {
  private static final VarHandle OWNER =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "owner", VarHandle.class, Lane.class, WeakReference.class);

  private static final VarHandle OPEN =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "open", VarHandle.class, Lane.class, long.class);

  /// A loop that is too busy to be caught in a step has none that lasts.
  private static final int TRIES = 100;

  private final Events events;

  /// The carrier. By a carrier that finds the lane free or its owner dead, by compare-and-set; then
  /// all below is its own, and of nobody else until it has died. Weak, because a loop's thread
  /// leads to its greenhouse even when it is dead.
  private volatile @Nullable WeakReference<Thread> owner;

  /// The owner's id, by itself after `owner`: each thread looks only whether it is its own.
  private volatile long ownerId;

  @SuppressWarnings("UnusedVariable") // accessed by OPEN
  private long open;

  // Owner only.
  private long running; // the task in a step, 0 if there is none
  private boolean woken; // it was scheduled meanwhile
  private long end; // when the last step or idle time ended
  private boolean told; // the last event says that
  private int idleIn; // the session in which it last told that it was idle

  Lane(Events events) {
    this.events = events;
  }

  long lost() {
    return events.lost();
  }

  /// Any thread; see [Events#read].
  long read(Events.Reader reader) {
    for (int tries = 0; tries < TRIES; tries++) {
      long claims = events.claims();
      long task = (long) OPEN.getAcquire(this);
      if (claims == events.claims()) {
        return events.read(claims, task, reader);
      }
    }
    return events.read(events.claims(), 0, reader);
  }

  boolean isOf(Thread current) {
    return ownerId == current.threadId();
  }

  /// {@return whether the current thread has taken over the lane}
  boolean take(Thread current) {
    WeakReference<Thread> before = owner;
    Thread thread = before == null ? null : before.get();
    if ((thread == null || !thread.isAlive())
        && OWNER.compareAndSet(this, before, new WeakReference<>(current))) {
      ownerId = current.threadId();
      running = 0;
      OPEN.setRelease(this, 0L);
      idleIn = 0;
      told = false;
      return true;
    }
    return false;
  }

  void began(long task, int session) {
    running = task;
    woken = false;
    if (told && idleIn == session) {
      OPEN.setRelease(this, task);
    } else {
      write(Events.BEGAN, task, idleIn == session ? end : System.nanoTime());
    }
  }

  void scheduled(long task) {
    if (running == task) {
      woken = true; // it gives way: the end of the step will say so
      return;
    }
    if (open != 0) {
      write(Events.BEGAN, running, end);
    }
    end = System.nanoTime(); // also the end of what the loop did before, for example a timer
    told = true;
    write(Events.SCHEDULED, task, end);
  }

  void ended(long task) {
    end = System.nanoTime();
    told = true;
    if (running != task) { // its beginning was not seen
      write(Events.ENDED, task, end);
      return;
    }
    running = 0;
    if (open != 0) {
      write(woken ? Events.STEPPED_YIELDED : Events.STEPPED, task, end);
    } else {
      write(woken ? Events.YIELDED : Events.ENDED, task, end);
    }
  }

  void idled(int session) {
    end = System.nanoTime();
    told = false;
    idleIn = session;
  }

  private void write(int kind, long task, long time) {
    OPEN.setRelease(this, 0L);
    events.addAlone(kind, task, time);
  }
}
