package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.scheduler.Housekeeper;
import dev.greenhouse.nursery.scheduler.Timer;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A region of code that can be cancelled as a whole: a nursery's body with all its tasks, or a
/// task.
///
/// Cancellation is level-triggered: once a scope is cancelled, every checkpoint inside raises
/// [Cancelled] until the scope is left. Blocking calls of the JDK are interrupted, again and again
/// if they swallow it. The idea is Trio's; see N. J. Smith, [Timeouts and cancellation for
/// humans](https://vorpus.org/blog/timeouts-and-cancellation-for-humans/).
public final class CancelScope {
  private static final VarHandle REASON =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "reason", VarHandle.class, CancelScope.class, CancelReason.class);

  private static final long FIRST_SWEEP = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long BRISK_SWEEP = TimeUnit.MILLISECONDS.toNanos(16);
  private static final int BRISK_SWEEPS = 32; // some swallow a few interrupts before they end
  private static final long SLOWEST_SWEEP = TimeUnit.SECONDS.toNanos(1);

  /// The task that the scope is on the stack of.
  final TaskImpl<?> owner;

  /// The next scope outwards in the same task; null if there is none.
  final @Nullable CancelScope outer;

  /// The nursery whose scope it is; null for a task's own.
  final @Nullable NurseryImpl nursery;

  /// Set once by whoever cancels first; read anywhere.
  private volatile @Nullable CancelReason reason;

  CancelScope(TaskImpl<?> owner, @Nullable CancelScope outer, @Nullable NurseryImpl nursery) {
    this.owner = owner;
    this.outer = outer;
    this.nursery = nursery;
  }

  /// Cancels everything inside. Does not block; any thread may call it. Later calls do nothing: the
  /// first reason stays.
  ///
  /// @param reason why, for people
  public void cancel(String reason) {
    Objects.requireNonNull(reason, "reason");
    cancel(new CancelReason(Source.EXPLICIT, reason));
  }

  /// Cancels everything inside, as [#cancel(String)] does, with the reason that somebody asked for
  /// it.
  public void cancel() {
    cancel(new CancelReason(Source.EXPLICIT, "cancel() was called on '" + name() + "'"));
  }

  /// {@return whether the scope was cancelled; that stays true}
  public boolean isCancelled() {
    return reason != null;
  }

  /// {@return why the scope was cancelled, if it was}
  public Optional<CancelReason> reason() {
    return Optional.ofNullable(reason);
  }

  /// {@return the name of the nursery or the task}
  public String name() {
    NurseryImpl n = nursery;
    return n != null ? n.name() : owner.name();
  }

  /// {@return its name and whether it is cancelled}
  @Override
  public String toString() {
    CancelReason r = reason;
    return "CancelScope[%s, %s]".formatted(name(), r == null ? "active" : "cancelled: " + r);
  }

  // ---- inside the runtime

  @Nullable CancelReason reasonOrNull() {
    return reason;
  }

  /// Cancels if nobody has yet; returns whether this did it.
  boolean cancel(CancelReason why) {
    if (reason != null || !REASON.compareAndSet(this, null, why)) {
      return false;
    }
    owner.greenhouse().hooks().cancelRequested(owner, name(), why);
    boolean again = true;
    try {
      again = spread(true);
    } finally {
      if (again) {
        new Sweep().schedule();
      }
    }
    return true;
  }

  private boolean isLeft() {
    NurseryImpl n = nursery;
    return n != null ? n.isClosed() : owner.outcome().isPresent();
  }

  /// Tells every task that this scope may cover, by a walk without recursion: trees can be deep.
  /// Returns whether somebody may need to be told again.
  private boolean spread(boolean firstTime) {
    var nurseries = new ArrayDeque<NurseryImpl>();
    boolean again = tell(owner, firstTime);
    for (NurseryImpl n = owner.innermost(); n != null && isInside(n); n = n.outer()) {
      nurseries.add(n);
    }
    again |= tellStarting(owner, nurseries, firstTime);
    for (NurseryImpl n; (n = nurseries.poll()) != null; ) {
      for (TaskImpl<?> child : n.membersForCancel()) {
        again |= tell(child, firstTime);
        child.addNurseriesTo(nurseries);
        again |= tellStarting(child, nurseries, firstTime);
      }
    }
    return again;
  }

  private static boolean tellStarting(
      TaskImpl<?> starter, ArrayDeque<NurseryImpl> nurseries, boolean firstTime) {
    boolean again = false;
    for (TaskImpl<?> s = starter.starting(); s != null; s = s.starting()) {
      again |= tell(s, firstTime);
      s.addNurseriesTo(nurseries);
    }
    return again;
  }

  private static boolean tell(TaskImpl<?> task, boolean firstTime) {
    if (firstTime) {
      task.deliver();
      return true;
    }
    return task.deliverAgain();
  }

  /// Whether the nursery was opened inside this scope. A task's own scope is around all that it
  /// opens.
  private boolean isInside(NurseryImpl n) {
    if (this == owner.ownScope()) {
      return true;
    }
    for (CancelScope s = n.cancelScope(); s != null; s = s.outer) {
      if (s == this) {
        return true;
      }
    }
    return false;
  }

  /// Looks, slower and slower, for tasks that were cancelled and wait again in something that is
  /// not ours: what a step's end does not see, such as a pinned wait, or any without the flag.
  private final class Sweep extends Timer {
    private long delay = FIRST_SWEEP;
    private int sweeps;

    void schedule() {
      Housekeeper.get().schedule(this, delay);
    }

    @Override
    protected void fire() {
      if (!isLeft() && spread(false)) {
        delay = Math.min(delay * 2, ++sweeps < BRISK_SWEEPS ? BRISK_SWEEP : SLOWEST_SWEEP);
        schedule();
      }
    }

    @Override
    public String toString() {
      return "the sweep of " + CancelScope.this;
    }
  }
}
