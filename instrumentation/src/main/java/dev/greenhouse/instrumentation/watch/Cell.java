package dev.greenhouse.instrumentation.watch;

import dev.greenhouse.instrumentation.TaskView;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/// What one carrier shows of its steps, and what the watch remembers of it.
///
/// A step is shown by its number, odd while it runs and even after it, and by its task's id. It is
/// an id and no reference, because storing one into an old object costs a memory fence with the
/// usual collector, and because nothing then keeps a task that has ended.
///
/// **A reported step** is *claimed*: the watch writes its number into `claimed`, and who then sees
/// the step over takes the number out by compare-and-set and counts its time. Usually that is the
/// carrier, at the step's end; it is the watch if the step ended while it was being claimed, or if
/// nobody told the carrier of its end.
final class Cell extends Padding {
  private static final VarHandle OWNER = handle("owner", WeakReference.class);
  private static final VarHandle STEP = handle("step", long.class);
  private static final VarHandle TASK = handle("task", long.class);
  private static final VarHandle CLAIMED = handle("claimed", long.class);

  /// The carrier. By a thread that finds the cell free or its owner dead, by compare-and-set. Weak,
  /// because a loop's thread leads to its greenhouse even when it is dead.
  private volatile @Nullable WeakReference<Thread> owner;

  /// The owner's id, by itself after `owner`: each thread looks only whether it is its own.
  private volatile long ownerId;

  /// Owner: a release store, after `task`; read by the watch, by an acquire. A volatile store,
  /// which nothing needs, would cost more than all else that a step does here.
  private long step;

  /// Owner, before `step`; read by the watch, after it.
  @SuppressWarnings("UnusedVariable") // written by TASK
  private long task;

  /// From 0 to a step's number by the watch; back, by compare-and-set, by who counts its time.
  private volatile long claimed;

  /// When the watch first saw the step that is claimed; written by the watch before `claimed`.
  private long claimedSince;

  // ---- the watch's thread only

  /// The number it saw last.
  long seen;

  /// When it first saw it.
  long since;

  /// It is not looked into before it has lasted for so many nanoseconds.
  long patience;

  /// The last step that needs no further look.
  long done;

  /// The last step that was reported.
  long reported;

  /// Its task, once it has lasted for long.
  @Nullable TaskView suspect;

  /// How many steps that had begun then.
  long stepsOfSuspect;

  private static VarHandle handle(String field, Class<?> type) {
    return ConstantBootstraps.fieldVarHandle(
        MethodHandles.lookup(), field, VarHandle.class, Cell.class, type);
  }

  // ---- owners

  @Nullable Thread owner() {
    WeakReference<Thread> reference = owner;
    return reference == null ? null : reference.get();
  }

  boolean isOf(Thread current) {
    return ownerId == current.threadId();
  }

  /// {@return whether the cell now belongs to the current thread}
  boolean take(Thread current) {
    WeakReference<Thread> before = owner;
    Thread thread = before == null ? null : before.get();
    if ((thread == null || !thread.isAlive())
        && OWNER.compareAndSet(this, before, new WeakReference<>(current))) {
      ownerId = current.threadId();
      return true;
    }
    return false;
  }

  // ---- the owner

  void begin(long id) {
    TASK.setOpaque(this, id);
    STEP.setRelease(this, (step + 1) | 1); // the last one's end may not have been told
  }

  /// {@return the nanoseconds that a claimed step took, or -1 if they are not to be counted}
  long end() {
    long n = step;
    if ((n & 1) == 0) { // its beginning was not told
      return -1;
    }
    long nanos = claimed == n ? settle(n) : -1;
    STEP.setRelease(this, n + 1);
    return nanos;
  }

  /// {@return the nanoseconds that a claimed step took, or -1 if somebody else counts them}
  long settle(long n) {
    return CLAIMED.compareAndSet(this, n, 0) ? Math.max(0, System.nanoTime() - claimedSince) : -1;
  }

  // ---- the watch's thread

  long step() {
    return (long) STEP.getAcquire(this);
  }

  long task() {
    return (long) TASK.getOpaque(this);
  }

  long claimed() {
    return claimed;
  }

  void see(long n, long now, long patienceNanos) {
    seen = n;
    since = now;
    patience = patienceNanos;
  }

  void claim(long n) {
    claimedSince = since;
    claimed = n;
  }
}
