package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.jdk.Sneaky;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Runs operations in cancel scopes: enters, runs, decides whether what was thrown ends there, and
/// leaves.
final class ScopeRun {
  /// What stands for a value if the scope was cut off.
  private record Cut(Throwable thrown) {}

  private ScopeRun() {}

  // ---- scopes made for one operation

  static <T, X extends Throwable> Optional<T> callFresh(
      ScopeImpl scope, @Nullable Object time, ScopedValue.CallableOp<? extends T, X> op) throws X {
    return optional(scope, execute(scope, time, true, op));
  }

  static <X extends Throwable> boolean runFresh(
      ScopeImpl scope, @Nullable Object time, ScopedValue.CallableOp<?, X> op) throws X {
    return !(execute(scope, time, true, op) instanceof Cut);
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // T is nullable where the value is
  static <T extends @Nullable Object, X extends Throwable> T callOrFail(
      ScopeImpl scope, Object time, ScopedValue.CallableOp<? extends T, X> op)
      throws X, TimeoutException {
    Object result = execute(scope, time, true, op);
    if (!(result instanceof Cut(Throwable thrown))) {
      return (T) result;
    }
    var reason = Objects.requireNonNull(scope.reasonOrNull());
    if (reason.source() != Source.DEADLINE) {
      throw Sneaky.<RuntimeException>rethrow(thrown);
    }
    var timeout =
        new TimeoutException(
            "%s, in scope '%s' of task '%s'".formatted(reason, scope.name(), scope.task().name()));
    timeout.initCause(thrown);
    throw timeout;
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // T is nullable where the value is
  static <T extends @Nullable Object, X extends Throwable> T callShielded(
      ScopeImpl shield, ScopedValue.CallableOp<? extends T, X> op) throws X {
    Object result = execute(shield, null, true, op);
    if (result instanceof Cut(Throwable thrown)) {
      throw Sneaky.<RuntimeException>rethrow(thrown);
    }
    return (T) result;
  }

  // ---- scopes that were there before

  static <T, X extends Throwable> Optional<T> call(
      ScopeImpl scope, ScopedValue.CallableOp<? extends T, X> op) throws X {
    return optional(scope, execute(scope, null, false, op));
  }

  static <X extends Throwable> boolean run(ScopeImpl scope, VoidOp<X> op) throws X {
    return !(execute(scope, null, false, asCall(op)) instanceof Cut);
  }

  // ---- both

  /// Few frames on purpose: scopes are entered in each other.
  private static <X extends Throwable> @Nullable Object execute(
      ScopeImpl scope, @Nullable Object time, boolean fresh, ScopedValue.CallableOp<?, X> op)
      throws X {
    Objects.requireNonNull(op, "op");
    TaskImpl<?> task = TaskImpl.requireCurrent();
    enter(task, scope, time, fresh);
    Object value;
    try {
      value = op.call();
    } catch (Throwable t) {
      Throwable leftOpen = closeLeftovers(task, scope);
      boolean absorbed = leftOpen == null && scope.absorbs(task, t);
      scope.leave(task, absorbed);
      if (absorbed) {
        return new Cut(t);
      }
      if (leftOpen != null) {
        t.addSuppressed(leftOpen);
      }
      throw Sneaky.<RuntimeException>rethrow(asFailureAround(task, t));
    }
    Throwable leftOpen = closeLeftovers(task, scope);
    scope.leave(task, false);
    if (leftOpen != null) {
      throw Sneaky.<RuntimeException>rethrow(leftOpen);
    }
    return value;
  }

  private static void enter(
      TaskImpl<?> task, ScopeImpl scope, @Nullable Object time, boolean fresh) {
    if (!fresh) {
      scope.refuseIfUsed(task);
    }
    try {
      if (fresh) {
        scope.enterFresh(task, time);
      } else {
        scope.enter(task);
      }
    } catch (Throwable t) {
      scope.leaveIfEntered(task);
      throw t;
    }
  }

  /// {@return what leaves instead of a cancellation if a nursery around it, of the same task, has
  /// failed meanwhile: that failure}
  private static Throwable asFailureAround(TaskImpl<?> task, Throwable thrown) {
    ScopeImpl by = thrown instanceof Cancelled ? task.visibleCancelled() : null;
    NurseryImpl around = by == null ? null : by.nursery;
    Throwable failed =
        around != null && around.owner() == task && Interrupts.isCancellation(thrown)
            ? around.failureForBody()
            : null;
    return failed != null ? failed : thrown;
  }

  /// Nurseries that the operation has left open are cancelled and closed, and that is an error.
  /// Scopes that are still there are those whose leaving died of a stack overflow.
  private static @Nullable Throwable closeLeftovers(TaskImpl<?> task, ScopeImpl scope) {
    Throwable first = null;
    while (task.scope() != scope) {
      ScopeImpl inner = task.scope();
      if (inner == null) {
        throw new AssertionError("a scope is left that is not entered: " + scope);
      }
      if (inner.nursery == null) {
        inner.leave(task, false);
        continue;
      }
      Throwable error = inner.nursery.closeLeftIn(scope);
      if (first == null) {
        first = error;
      } else {
        first.addSuppressed(error);
      }
    }
    return first;
  }

  @SuppressWarnings("unchecked")
  private static <T> Optional<T> optional(ScopeImpl scope, @Nullable Object result) {
    if (result == null) {
      throw new NullPointerException(
          "The operation in scope '%s' of task '%s' returned null, which an empty result could not be told from. Return a value, or use the form without one."
              .formatted(scope.name(), scope.task().name()));
    }
    return result instanceof Cut ? Optional.empty() : Optional.of((T) result);
  }

  static <X extends Throwable> ScopedValue.CallableOp<@Nullable Void, X> asCall(VoidOp<X> op) {
    Objects.requireNonNull(op, "op");
    return () -> {
      op.run();
      return null;
    };
  }
}
