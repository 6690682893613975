package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.scheduler.Fiber;
import dev.greenhouse.nursery.scheduler.Scheduler;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The part of a task that is a place in the tree: its nursery, its stack of scopes and nurseries,
/// and what of all that is cancelled.
abstract class ScopedTask extends Fiber {
  private static final VarHandle SCOPE =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "scope", VarHandle.class, ScopedTask.class, ScopeImpl.class);

  private static final @Nullable Object[] NO_LOCALS = {};

  /// What few tasks have, kept apart because there may be a million of them.
  private static final class Extras {
    /// Its own scope, around all that it opens: made by who cancels the task first, under the
    /// task's spin word.
    volatile @Nullable ScopeImpl own;

    /// The start that it is under. Written before the task's own start; to null by `started`.
    volatile @Nullable Start<?> startedUnder;

    /// The child of a pending start. Own thread writes.
    volatile @Nullable TaskImpl<?> starting;

    /// What `TaskLocal` keeps. By anybody.
    final AtomicReference<@Nullable Object[]> locals = new AtomicReference<>(NO_LOCALS);
  }

  private final @Nullable NurseryImpl nursery;

  /// The innermost that the task has opened. Own thread writes; read anywhere.
  private volatile @Nullable ScopeImpl scope;

  private volatile @Nullable Extras extras; // made under the spin word

  private boolean timed; // own thread only: perhaps one of its scopes has a deadline

  ScopedTask(Scheduler scheduler, boolean carried, @Nullable NurseryImpl nursery) {
    super(scheduler, carried);
    this.nursery = nursery;
  }

  /// {@return this, which is always a task}
  private TaskImpl<?> self() {
    return (TaskImpl<?>) this;
  }

  private Extras extrasMade() {
    Extras e = extras;
    if (e != null) {
      return e;
    }
    var made = new Extras();
    lock();
    try {
      e = extras;
      if (e == null) {
        extras = e = made;
      }
    } finally {
      unlock();
    }
    return e;
  }

  @Override
  public final @Nullable Object[] locals() {
    Extras e = extras;
    return e == null ? NO_LOCALS : e.locals.get();
  }

  @Override
  public final boolean replaceLocals(@Nullable Object[] expected, @Nullable Object[] wanted) {
    return expected == wanted || extrasMade().locals.compareAndSet(expected, wanted);
  }

  // ---- its place

  /// {@return the nursery that it is in; null for a root}
  @Nullable NurseryImpl nursery() {
    return nursery;
  }

  /// {@return the owner of the nursery that it is in}
  @Nullable TaskImpl<?> ancestor() {
    NurseryImpl n = nursery;
    return n == null ? null : n.owner();
  }

  OpenGreenhouse greenhouseOf() {
    return (OpenGreenhouse) scheduler().greenhouse;
  }

  /// {@return the innermost scope that the task itself has opened}
  @Nullable ScopeImpl scope() {
    return scope;
  }

  /// {@return the innermost nursery that the task has opened}
  @Nullable NurseryImpl innermost() {
    ScopeImpl s = scope;
    while (s != null && s.nursery == null) {
      s = s.outer;
    }
    return s == null ? null : s.nursery;
  }

  void addNurseriesTo(ArrayDeque<NurseryImpl> found) {
    for (NurseryImpl n = innermost(); n != null; n = n.outer()) {
      found.add(n);
    }
  }

  /// Whoever spreads a cancellation writes the signal and then reads the nurseries, so here it is
  /// the other way round.
  void push(NurseryImpl n) {
    scope = n.cancelScope();
    if (hasSignal()) {
      n.members().markMaybeCancelled();
    }
  }

  /// A scope that is no nursery's. A store that others see later does no harm: they would tell the
  /// task a bit too much. If the scope keeps something out, or looks at what is around it, the
  /// caller puts a fence behind.
  void push(ScopeImpl s) {
    SCOPE.setRelease(this, s);
  }

  /// The volatile store comes before the look at the signal in `afterLeave`.
  void pop(ScopeImpl s) {
    scope = s.outer;
  }

  /// At the task's end: scopes are left whose leaving died of a stack overflow.
  void dropDeadScopes() {
    for (ScopeImpl s; (s = scope) != null; ) {
      s.leave(self(), false);
    }
  }

  boolean isOnStack(ScopeImpl wanted) {
    for (ScopeImpl s = scope; s != null; s = s.outer) {
      if (s == wanted) {
        return true;
      }
    }
    return false;
  }

  // ---- deadlines

  /// One of its scopes has a deadline now, for which no timer is set. Own thread.
  void addUnarmed() {
    timed = true;
    setUnarmed(true);
    if (!isCarried() || !scheduler().looksAfterDeadlines()) {
      armDeadlines();
    }
  }

  @Override
  protected final void armDeadlines() {
    for (ScopeImpl s = scope; s != null; s = s.outer) {
      Deadline d = s.deadlineOrNull();
      if (d != null && !d.armed) {
        s.arm(self(), d);
      }
    }
    setUnarmed(false);
  }

  @Override
  public final void expireDeadlines() {
    expireOwnDeadlines();
  }

  /// {@return whether one of its scopes has a deadline}
  private boolean expireOwnDeadlines() {
    boolean any = false;
    long now = 0;
    for (ScopeImpl s = scope; s != null; s = s.outer) {
      Deadline d = s.deadlineOrNull();
      if (d != null) {
        now = any ? now : scheduler().clock.nanoTime();
        any = true;
        if (s.reasonOrNull() == null && d.isOver(now)) {
          s.deadlineReached(d);
        }
      }
    }
    return any;
  }

  // ---- a pending start

  @Nullable TaskImpl<?> starting() {
    Extras e = extras;
    return e == null ? null : e.starting;
  }

  /// Whoever cancels this task writes its signal and then reads whom it is starting.
  void setStarting(@Nullable TaskImpl<?> child) {
    extrasMade().starting = child;
  }

  @Nullable Start<?> startedUnder() {
    Extras e = extras;
    return e == null ? null : e.startedUnder;
  }

  void startUnder(Start<?> start) {
    extrasMade().startedUnder = start;
  }

  /// From now on it is under its nursery's scopes only; unless the starter is cancelled, be it
  /// after a first look. Any thread; then comes [#afterDetaching].
  ///
  /// @return whether it is
  boolean detachFrom(Start<?> start) {
    Extras e = extrasMade();
    if (visibleCancelled(start.starter, start.scope) != null) {
      return false;
    }
    e.startedUnder = null; // who finds a cancelled starter after that looks here once more
    boolean detached = false;
    try {
      detached = visibleCancelled(start.starter, start.scope) == null;
    } finally {
      if (!detached) {
        e.startedUnder = start;
      }
    }
    return detached;
  }

  /// It sees whether it is still cancelled. Any thread.
  void afterDetaching() {
    boolean cancelled = visibleCancelled() != null;
    if (Fiber.current() != this) {
      if (cancelled) {
        deliver();
      }
    } else if (cancelled) {
      lookAgain();
      catchUp();
    } else {
      afterLeave(null);
    }
  }

  // ---- cancellation

  /// Something around it may be cancelled already. Before the start.
  void maybeCancelledFromStart() {
    lookAgain();
  }

  boolean mayBeCancelled() {
    return hasSignal();
  }

  @Nullable ScopeImpl ownScope() {
    Extras e = extras;
    return e == null ? null : e.own;
  }

  /// {@return the task's own scope, around all that it opens}
  ScopeImpl ownScopeMade() {
    Extras e = extrasMade();
    ScopeImpl mine = e.own;
    if (mine != null) {
      return mine;
    }
    var made = new ScopeImpl(self(), null, null);
    lock();
    try {
      mine = e.own;
      if (mine == null) {
        e.own = mine = made;
      }
    } finally {
      unlock();
    }
    return mine;
  }

  /// {@return the outermost cancelled scope that covers the task now, or null}
  @Nullable ScopeImpl visibleCancelled() {
    return visibleCancelled(this, scope);
  }

  /// {@return the outermost cancelled scope from `scope` of `task` outwards}
  static @Nullable ScopeImpl visibleCancelled(ScopedTask task, @Nullable ScopeImpl scope) {
    ScopeImpl found = null;
    ScopedTask t = task;
    ScopeImpl s = scope;
    while (true) {
      for (; s != null; s = s.outer) {
        found = s.reasonOrNull() != null ? s : found;
        if (s.shielded()) {
          return found;
        }
      }
      Extras extras = t.extras;
      if (extras != null) {
        ScopeImpl mine = extras.own;
        found = mine != null && mine.reasonOrNull() != null ? mine : found;
        Start<?> start = extras.startedUnder;
        if (start != null) {
          ScopeImpl ofStarter =
              start.isByOwner()
                  ? cancelledUpTo(start.scope, Objects.requireNonNull(t.nursery).cancelScope())
                  : visibleCancelled(start.starter, start.scope);
          found = ofStarter != null && extras.startedUnder == start ? ofStarter : found;
        }
      }
      NurseryImpl n = t.nursery;
      if (n == null) {
        return found;
      }
      s = n.cancelScope();
      t = n.owner();
    }
  }

  /// The scopes of a starter that are inside of those that come next anyway: looking at these twice
  /// would double the work with each start inside a start.
  private static @Nullable ScopeImpl cancelledUpTo(@Nullable ScopeImpl from, ScopeImpl end) {
    ScopeImpl found = null;
    for (ScopeImpl s = from; s != null && s != end; s = s.outer) {
      found = s.reasonOrNull() != null ? s : found;
      if (s.shielded()) {
        break;
      }
    }
    return found;
  }

  @Override
  protected final @Nullable Object cancelledBy() {
    return visibleCancelled();
  }

  @Override
  public final RuntimeException cancellation(@Nullable Object by) {
    ScopeImpl cancelled = by != null ? (ScopeImpl) by : visibleCancelled();
    CancelReason reason = cancelled == null ? null : cancelled.reasonOrNull();
    if (cancelled == null || reason == null) {
      return new IllegalStateException(
          "Task '%s' was resumed as cancelled, but no scope around it is. Resume it with a value or an exception."
              .formatted(name()));
    }
    raises(cancelled);
    greenhouseOf().hooks().cancelDelivered(this, reason);
    NurseryImpl n = cancelled.nursery;
    if (n != null && n.owner() == this) {
      RuntimeException failed = n.failureForBody();
      if (failed != null) {
        return failed;
      }
    }
    return self().toldOf(reason, cancelled.name());
  }

  public void cancel(String reason) {
    Objects.requireNonNull(reason, "reason");
    cancel(new CancelReason(Source.EXPLICIT, reason));
  }

  void cancel(CancelReason reason) {
    if (!isOver()) {
      ownScopeMade().cancel(reason);
    }
  }

  /// {@return whether it has an outcome}
  abstract boolean isOver();

  // ---- checkpoints, in its own thread

  void throwIfCancelledNow() {
    Object by = checkCancelled();
    if (by != null) {
      throw cancellation(by);
    }
  }

  /// Notices deadlines that have passed, even if their timers had no chance to fire yet.
  void checkpointNow() {
    if (timed) {
      timed = expireOwnDeadlines();
    }
    throwIfCancelledNow();
    yieldNow();
    throwIfCancelledNow();
  }
}
