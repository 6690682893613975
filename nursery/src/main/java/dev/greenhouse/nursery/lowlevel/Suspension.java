package dev.greenhouse.nursery.lowlevel;

import dev.greenhouse.nursery.jdk.Sneaky;
import dev.greenhouse.nursery.scheduler.Fiber;
import dev.greenhouse.nursery.scheduler.Waiter;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One wait of one task, and the only way in which tasks of Greenhouse wait.
///
/// A task makes one, hands it to whoever shall end the wait, and calls [#await()]. The first to
/// resume it wins; all later attempts do nothing and return false. Resuming before the task waits
/// is fine.
///
/// ```java
/// var suspension = Suspension.<Reply>create();
/// client.send(request, suspension::resume);
/// return suspension.await();
/// ```
///
/// **Cancellation.** `await` is a checkpoint. A task that is cancelled, before or while it waits,
/// leaves by [dev.greenhouse.nursery.Cancelled] unless the suspension was resumed first: then the
/// wait ends normally, nothing that was handed over is lost, and the next checkpoint raises the
/// cancellation.
///
/// **Memory.** What a thread does before it resumes happens-before what the task does after the
/// wait.
///
/// The idea is Trio's
/// [wait_task_rescheduled](https://trio.readthedocs.io/en/stable/reference-lowlevel.html#trio.lowlevel.wait_task_rescheduled).
///
/// @param <T> the type of what the task is resumed with
public final class Suspension<T extends @Nullable Object> {
  private static final VarHandle STATE =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "state", VarHandle.class, Suspension.class, Object.class);

  private static final Object NULL = new Object();
  private static final Cancellation CANCELLED = new Cancellation(null);

  private record Failure(Throwable error) {}

  /// By which scope; null if that is to be found out.
  private record Cancellation(@Nullable Object by) {}

  private final Waiter waiter;
  private final Object what;

  /// Null until somebody resumes or the task aborts; then NULL, a Cancellation, a Failure or the
  /// value, for ever.
  private volatile @Nullable Object state;

  private boolean awaited; // own thread only
  private @Nullable Object
      refused; // own thread only: the cancellation that could not abort the wait

  private Suspension(Waiter waiter, Object what) {
    this.waiter = waiter;
    this.what = what;
  }

  /// Makes a suspension for the current task.
  ///
  /// @param <T> the type of what it will be resumed with
  /// @return the suspension
  /// @throws IllegalStateException if the current thread is no task
  public static <T extends @Nullable Object> Suspension<T> create() {
    return new Suspension<>(requireCurrent(), "Suspension.await");
  }

  /// Makes a suspension for the current task that says what it is for.
  ///
  /// @param <T> the type of what it will be resumed with
  /// @param what what the task will wait for: its `toString` is
  ///   [TaskView#waitsFor][dev.greenhouse.instrumentation.TaskView#waitsFor] meanwhile, as in
  ///   "sleep, 1.2 s left". It is asked only when somebody looks, on that thread, at any time
  ///   during the wait; so it must not block
  /// @return the suspension
  /// @throws IllegalStateException if the current thread is no task
  public static <T extends @Nullable Object> Suspension<T> create(Object what) {
    return new Suspension<>(requireCurrent(), Objects.requireNonNull(what, "what"));
  }

  /// {@return the current task, or else the current step if an event loop carries it}
  private static @Nullable Waiter current() {
    Fiber fiber = Fiber.current();
    return fiber != null ? fiber : CarriedThread.current();
  }

  private static Waiter requireCurrent() {
    Waiter waiter = current();
    if (waiter == null) {
      throw new IllegalStateException(
          "Thread '%s' is no task, so it can't be suspended. Fork a task in a nursery, or open a nursery on this thread first."
              .formatted(Thread.currentThread().getName()));
    }
    return waiter;
  }

  /// Says that an operation of the current task has its result already and need not wait. A
  /// checkpoint, which lets others run if the task has done many such operations in this step.
  ///
  /// @throws dev.greenhouse.nursery.Cancelled if the task is cancelled
  /// @throws IllegalStateException if the current thread is no task
  public static void notNeeded() {
    Waiter waiter = requireCurrent();
    Object by = waiter.checkCancelled();
    if (by != null) {
      throw waiter.cancellation(by);
    }
    waiter.spendBudget();
  }

  // ---- resuming: any thread, never blocks

  /// Ends the wait with a value.
  ///
  /// @param value what `await` returns
  /// @return true if this ended the wait; false if it had been ended or aborted before
  public boolean resume(T value) {
    return end(value == null ? NULL : value);
  }

  /// Ends the wait with an exception.
  ///
  /// @param error what `await` throws, as it is, even if it is a checked exception
  /// @return true if this ended the wait; false if it had been ended or aborted before
  public boolean resumeExceptionally(Throwable error) {
    return end(new Failure(Objects.requireNonNull(error, "error")));
  }

  /// Ends the wait with the task's cancellation: for an operation whose [AbortHandler] returned
  /// false and that could be taken back later.
  ///
  /// @return true if this ended the wait; false if it had been ended or aborted before
  public boolean resumeCancelled() {
    return end(CANCELLED);
  }

  /// {@return whether the wait has been ended or aborted}
  public boolean isDone() {
    return state != null;
  }

  private boolean end(Object result) {
    Fiber resumer = Fiber.current(); // before the change: a stack overflow behind it must find it
    if (!STATE.compareAndSet(this, null, result)) {
      return false;
    }
    try {
      waiter.unpark();
    } catch (Throwable t) {
      // Plain stores only: this is most likely a stack overflow, and a call would be the next one.
      if (resumer != null && waiter instanceof Fiber fiber && fiber.nextRescued == null) {
        Fiber others = resumer.rescued;
        fiber.nextRescued = others == null ? fiber : others;
        resumer.rescued = fiber;
      }
      throw t;
    }
    return true;
  }

  // ---- waiting: own task only, once

  /// Waits until the suspension is resumed. Suspends the task and not its carrier. A checkpoint.
  ///
  /// @return what it was resumed with
  /// @throws dev.greenhouse.nursery.Cancelled if the task is cancelled first
  /// @throws IllegalStateException if another task made it, or it was awaited before
  public T await() {
    return finish(true, null);
  }

  /// Waits as [#await()] does, but asks what to do when the task is cancelled.
  ///
  /// @param onCancel asked once, in the waiting task
  /// @return what it was resumed with
  /// @throws dev.greenhouse.nursery.Cancelled if the task is cancelled first and `onCancel` agrees
  /// @throws IllegalStateException if another task made it, or it was awaited before
  public T await(AbortHandler onCancel) {
    return finish(true, Objects.requireNonNull(onCancel, "onCancel"));
  }

  /// Waits as [#await()] does, and undoes what was begun if the task is cancelled first. By then
  /// the wait is over, so whatever the undoing brings about can't resume it.
  ///
  /// @param undo run once, in the waiting task, if the wait ends by cancellation; what it throws is
  ///   attached to the cancellation
  /// @return what it was resumed with
  /// @throws dev.greenhouse.nursery.Cancelled if the task is cancelled first
  /// @throws IllegalStateException if another task made it, or it was awaited before
  public T awaitOrUndo(Runnable undo) {
    Objects.requireNonNull(undo, "undo");
    try {
      return finish(true, null);
    } catch (Throwable t) {
      if (state instanceof Cancellation) {
        undoFor(t, undo);
      }
      throw t;
    }
  }

  private static void undoFor(Throwable cancellation, Runnable undo) {
    try {
      undo.run();
    } catch (Throwable t) {
      cancellation.addSuppressed(t);
    }
  }

  /// Waits until the suspension is resumed, whatever is cancelled meanwhile: for short waits that
  /// somebody is certain to end. No checkpoint. An interrupt from outside is kept as the task's
  /// cancellation.
  ///
  /// @return what it was resumed with
  /// @throws IllegalStateException if another task made it, or it was awaited before
  public T awaitUncancellably() {
    return finish(false, null);
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // NULL stands for a T that is null
  private T finish(boolean cancellable, @Nullable AbortHandler onCancel) {
    requireOwnTask();
    waiter.beginWait(what);
    try {
      park(cancellable, onCancel);
    } finally {
      waiter.endWait();
    }
    Object result = state;
    if (result instanceof Cancellation(Object by)) {
      throw waiter.cancellation(by != null ? by : refused);
    }
    waiter.catchUp();
    if (result instanceof Failure(Throwable error)) {
      throw Sneaky.<RuntimeException>rethrow(error);
    }
    return result == NULL ? null : (T) result;
  }

  private void park(boolean cancellable, @Nullable AbortHandler onCancel) {
    boolean abortable = cancellable;
    boolean waited = false;
    while (true) {
      // Called in any case: it takes note of interrupts, which would keep the thread from parking.
      Object by = waiter.checkCancelled();
      if (by != null && abortable && state == null) {
        if (onCancel == null || onCancel.abort()) {
          STATE.compareAndSet(this, null, new Cancellation(by));
        } else {
          abortable = false;
          refused = by;
        }
      }
      if (state != null) {
        break;
      }
      waited = true;
      waiter.park();
    }
    if (!waited && cancellable && !(state instanceof Cancellation)) {
      waiter.spendBudget();
    }
  }

  private void requireOwnTask() {
    if (current() != waiter) {
      throw new IllegalStateException(
          "This suspension belongs to task '%s', and thread '%s' can't wait for it. Each task makes its own."
              .formatted(waiter.name(), Thread.currentThread().getName()));
    }
    if (awaited) {
      throw new IllegalStateException(
          "This suspension of task '%s' was awaited before. Make a new one for each wait."
              .formatted(waiter.name()));
    }
    awaited = true;
  }

  /// {@return its task's name and whether it is done}
  @Override
  public String toString() {
    return "Suspension[%s, %s]".formatted(waiter.name(), isDone() ? "done" : "pending");
  }
}
