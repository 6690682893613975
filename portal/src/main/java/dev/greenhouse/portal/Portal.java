package dev.greenhouse.portal;

import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.VoidOp;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// Lets synchronous code await asynchronous operations by suspending its task, and not the thread
/// under it.
///
/// ```java
/// withPortalRunTree(() -> Nursery.run(reports -> {
///   for (var id : ids) {
///     reports.fork(() -> legacyReport.render(id)); // synchronous code; deep inside: await(client.fetch(id))
///   }
/// }));
/// ```
///
/// A task can await if it has a portal. It gets one
///
/// | by | for how long |
/// |---|---|
/// | [#ensurePortal()] | as long as it lives |
/// | [#bestowPortal(Task)], from another task or thread | as long as it lives |
/// | [#withPortalRun(ScopedValue.CallableOp)], [#withPortalRunSync(ScopedValue.CallableOp)] | the call |
/// | [#withPortalRunTree(ScopedValue.CallableOp)] around its fork | as long as it lives |
///
/// Without one, [#await(CompletionStage)] throws [NoPortalException]; it never blocks instead, not
/// even if there is nothing to wait for. So whoever writes the task decides where code may suspend
/// it.
///
/// **Awaiting** is a checkpoint. The task waits and others run on. If it is cancelled meanwhile,
/// the operation is cancelled, and `await` throws [dev.greenhouse.nursery.Cancelled]. An operation
/// that fails makes `await` throw its exception, not wrapped and even if it is a checked one, with
/// the awaiting side's stack attached as a suppressed
/// [dev.greenhouse.nursery.lowlevel.AwaitedHere]. What the operation did happens-before `await`
/// returns.
///
/// **Flat tasks**, those of a [dev.greenhouse.portal.flat.FlatExecutor], get a portal for a step
/// and not for a call. In a step with one all of this works the same; in a step that runs directly
/// on its loop's thread, nothing can be awaited and no portal be opened: [NoPortalException].
///
/// The idea and the names are [greenback](https://greenback.readthedocs.io)'s.
public final class Portal {
  private Portal() {}

  // ---- having one

  /// Gives the current task a portal for as long as it lives, if it has none. A checkpoint in any
  /// case. Inside of [#withPortalRun(ScopedValue.CallableOp)] it adds nothing: that portal ends
  /// with the call.
  ///
  /// @throws IllegalStateException if the current thread is no task
  /// @throws NoPortalException in a flat task's step that has none
  /// @throws dev.greenhouse.nursery.Cancelled if the task is cancelled
  public static void ensurePortal() {
    if (FlatWorld.ensurePortal()) {
      return;
    }
    Task<?> task = Task.current();
    Standing.open(task);
    Task.checkpoint();
  }

  /// Gives a task a portal for as long as it lives, if it has none. Any thread may call it; no
  /// checkpoint. While the task is inside of [#withPortalRun(ScopedValue.CallableOp)] it adds
  /// nothing: that portal ends with the call.
  ///
  /// @param task any task
  /// @throws IllegalStateException if the task has ended
  public static void bestowPortal(Task<?> task) {
    if (task.outcome().isPresent()) {
      throw new IllegalStateException(
          "Task '%s' has ended, so a portal is of no use to it. Bestow it on a living task."
              .formatted(task.name()));
    }
    Standing.open(task);
  }

  /// {@return whether the current task has a portal; false if the current thread is no task}
  public static boolean hasPortal() {
    return Standing.hasPortal();
  }

  /// {@return whether a task has a portal; false if it has ended}
  ///
  /// @param task any task
  public static boolean hasPortal(Task<?> task) {
    return Standing.hasPortal(task) && task.outcome().isEmpty();
  }

  /// Runs an operation with a portal: the one that the current task has, or one for the call.
  /// Itself no checkpoint.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return its value
  /// @throws X if the operation does
  /// @throws IllegalStateException if the current thread is no task
  /// @throws NoPortalException in a flat task's step that has none
  public static <T extends @Nullable Object, X extends Throwable> T withPortalRun(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    return Standing.withPortal(op);
  }

  /// Runs an operation with a portal, as [#withPortalRun(ScopedValue.CallableOp)] does.
  ///
  /// @param <X> what it may throw
  /// @param op the operation
  /// @throws X if the operation does
  /// @throws IllegalStateException if the current thread is no task
  /// @throws NoPortalException in a flat task's step that has none
  public static <X extends Throwable> void withPortalRun(VoidOp<X> op) throws X {
    Standing.<@Nullable Void, X>withPortal(asCall(op));
  }

  /// Runs an operation with a portal. In a nursery's task it is the same as
  /// [#withPortalRun(ScopedValue.CallableOp)]; the name is there because flat tasks have both.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return its value
  /// @throws X if the operation does
  /// @throws IllegalStateException if the current thread is no task
  /// @throws NoPortalException in a flat task's step that has none
  public static <T extends @Nullable Object, X extends Throwable> T withPortalRunSync(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    return Standing.withPortal(op);
  }

  /// Runs an operation with a portal, as [#withPortalRunSync(ScopedValue.CallableOp)] does.
  ///
  /// @param <X> what it may throw
  /// @param op the operation
  /// @throws X if the operation does
  /// @throws IllegalStateException if the current thread is no task
  /// @throws NoPortalException in a flat task's step that has none
  public static <X extends Throwable> void withPortalRunSync(VoidOp<X> op) throws X {
    Standing.<@Nullable Void, X>withPortal(asCall(op));
  }

  /// Runs an operation with a portal, for the current task and for every task that is forked or
  /// started inside, in nurseries that are opened inside, and below them. Tasks that are put into
  /// nurseries around the call get none. A task keeps its portal when the call has ended. Itself no
  /// checkpoint.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return its value
  /// @throws X if the operation does
  /// @throws IllegalStateException if the current thread is no task
  /// @throws UnsupportedOperationException in a flat task, which is in no tree
  public static <T extends @Nullable Object, X extends Throwable> T withPortalRunTree(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    return PortalTree.run(op);
  }

  /// Runs an operation with portals for a tree of tasks, as
  /// [#withPortalRunTree(ScopedValue.CallableOp)] does.
  ///
  /// @param <X> what it may throw
  /// @param op the operation
  /// @throws X if the operation does
  /// @throws IllegalStateException if the current thread is no task
  /// @throws UnsupportedOperationException in a flat task, which is in no tree
  public static <X extends Throwable> void withPortalRunTree(VoidOp<X> op) throws X {
    PortalTree.<@Nullable Void, X>run(asCall(op));
  }

  // ---- using it

  /// Awaits a stage. A checkpoint. If the task is cancelled, `cancel` of the stage's future is
  /// called.
  ///
  /// @param <T> the type of its value
  /// @param stage what to await
  /// @return its value
  /// @throws NoPortalException if the current task has no portal, or the thread is no task
  /// @throws dev.greenhouse.nursery.Cancelled if the task is cancelled first
  public static <T extends @Nullable Object> T await(CompletionStage<? extends T> stage) {
    Objects.requireNonNull(stage, "stage");
    Standing.requirePortal();
    return StageAwait.await(stage);
  }

  /// Awaits a stage as [#await(CompletionStage)] does, and declares a checked exception, so that it
  /// can be caught.
  ///
  /// @param <T> the type of its value
  /// @param <X> the exception
  /// @param stage what to await
  /// @param declared what it may fail with; nothing is checked at run time
  /// @return its value
  /// @throws X if the stage fails with it
  /// @throws NoPortalException if the current task has no portal, or the thread is no task
  /// @throws dev.greenhouse.nursery.Cancelled if the task is cancelled first
  public static <T extends @Nullable Object, X extends Throwable> T await(
      CompletionStage<? extends T> stage, Class<X> declared) throws X {
    Objects.requireNonNull(declared, "declared");
    return await(stage);
  }

  /// Starts an asynchronous operation and awaits it, as [#await(CompletionStage)] does. Without a
  /// portal it is not started.
  ///
  /// @param <T> the type of its value
  /// @param operation what to start
  /// @return its value
  /// @throws NoPortalException if the current task has no portal, or the thread is no task
  /// @throws dev.greenhouse.nursery.Cancelled if the task is cancelled first
  public static <T extends @Nullable Object> T await(AsyncCallable<? extends T> operation) {
    Objects.requireNonNull(operation, "operation");
    Standing.requirePortal();
    return StageAwait.start(operation);
  }

  /// Awaits a publisher of one value at most. A checkpoint. If the task is cancelled, the
  /// subscription is cancelled.
  ///
  /// @param <T> the type of its value
  /// @param publisher what to subscribe to
  /// @return its value; null if it completes without
  /// @throws NoPortalException if the current task has no portal, or the thread is no task
  /// @throws IllegalStateException if it publishes a second value, or breaks the rules of
  ///   publishers
  /// @throws dev.greenhouse.nursery.Cancelled if the task is cancelled first
  public static <T extends @Nullable Object> T await(Flow.Publisher<? extends T> publisher) {
    Objects.requireNonNull(publisher, "publisher");
    Standing.requirePortal();
    return PublisherAwait.await(publisher);
  }

  /// Awaits a plain future, on a virtual thread that waits in its `get`. A checkpoint. If the task
  /// is cancelled, `cancel(true)` of the future is called. For a `CompletableFuture`,
  /// [#await(CompletionStage)] does without a thread, and so does this.
  ///
  /// @param <T> the type of its value
  /// @param future what to await
  /// @return its value
  /// @throws NoPortalException if the current task has no portal, or the thread is no task
  /// @throws dev.greenhouse.nursery.Cancelled if the task is cancelled first
  public static <T extends @Nullable Object> T awaitFuture(Future<? extends T> future) {
    Objects.requireNonNull(future, "future");
    Standing.requirePortal();
    return FutureAwait.await(future);
  }

  private static <X extends Throwable> ScopedValue.CallableOp<@Nullable Void, X> asCall(
      VoidOp<X> op) {
    Objects.requireNonNull(op, "op");
    return () -> {
      op.run();
      return null;
    };
  }
}
