package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
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
public sealed interface CancelScope permits ScopeImpl {
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
  static <T, X extends Throwable> Optional<T> moveOnAfter(
      Duration time, ScopedValue.CallableOp<? extends T, X> op) throws X {
    return ScopeRun.callFresh(
        ScopeImpl.fresh("moveOnAfter"), Objects.requireNonNull(time, "time"), op);
  }

  /// Runs an operation for some time at most.
  ///
  /// @param <X> what it may throw
  /// @param time how long; zero and less are over at once
  /// @param op the operation
  /// @return true if it ran to its end, false if it was cut off
  /// @throws X if the operation does
  /// @throws Cancelled if something around the scope is cancelled
  static <X extends Throwable> boolean moveOnAfter(Duration time, VoidOp<X> op) throws X {
    return ScopeRun.runFresh(
        ScopeImpl.fresh("moveOnAfter"), Objects.requireNonNull(time, "time"), ScopeRun.asCall(op));
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
  static <T, X extends Throwable> Optional<T> moveOnAt(
      Instant time, ScopedValue.CallableOp<? extends T, X> op) throws X {
    return ScopeRun.callFresh(
        ScopeImpl.fresh("moveOnAt"), Objects.requireNonNull(time, "time"), op);
  }

  /// Runs an operation until some time of day at most, as [#moveOnAfter(Duration, VoidOp)] does.
  ///
  /// @param <X> what it may throw
  /// @param time until when, on the greenhouse's clock
  /// @param op the operation
  /// @return true if it ran to its end, false if it was cut off
  /// @throws X if the operation does
  static <X extends Throwable> boolean moveOnAt(Instant time, VoidOp<X> op) throws X {
    return ScopeRun.runFresh(
        ScopeImpl.fresh("moveOnAt"), Objects.requireNonNull(time, "time"), ScopeRun.asCall(op));
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
  static <T extends @Nullable Object, X extends Throwable> T failAfter(
      Duration time, ScopedValue.CallableOp<? extends T, X> op) throws X, TimeoutException {
    return ScopeRun.callOrFail(
        ScopeImpl.fresh("failAfter"), Objects.requireNonNull(time, "time"), op);
  }

  /// Runs an operation that must end in some time.
  ///
  /// @param <X> what it may throw
  /// @param time how long; zero and less are over at once
  /// @param op the operation
  /// @throws X if the operation does
  /// @throws TimeoutException if it was cut off, with what it threw then as its cause
  /// @throws Cancelled if something around the scope is cancelled
  static <X extends Throwable> void failAfter(Duration time, VoidOp<X> op)
      throws X, TimeoutException {
    ScopeRun.<@Nullable Void, X>callOrFail(
        ScopeImpl.fresh("failAfter"), Objects.requireNonNull(time, "time"), ScopeRun.asCall(op));
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
  static <T extends @Nullable Object, X extends Throwable> T failAt(
      Instant time, ScopedValue.CallableOp<? extends T, X> op) throws X, TimeoutException {
    return ScopeRun.callOrFail(ScopeImpl.fresh("failAt"), Objects.requireNonNull(time, "time"), op);
  }

  /// Runs an operation that must end until some time of day, as [#failAfter(Duration, VoidOp)]
  /// does.
  ///
  /// @param <X> what it may throw
  /// @param time until when, on the greenhouse's clock
  /// @param op the operation
  /// @throws X if the operation does
  /// @throws TimeoutException if it was cut off
  static <X extends Throwable> void failAt(Instant time, VoidOp<X> op) throws X, TimeoutException {
    ScopeRun.<@Nullable Void, X>callOrFail(
        ScopeImpl.fresh("failAt"), Objects.requireNonNull(time, "time"), ScopeRun.asCall(op));
  }

  /// Runs a body in a scope that it can cancel itself or hand to others for that.
  ///
  /// @param <X> what it may throw
  /// @param body gets the scope
  /// @return true if it ran to its end, false if it was cut off
  /// @throws X if the body does
  /// @throws Cancelled if something around the scope is cancelled
  static <X extends Throwable> boolean run(ScopeBody<X> body) throws X {
    Objects.requireNonNull(body, "body");
    var scope = ScopeImpl.fresh("scope");
    return ScopeRun.runFresh(
        scope,
        null,
        () -> {
          body.run(scope);
          return null;
        });
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
  static <T, X extends Throwable> Optional<T> call(ScopeCallable<? extends T, X> body) throws X {
    Objects.requireNonNull(body, "body");
    var scope = ScopeImpl.fresh("scope");
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
  static <T extends @Nullable Object, X extends Throwable> T shield(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    return ScopeRun.callShielded(ScopeImpl.fresh("shield").shielded(true), op);
  }

  /// Runs an operation that cancellation from outside does not reach, as
  /// [#shield(ScopedValue.CallableOp)] does.
  ///
  /// @param <X> what it may throw
  /// @param op the operation
  /// @throws X if the operation does
  static <X extends Throwable> void shield(VoidOp<X> op) throws X {
    ScopeRun.<@Nullable Void, X>callShielded(
        ScopeImpl.fresh("shield").shielded(true), ScopeRun.asCall(op));
  }

  /// Runs an operation in which the current task is not interrupted: its cancellation waits for a
  /// checkpoint of ours. For what an interrupt would harm: it closes a `FileChannel` or socket that
  /// others use, too. An operation that never comes to a checkpoint is not cancelled; the task is
  /// interrupted when it is over.
  ///
  /// It is about this task alone, not about those it forks inside.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return its value
  /// @throws X if the operation does
  static <T extends @Nullable Object, X extends Throwable> T withoutInterrupts(
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
  static <X extends Throwable> void withoutInterrupts(VoidOp<X> op) throws X {
    CancelScope.<@Nullable Void, X>withoutInterrupts(ScopeRun.asCall(op));
  }

  // ---- asking, in the current task

  /// {@return the time at which the current task will be cancelled: the earliest deadline of the
  /// scopes around it, up to a shield; `Instant.MAX` if there is none, `Instant.MIN` if it is
  /// cancelled}
  ///
  /// @throws IllegalStateException if the current thread is no task
  static Instant effectiveDeadline() {
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
  static boolean shouldWindDown() {
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
  static <T, X extends Throwable> Optional<T> moveOnWindDown(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    return ScopeRun.callFresh(ScopeImpl.endingOnWindDown(), null, op);
  }

  /// Runs an operation until the task is asked to wind down, as
  /// [#moveOnWindDown(ScopedValue.CallableOp)] does.
  ///
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return true if it ran to its end, false if it was cut off
  /// @throws X if the operation does
  static <X extends Throwable> boolean moveOnWindDown(VoidOp<X> op) throws X {
    return ScopeRun.runFresh(ScopeImpl.endingOnWindDown(), null, ScopeRun.asCall(op));
  }

  // ---- a scope that is there before it is entered

  /// Makes a scope that is entered later by [#run(VoidOp)] or [#call(ScopedValue.CallableOp)]: to
  /// be cancelled by somebody who gets it first, or to have a name.
  ///
  /// @param name for messages
  /// @return a scope that nobody has entered
  static CancelScope named(String name) {
    return ScopeImpl.fresh(Objects.requireNonNull(name, "name"));
  }

  /// Enters the scope and runs an operation in it. A scope is entered once.
  ///
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return true if it ran to its end, false if it was cut off
  /// @throws X if the operation does
  /// @throws Cancelled if something around the scope is cancelled
  /// @throws IllegalStateException if it was entered before, or is a nursery's or a task's
  <X extends Throwable> boolean run(VoidOp<X> op) throws X;

  /// Enters the scope and runs an operation in it. A scope is entered once.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return its value, or nothing if it was cut off
  /// @throws X if the operation does
  /// @throws Cancelled if something around the scope is cancelled
  /// @throws IllegalStateException if it was entered before, or is a nursery's or a task's
  <T, X extends Throwable> Optional<T> call(ScopedValue.CallableOp<? extends T, X> op) throws X;

  /// Asks everything inside to come to an end, and cancels what has not when the grace is over.
  /// Does not block; any thread may call it. The earlier end of several calls counts.
  ///
  /// Tasks see it by [#shouldWindDown()], and what they do in [#moveOnWindDown(VoidOp)] is cut off
  /// at once.
  ///
  /// @param grace how much time there is; zero and less cancel at once
  /// @throws IllegalStateException if the scope is not entered yet
  void cancelAfter(Duration grace);

  // ---- cancelling: any thread, never blocks

  /// Cancels everything inside. Later calls do nothing: the first reason stays. A scope that is
  /// cancelled before it is entered is cancelled from the beginning.
  ///
  /// @param reason why, for people
  void cancel(String reason);

  /// Cancels everything inside, as [#cancel(String)] does, with the reason that somebody asked for
  /// it.
  void cancel();

  /// {@return whether the scope was cancelled, or its deadline has passed; that stays true}
  boolean isCancelled();

  /// {@return whether what left the scope was its own cancellation, which ended there}
  boolean caughtCancellation();

  /// {@return why the scope was cancelled, if it was}
  Optional<CancelReason> reason();

  // ---- deadline and shield: any thread, at any time

  /// Sets the deadline, earlier or later than before, to some time from now; or from the entering
  /// of the scope, if that is still to come. A scope that is cancelled stays so.
  ///
  /// @param time how long; zero and less are over at once
  /// @return this
  CancelScope deadline(Duration time);

  /// Sets the deadline, earlier or later than before. A scope that is cancelled stays so.
  ///
  /// @param time when, on the greenhouse's clock; `Instant.MAX` for never
  /// @return this
  CancelScope deadline(Instant time);

  /// {@return the deadline, `Instant.MAX` if there is none}
  ///
  /// @throws IllegalStateException if it counts from the entering of the scope, which is still to
  ///   come
  Instant deadline();

  /// {@return whether it is a shield}
  boolean shielded();

  /// Makes the scope a shield, or none any more: a shield keeps cancellation outside of it from
  /// what is inside, with immediate effect. Its own cancellation is not affected. If another thread
  /// raises it after the task was cancelled, an interrupt that was sent before may still end one
  /// wait of the JDK; if the task does, none is left.
  ///
  /// @param on whether it is one
  /// @return this
  CancelScope shielded(boolean on);

  // ---- what can be seen

  /// {@return the name that it was given; a nursery's or task's scope has theirs, others that of
  /// the method that made them}
  String name();

  /// {@return its name, whether it is entered, left or cancelled, and its deadline}
  @Override
  String toString();
}
