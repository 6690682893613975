package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.jdk.Sneaky;
import dev.greenhouse.nursery.lowlevel.Suspension;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A pending [Nursery#start(StartBody)]: between the fork of its task, and that task's `started` or
/// end.
///
/// | state | meaning | leaves to |
/// |---|---|---|
/// | PENDING | neither started nor ended | STARTED, IGNORED or ENDED |
/// | STARTED | `start` returned; the task is the nursery's | never |
/// | IGNORED | `started` was called while the starter was cancelled | ENDED |
/// | ENDED | the task has ended | never |
final class Start<T extends @Nullable Object> implements StartStatus<T>, Callable<@Nullable Void> {
  private enum State {
    PENDING,
    STARTED,
    IGNORED,
    ENDED
  }

  private final StartBody<T, ?> body;
  private final Suspension<@Nullable Void> suspension = Suspension.create(this);
  private final AtomicReference<State> state = new AtomicReference<>(State.PENDING);

  /// The task that waits in `start`, and the innermost scope it is under.
  final TaskImpl<?> starter;

  final @Nullable ScopeImpl scope;

  // Set before the task is started.
  private @Nullable TaskImpl<?> child;

  // Written before `state` changes, by who changes it.
  private @Nullable T value;
  private boolean wasTold;
  private boolean bodyIsOver;
  private @Nullable Throwable thrown;

  Start(TaskImpl<?> starter, StartBody<T, ?> body) {
    this.starter = starter;
    this.scope = starter.scope();
    this.body = body;
  }

  void setChild(TaskImpl<?> child) {
    this.child = child;
  }

  /// {@return whether the starter owns the nursery that the task is started in}
  boolean isByOwner() {
    NurseryImpl n = child().nursery();
    return n != null && n.owner() == starter;
  }

  private TaskImpl<?> child() {
    TaskImpl<?> c = child;
    if (c == null) {
      throw new AssertionError("a start without a task");
    }
    return c;
  }

  @Override
  public @Nullable Void call() throws Exception {
    try {
      body.run(this);
    } catch (Throwable t) {
      throw Sneaky.<RuntimeException>rethrow(t);
    } finally {
      bodyOver();
    }
    return null;
  }

  /// From here on the task knows whose it is, and so whether its cancellation is the starter's.
  private synchronized void bodyOver() {
    bodyIsOver = true;
  }

  // ---- the new task

  @Override
  @SuppressWarnings("NullAway") // T is nullable where this is called
  public void started() {
    started(null);
  }

  @Override
  public void started(T value) {
    TaskImpl<?> task = child();
    boolean ignored;
    synchronized (this) { // only told-twice races; no carrier comes here
      if (wasTold) {
        throw new IllegalStateException(
            "started() was called twice by task '%s'. Call it once, when the task is ready."
                .formatted(task.name()));
      }
      if (bodyIsOver) {
        throw new IllegalStateException(
            "started() was called for task '%s' after it had ended. Call it in the task, when it is ready."
                .formatted(task.name()));
      }
      wasTold = true;
      this.value = value;
      ignored = !task.detachFrom(this);
      state.set(ignored ? State.IGNORED : State.STARTED);
    }
    try {
      task.afterDetaching();
    } finally {
      if (!ignored) {
        suspension.resume(null);
      }
    }
  }

  /// The task has ended. Returns false if it was the nursery's by then, who takes care of the
  /// failure.
  boolean ended(@Nullable Throwable thrown) {
    synchronized (this) {
      if (state.get() == State.STARTED) {
        return false;
      }
      this.thrown = thrown;
      state.set(State.ENDED);
    }
    return true;
  }

  /// The task's outcome is published: the starter may go on.
  void release() {
    suspension.resume(null);
  }

  // ---- the starter

  /// {@return what the starter waits for}
  @Override
  public String toString() {
    return "start of task '%s'".formatted(child().name());
  }

  @SuppressWarnings("NullAway") // value was set if wasTold
  T await() throws Throwable {
    // The starter's cancellation reaches the task, which ends, which ends this wait.
    suspension.awaitUncancellably();
    if (state.get() == State.STARTED) {
      return value;
    }
    TaskImpl<?> task = child();
    Outcome<?> outcome = task.outcome().orElseThrow();
    switch (outcome) {
      case Outcome.Succeeded<?> s -> {
        if (wasTold) {
          return value;
        }
        starter.throwIfCancelledNow(); // it ended early because the starter is cancelled
        throw new IllegalStateException(
            "Task '%s' ended without calling started(). Call it when the task is ready, or use fork."
                .formatted(task.name()));
      }
      case Outcome.Failed<?>(Throwable error) -> throw error;
      case Outcome.WasCancelled<?> w -> {
        starter.lookAgain(); // whoever cancels both may not have come to this one yet
        starter.throwIfCancelledNow();
        var told = new TaskCancelledException(task.name(), w.reason());
        if (thrown != null && told.getCause() != thrown) {
          told.addSuppressed(thrown);
        }
        throw told;
      }
    }
  }
}
