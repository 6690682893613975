package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// A region of code that can be cancelled as a whole: by hand, or by a deadline.
///
/// ```java
/// Optional<Quote> quote = CancelScope.moveOnAfter(ofSeconds(2), () -> broker.quote(share));
/// ```
///
/// Every nursery owns one, around its body and its tasks. Others are made by the static methods,
/// which run an operation in the current task, inside of a new scope:
///
/// | | cut off, it | |
/// |---|---|---|
/// | [#moveOnAfter(Duration, ScopedValue.CallableOp)], `moveOnAt` | gives an empty result | |
/// | [#failAfter(Duration, ScopedValue.CallableOp)], `failAt` | throws `TimeoutException` | |
/// | [#run(ScopeBody)], [#call(ScopeCallable)] | gives an empty result | the body gets the scope, to cancel it or to move its deadline |
/// | [#shield(ScopedValue.CallableOp)] | | is kept from cancellation outside |
/// | [#moveOnWindDown(ScopedValue.CallableOp)] | gives an empty result | ends when tasks are asked to [wind down][#shouldWindDown()] |
///
/// **Cancellation stays on.** Once a scope is cancelled, *every* checkpoint inside raises
/// [Cancelled], and every blocking call of the JDK is interrupted, again and again, until the scope
/// is left or a shield covers the task. What leaves a cancelled scope because of that ends there:
/// the outermost cancelled one absorbs it. An exception that was caused by our interrupt, such as
/// an `InterruptedException` or a library's exception around one, counts as [Cancelled]. All others
/// are failures and pass.
///
/// **Deadlines** are on the greenhouse's clock. One that is not positive, or a time that has
/// passed, is already over: the operation runs, and is cancelled at its first checkpoint. One of
/// more than 146 years is as good as none. A timer is set when the task first waits; a task that
/// runs on and on without one is looked at every few milliseconds.
///
/// The static methods throw `IllegalStateException` on a thread that is no task. They are no
/// checkpoints themselves. What a thread does before it cancels happens-before what the task does
/// after it was told.
///
/// The idea is Trio's; see N. J. Smith, [Timeouts and cancellation for
/// humans](https://vorpus.org/blog/timeouts-and-cancellation-for-humans/).
public final class CancelScope {
  private static final VarHandle REASON =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "reason", VarHandle.class, CancelScope.class, CancelReason.class);

  private static final VarHandle OWNER =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "owner", VarHandle.class, CancelScope.class, TaskImpl.class);

  private static final VarHandle STATE =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "state", VarHandle.class, CancelScope.class, byte.class);

  private static final VarHandle DEADLINE =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "deadline", VarHandle.class, CancelScope.class, Deadline.class);

  private static final byte NEW = 0;
  private static final byte ENTERED = 1;
  private static final byte LEFT = 2;

  /// The nursery whose scope it is; null for others.
  final @Nullable NurseryImpl nursery;

  private final @Nullable String name; // null for a nursery's or a task's

  /// The task that the scope is on the stack of. Null until it is entered; once written, in the
  /// constructor or by `enter` as a volatile.
  private @Nullable TaskImpl<?> owner;

  /// The next scope outwards in the same task; null if there is none. Written with `owner`.
  @Nullable CancelScope outer;

  /// Set once by whoever cancels first; read anywhere.
  private volatile @Nullable CancelReason reason;

  /// Written by the owner, released before it changes its stack, which is a volatile store.
  private volatile byte state;

  private volatile boolean shielded; // by anybody
  private volatile boolean windingDown; // to true, by anybody
  private boolean endsOnWindDown; // before it is entered
  private boolean wasShielded; // to true before `shielded` is; the owner reads it at last
  private volatile boolean caught; // owner writes, when it leaves

  /// Null if there is none. Written under the owner's spin word once entered; read anywhere.
  private volatile @Nullable Deadline deadline;

  /// The deadline of a scope that is not entered: Duration, Instant or null.
  private volatile @Nullable Object planned;

  /// The scope of a nursery, or of a task, which is on its stack from the beginning.
  CancelScope(TaskImpl<?> owner, @Nullable CancelScope outer, @Nullable NurseryImpl nursery) {
    this.owner = owner;
    this.outer = outer;
    this.nursery = nursery;
    this.name = null;
    STATE.setRelease(this, ENTERED);
  }

  private CancelScope(String name) {
    this.name = name;
    this.nursery = null;
  }

  // ---- running something in a scope

  /// Runs an operation for some time at most.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param time how long; zero and less are over at once
  /// @param op the operation
  /// @return its value, or nothing if it was cut off
  /// @throws X if the operation does
  /// @throws Cancelled if something around the scope is cancelled
  /// @throws NullPointerException if the value is null: use the form without a value, or
  ///   `failAfter`
  public static <T, X extends Throwable> Optional<T> moveOnAfter(
      Duration time, ScopedValue.CallableOp<? extends T, X> op) throws X {
    return ScopeRun.callFresh(new CancelScope("moveOnAfter"), requireTime(time), op);
  }

  /// Runs an operation for some time at most.
  ///
  /// @param <X> what it may throw
  /// @param time how long; zero and less are over at once
  /// @param op the operation
  /// @return true if it ran to its end, false if it was cut off
  /// @throws X if the operation does
  /// @throws Cancelled if something around the scope is cancelled
  public static <X extends Throwable> boolean moveOnAfter(Duration time, VoidOp<X> op) throws X {
    return ScopeRun.runFresh(new CancelScope("moveOnAfter"), requireTime(time), op);
  }

  /// Runs an operation until some time of day at most, as [#moveOnAfter(Duration,
  /// ScopedValue.CallableOp)] does.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param time until when, on the greenhouse's clock
  /// @param op the operation
  /// @return its value, or nothing if it was cut off
  /// @throws X if the operation does
  public static <T, X extends Throwable> Optional<T> moveOnAt(
      Instant time, ScopedValue.CallableOp<? extends T, X> op) throws X {
    return ScopeRun.callFresh(new CancelScope("moveOnAt"), requireTime(time), op);
  }

  /// Runs an operation until some time of day at most, as [#moveOnAfter(Duration, VoidOp)] does.
  ///
  /// @param <X> what it may throw
  /// @param time until when, on the greenhouse's clock
  /// @param op the operation
  /// @return true if it ran to its end, false if it was cut off
  /// @throws X if the operation does
  public static <X extends Throwable> boolean moveOnAt(Instant time, VoidOp<X> op) throws X {
    return ScopeRun.runFresh(new CancelScope("moveOnAt"), requireTime(time), op);
  }

  /// Runs an operation that must end in some time.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param time how long; zero and less are over at once
  /// @param op the operation
  /// @return its value
  /// @throws X if the operation does
  /// @throws TimeoutException if it was cut off, with what it threw then as its cause
  /// @throws Cancelled if something around the scope is cancelled
  public static <T extends @Nullable Object, X extends Throwable> T failAfter(
      Duration time, ScopedValue.CallableOp<? extends T, X> op) throws X, TimeoutException {
    return ScopeRun.callOrFail(new CancelScope("failAfter"), requireTime(time), op);
  }

  /// Runs an operation that must end in some time.
  ///
  /// @param <X> what it may throw
  /// @param time how long; zero and less are over at once
  /// @param op the operation
  /// @throws X if the operation does
  /// @throws TimeoutException if it was cut off, with what it threw then as its cause
  /// @throws Cancelled if something around the scope is cancelled
  public static <X extends Throwable> void failAfter(Duration time, VoidOp<X> op)
      throws X, TimeoutException {
    ScopeRun.<@Nullable Void, X>callOrFail(
        new CancelScope("failAfter"), requireTime(time), ScopeRun.asCall(op));
  }

  /// Runs an operation that must end until some time of day, as [#failAfter(Duration,
  /// ScopedValue.CallableOp)] does.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param time until when, on the greenhouse's clock
  /// @param op the operation
  /// @return its value
  /// @throws X if the operation does
  /// @throws TimeoutException if it was cut off
  public static <T extends @Nullable Object, X extends Throwable> T failAt(
      Instant time, ScopedValue.CallableOp<? extends T, X> op) throws X, TimeoutException {
    return ScopeRun.callOrFail(new CancelScope("failAt"), requireTime(time), op);
  }

  /// Runs an operation that must end until some time of day, as [#failAfter(Duration, VoidOp)]
  /// does.
  ///
  /// @param <X> what it may throw
  /// @param time until when, on the greenhouse's clock
  /// @param op the operation
  /// @throws X if the operation does
  /// @throws TimeoutException if it was cut off
  public static <X extends Throwable> void failAt(Instant time, VoidOp<X> op)
      throws X, TimeoutException {
    ScopeRun.<@Nullable Void, X>callOrFail(
        new CancelScope("failAt"), requireTime(time), ScopeRun.asCall(op));
  }

  /// Runs a body in a scope that it can cancel itself or hand to others for that.
  ///
  /// @param <X> what it may throw
  /// @param body gets the scope
  /// @return true if it ran to its end, false if it was cut off
  /// @throws X if the body does
  /// @throws Cancelled if something around the scope is cancelled
  public static <X extends Throwable> boolean run(ScopeBody<X> body) throws X {
    Objects.requireNonNull(body, "body");
    var scope = new CancelScope("scope");
    return ScopeRun.runFresh(scope, null, () -> body.run(scope));
  }

  /// Runs a body in a scope that it can cancel itself or hand to others for that.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param body gets the scope
  /// @return its value, or nothing if it was cut off
  /// @throws X if the body does
  /// @throws Cancelled if something around the scope is cancelled
  /// @throws NullPointerException if the value is null
  public static <T, X extends Throwable> Optional<T> call(ScopeCallable<? extends T, X> body)
      throws X {
    Objects.requireNonNull(body, "body");
    var scope = new CancelScope("scope");
    return ScopeRun.<T, X>callFresh(scope, null, () -> body.call(scope));
  }

  /// Runs an operation that cancellation from outside does not reach: for cleaning up. It can still
  /// be cancelled from inside. Put a deadline into it, as whoever cancels will wait for it.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return its value
  /// @throws X if the operation does
  public static <T extends @Nullable Object, X extends Throwable> T shield(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    return ScopeRun.callShielded(new CancelScope("shield").shielded(true), op);
  }

  /// Runs an operation that cancellation from outside does not reach, as
  /// [#shield(ScopedValue.CallableOp)] does.
  ///
  /// @param <X> what it may throw
  /// @param op the operation
  /// @throws X if the operation does
  public static <X extends Throwable> void shield(VoidOp<X> op) throws X {
    ScopeRun.<@Nullable Void, X>callShielded(
        new CancelScope("shield").shielded(true), ScopeRun.asCall(op));
  }

  /// Runs an operation in which the current task is not interrupted: its cancellation waits for a
  /// checkpoint of ours. For what an interrupt would harm: it closes a `FileChannel` or socket that
  /// others use, too. An operation that never comes to a checkpoint is not cancelled.
  ///
  /// It is about this task alone, not about those it forks inside.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return its value
  /// @throws X if the operation does
  public static <T extends @Nullable Object, X extends Throwable> T withoutInterrupts(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    Objects.requireNonNull(op, "op");
    TaskImpl<?> task = TaskImpl.requireCurrent();
    task.beginUninterruptible();
    try {
      return op.call();
    } finally {
      task.endUninterruptible();
    }
  }

  /// Runs an operation in which the current task is not interrupted, as
  /// [#withoutInterrupts(ScopedValue.CallableOp)] does.
  ///
  /// @param <X> what it may throw
  /// @param op the operation
  /// @throws X if the operation does
  public static <X extends Throwable> void withoutInterrupts(VoidOp<X> op) throws X {
    CancelScope.<@Nullable Void, X>withoutInterrupts(ScopeRun.asCall(op));
  }

  private static Object requireTime(@Nullable Object time) {
    return Objects.requireNonNull(time, "time");
  }

  // ---- asking, in the current task

  /// {@return the time at which the current task will be cancelled: the earliest deadline of the
  /// scopes around it, up to a shield; `Instant.MAX` if there is none, `Instant.MIN` if it is
  /// cancelled}
  ///
  /// @throws IllegalStateException if the current thread is no task
  public static Instant effectiveDeadline() {
    TaskImpl<?> task = TaskImpl.requireCurrent();
    task.expireDeadlines();
    return task.visibleCancelled() != null
        ? Instant.MIN
        : Surroundings.instantOf(task, Surroundings.earliestDeadline(task));
  }

  // ---- winding down

  /// {@return whether the current task should come to an end by itself: somebody called
  /// [#cancelAfter] on a scope around it, or cancelled that, and no shield is between}
  ///
  /// @throws IllegalStateException if the current thread is no task
  public static boolean shouldWindDown() {
    return Surroundings.isWindingDown(TaskImpl.requireCurrent());
  }

  /// Runs an operation until the task is asked to wind down: for waits that have no reason to go on
  /// then, such as that for the next request. If that was asked before, the operation runs and is
  /// cancelled at its first checkpoint.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return its value, or nothing if it was cut off
  /// @throws X if the operation does
  /// @throws NullPointerException if the value is null
  public static <T, X extends Throwable> Optional<T> moveOnWindDown(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    return ScopeRun.callFresh(endingOnWindDown(), null, op);
  }

  /// Runs an operation until the task is asked to wind down, as
  /// [#moveOnWindDown(ScopedValue.CallableOp)] does.
  ///
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return true if it ran to its end, false if it was cut off
  /// @throws X if the operation does
  public static <X extends Throwable> boolean moveOnWindDown(VoidOp<X> op) throws X {
    return ScopeRun.runFresh(endingOnWindDown(), null, op);
  }

  private static CancelScope endingOnWindDown() {
    var scope = new CancelScope("moveOnWindDown");
    scope.endsOnWindDown = true;
    return scope;
  }

  /// Asks everything inside to come to an end, and cancels what has not when the grace is over.
  /// Does not block; any thread may call it. The earlier end of several calls counts.
  ///
  /// Tasks see it by [#shouldWindDown()], and what they do in [#moveOnWindDown(VoidOp)] is cut off
  /// at once.
  ///
  /// @param grace how much time there is; zero and less cancel at once
  /// @throws IllegalStateException if the scope is not entered yet
  public void cancelAfter(Duration grace) {
    Objects.requireNonNull(grace, "grace");
    TaskImpl<?> task = entered();
    windingDown = true;
    Deadline end = Deadline.ofGrace(this, task.scheduler().clock.nanoTime(), grace);
    replaceDeadline(task, end, true);
    var asked = new CancelReason(Source.SHUTDOWN, "'%s' was asked to wind down".formatted(name()));
    Delivery.spread(this, t -> cutOffWindingDown(t, asked));
  }

  private boolean cutOffWindingDown(TaskImpl<?> task, CancelReason asked) {
    for (CancelScope s = task.scope(); s != null && s != this; s = s.outer) {
      if (s.endsOnWindDown && Surroundings.isWindingDown(task, s)) {
        s.cancel(asked);
      }
    }
    return false;
  }

  // ---- a scope that is there before it is entered

  /// Makes a scope that is entered later by [#run(VoidOp)] or [#call(ScopedValue.CallableOp)]: to
  /// be cancelled by somebody who gets it first, or to have a name.
  ///
  /// @param name for messages
  /// @return a scope that nobody has entered
  public static CancelScope named(String name) {
    return new CancelScope(Objects.requireNonNull(name, "name"));
  }

  /// Enters the scope and runs an operation in it. A scope is entered once.
  ///
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return true if it ran to its end, false if it was cut off
  /// @throws X if the operation does
  /// @throws Cancelled if something around the scope is cancelled
  /// @throws IllegalStateException if it was entered before, or is a nursery's or a task's
  public <X extends Throwable> boolean run(VoidOp<X> op) throws X {
    return ScopeRun.run(this, op);
  }

  /// Enters the scope and runs an operation in it. A scope is entered once.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return its value, or nothing if it was cut off
  /// @throws X if the operation does
  /// @throws Cancelled if something around the scope is cancelled
  /// @throws IllegalStateException if it was entered before, or is a nursery's or a task's
  public <T, X extends Throwable> Optional<T> call(ScopedValue.CallableOp<? extends T, X> op)
      throws X {
    return ScopeRun.call(this, op);
  }

  // ---- cancelling: any thread, never blocks

  /// Cancels everything inside. Later calls do nothing: the first reason stays. A scope that is
  /// cancelled before it is entered is cancelled from the beginning.
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

  /// {@return whether the scope was cancelled, or its deadline has passed; that stays true}
  public boolean isCancelled() {
    if (reason == null) {
      expireIfOver();
    }
    return reason != null;
  }

  /// {@return whether what left the scope was its own cancellation, which ended there}
  public boolean caughtCancellation() {
    return caught;
  }

  /// {@return why the scope was cancelled, if it was}
  public Optional<CancelReason> reason() {
    return Optional.ofNullable(reason);
  }

  // ---- deadline and shield: any thread, at any time

  /// Sets the deadline, earlier or later than before, to some time from now; or from the entering
  /// of the scope, if that is still to come. A scope that is cancelled stays so.
  ///
  /// @param time how long; zero and less are over at once
  /// @return this
  public CancelScope deadline(Duration time) {
    setDeadline(Objects.requireNonNull(time, "time"));
    return this;
  }

  /// Sets the deadline, earlier or later than before. A scope that is cancelled stays so.
  ///
  /// @param time when, on the greenhouse's clock; `Instant.MAX` for never
  /// @return this
  public CancelScope deadline(Instant time) {
    setDeadline(Objects.requireNonNull(time, "time"));
    return this;
  }

  private void setDeadline(Object time) {
    expireIfOver();
    TaskImpl<?> task = (TaskImpl<?>) OWNER.getVolatile(this);
    if (task == null) {
      planned = time;
      task = (TaskImpl<?>) OWNER.getVolatile(this);
      if (task == null) {
        return; // whoever enters it reads what is planned after that
      }
    }
    replaceDeadline(task, made(task, time), false);
  }

  private @Nullable Deadline made(TaskImpl<?> task, Object time) {
    var clock = task.scheduler().clock;
    if (time instanceof Duration d) {
      return Deadline.after(this, clock.nanoTime(), d);
    }
    return time.equals(Instant.MAX)
        ? null
        : Deadline.at(this, clock.nanoTime(), clock.instant(), (Instant) time);
  }

  /// {@return the deadline, `Instant.MAX` if there is none}
  ///
  /// @throws IllegalStateException if it counts from the entering of the scope, which is still to
  ///   come
  public Instant deadline() {
    Deadline d = deadline;
    if (d != null) {
      return Surroundings.instantOf(task(), d);
    }
    if (state == NEW && planned instanceof Duration time) {
      throw new IllegalStateException(
          "The deadline of scope '%s' is %s after it is entered, which it is not yet. Enter it first, or set a time of day."
              .formatted(name(), Durations.text(time)));
    }
    return state == NEW && planned instanceof Instant time ? time : Instant.MAX;
  }

  /// {@return whether it is a shield}
  public boolean shielded() {
    return shielded;
  }

  /// Makes the scope a shield, or none any more: a shield keeps cancellation outside of it from
  /// what is inside, with immediate effect. Its own cancellation is not affected.
  ///
  /// @param on whether it is one
  /// @return this
  public CancelScope shielded(boolean on) {
    if (on) {
      wasShielded = true;
    }
    shielded = on;
    TaskImpl<?> task = (TaskImpl<?>) OWNER.getVolatile(this);
    if (task != null && !isLeft()) {
      if (on && task == TaskImpl.currentOrNull()) {
        task.afterLeave(); // an interrupt that was sent is taken back
      } else if (!on && ScopedTask.visibleCancelled(task, this) != null) {
        Delivery.begin(this);
      }
    }
    return this;
  }

  // ---- what can be seen

  /// {@return the name that it was given; a nursery's or task's scope has theirs, others that of
  /// the method that made them}
  public String name() {
    if (name != null) {
      return name;
    }
    NurseryImpl n = nursery;
    return n != null ? n.name() : task().name();
  }

  /// {@return its name, whether it is entered, left or cancelled, and its deadline}
  @Override
  public String toString() {
    CancelReason r = reason;
    var text = new StringBuilder("CancelScope[").append(name());
    text.append(state == NEW ? ", not entered" : isLeft() ? ", left" : ", active");
    if (r != null) {
      text.append(", cancelled: ").append(r);
    }
    if (shielded) {
      text.append(", shielded");
    }
    if (windingDown) {
      text.append(", winding down");
    }
    Deadline d = deadline;
    if (d != null && !isLeft()) {
      Duration left = Duration.ofNanos(d.at - task().scheduler().clock.nanoTime());
      text.append(
          left.isNegative()
              ? ", deadline %s ago".formatted(Durations.text(left.negated()))
              : ", deadline in %s".formatted(Durations.text(left)));
    } else if (state == NEW && planned != null) {
      text.append(", deadline ")
          .append(planned instanceof Duration p ? "after " + Durations.text(p) : planned);
    }
    return text.append(']').toString();
  }

  // ---- inside the runtime

  /// {@return the task that has entered it}
  TaskImpl<?> task() {
    TaskImpl<?> t = owner;
    if (t == null) {
      throw new AssertionError("a scope without a task");
    }
    return t;
  }

  private TaskImpl<?> entered() {
    TaskImpl<?> task = (TaskImpl<?>) OWNER.getVolatile(this);
    if (task == null) {
      throw new IllegalStateException(
          "Scope '%s' is not entered yet, so there is nobody in it to wind down. Cancel it instead."
              .formatted(name()));
    }
    return task;
  }

  @Nullable CancelReason reasonOrNull() {
    return reason;
  }

  boolean isWindingDown() {
    return windingDown;
  }

  @Nullable Deadline deadlineOrNull() {
    return deadline;
  }

  /// Cancels if nobody has yet; returns whether this did it.
  boolean cancel(CancelReason why) {
    if (reason != null || !REASON.compareAndSet(this, null, why)) {
      return false;
    }
    TaskImpl<?> task = (TaskImpl<?>) OWNER.getVolatile(this);
    if (task != null) { // or else whoever enters it looks after that
      task.hooks().cancelRequested(task, name(), why);
      Delivery.begin(this);
    }
    return true;
  }

  boolean isLeft() {
    NurseryImpl n = nursery;
    if (n != null) {
      return n.isClosed();
    }
    return state == LEFT || (name == null && task().isOver());
  }

  /// Whether the nursery was opened inside this scope. A task's own scope is around all that it
  /// opens.
  boolean isAround(NurseryImpl n) {
    if (nursery == null && name == null) {
      return true;
    }
    for (CancelScope s = n.cancelScope(); s != null; s = s.outer) {
      if (s == this) {
        return true;
      }
    }
    return false;
  }

  // ---- entering and leaving: owner's thread

  /// A scope that was just made for this.
  void enterFresh(TaskImpl<?> task, @Nullable Object time) {
    owner = task;
    STATE.setRelease(this, ENTERED);
    outer = task.scope();
    if (time != null) {
      DEADLINE.setRelease(this, made(task, time));
    }
    pushOn(task);
  }

  /// A scope that others may have.
  void enter(TaskImpl<?> task) {
    if (nursery != null || name == null || !OWNER.compareAndSet(this, null, task)) {
      throw new IllegalStateException(
          "Scope '%s' was entered before, by task '%s', and can't be entered by task '%s'. Make a new one each time."
              .formatted(name(), task().name(), task.name()));
    }
    outer = task.scope();
    STATE.setRelease(this, ENTERED);
    Object time = planned;
    if (time != null) {
      replaceDeadline(task, made(task, time), false);
    }
    pushOn(task);
    if (reason != null) {
      task.hooks().cancelRequested(task, name(), reason);
      task.lookAgain();
    }
  }

  private void pushOn(TaskImpl<?> task) {
    task.push(this);
    Deadline d = deadline;
    if (d != null && !d.armed) {
      task.addUnarmed();
    }
    if (shielded) {
      task.afterLeave();
    }
    if (endsOnWindDown && Surroundings.isWindingDown(task, this)) {
      cancel(new CancelReason(Source.SHUTDOWN, "the task was asked to wind down"));
    }
  }

  /// {@return whether what was thrown is the scope's own cancellation, and ends here}
  boolean absorbs(TaskImpl<?> task, Throwable thrown) {
    return reason != null && task.visibleCancelled() == this && Interrupts.isCancellation(thrown);
  }

  void leave(TaskImpl<?> task, boolean absorbed) {
    if (absorbed) {
      caught = true;
    }
    STATE.setRelease(this, LEFT);
    task.pop(this);
    afterPop(task);
  }

  /// The scope is off the stack. What still concerns it is dropped, and what it kept out is seen.
  void afterPop(TaskImpl<?> task) {
    Deadline d = deadline; // after the volatile store of pop: see replaceDeadline
    if (d != null) {
      if (!d.armed) {
        task.removeUnarmed();
      }
      d.drop();
    }
    if (wasShielded && task.visibleCancelled() != null) {
      task.lookAgain();
    }
    task.afterLeave();
  }

  // ---- deadlines

  /// Another one takes the place of the deadline. Its timer is set at once if somebody else than
  /// the owner says so. A scope that is left meanwhile has either been seen as left here, or sees
  /// the new deadline there.
  private void replaceDeadline(TaskImpl<?> task, @Nullable Deadline made, boolean onlyIfEarlier) {
    boolean own = task == TaskImpl.currentOrNull();
    Deadline old;
    task.lock();
    try {
      old = deadline;
      if (onlyIfEarlier && old != null && made != null && !made.isBefore(old)) {
        return;
      }
      if (made != null) {
        made.armed = !own;
      }
      deadline = made;
    } finally {
      task.unlock();
    }
    if (old != null) {
      old.drop();
    }
    if (made == null || isLeft()) {
      return;
    }
    if (!own) {
      arm(task, made);
    } else if (state == ENTERED && task.isOnStack(this)) {
      task.addUnarmed();
    }
  }

  /// Sets the timer, or cancels if the time has come. The timer must not stay behind if the scope
  /// was left, or the deadline replaced, meanwhile.
  void arm(TaskImpl<?> task, Deadline d) {
    d.armed = true;
    if (d.isOver(task.scheduler().clock.nanoTime())) {
      deadlineReached(d);
      return;
    }
    task.scheduler().set(d, d.at);
    if (isLeft() || deadline != d) {
      d.drop();
    }
  }

  /// The housekeeper's time is the system's; the clock may be slower.
  void deadlineReached(Deadline d) {
    if (deadline != d || isLeft()) {
      return;
    }
    TaskImpl<?> task = task();
    if (d.isOver(task.scheduler().clock.nanoTime())) {
      cancel(d.reason());
    } else {
      arm(task, d);
    }
  }

  private void expireIfOver() {
    Deadline d = deadline;
    if (d != null) {
      if (!isLeft() && d.isOver(task().scheduler().clock.nanoTime())) {
        cancel(d.reason());
      }
    } else if (state == NEW && planned instanceof Instant time) {
      TaskImpl<?> here = TaskImpl.currentOrNull();
      Instant now = here == null ? Instant.now() : here.scheduler().clock.instant();
      if (!now.isBefore(time)) {
        cancel(new CancelReason(Source.DEADLINE, "deadline at %s passed".formatted(time)));
      }
    }
  }
}
