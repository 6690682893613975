package dev.greenhouse.portal;

import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.VoidOp;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
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

  // ---- asynchronous things seen as synchronous ones

  /// Makes a synchronous function of an asynchronous one: it starts the operation and awaits it, as
  /// [#await(AsyncCallable)] does, and so can be called only with a portal.
  ///
  /// The forms for other numbers of arguments have names of their own: with one name, a reference
  /// to an overloaded method, as `client::fetch`, would be ambiguous.
  ///
  /// @param <A> the type of its argument
  /// @param <R> the type of its value
  /// @param fn starts an operation; the stage is not null
  /// @return the synchronous function
  public static <A extends @Nullable Object, R extends @Nullable Object> Function<A, R> autoAwait(
      Function<? super A, ? extends CompletionStage<? extends R>> fn) {
    return AutoAwait.function(fn);
  }

  /// Makes a synchronous function without arguments of an asynchronous one, as
  /// [#autoAwait(Function)] does.
  ///
  /// @param <R> the type of its value
  /// @param fn starts an operation; the stage is not null
  /// @return the synchronous function
  public static <R extends @Nullable Object> Supplier<R> autoAwaitSupplier(
      Supplier<? extends CompletionStage<? extends R>> fn) {
    return AutoAwait.supplier(fn);
  }

  /// Makes a synchronous function of two arguments of an asynchronous one, as
  /// [#autoAwait(Function)] does.
  ///
  /// @param <A> the type of its first argument
  /// @param <B> the type of its second argument
  /// @param <R> the type of its value
  /// @param fn starts an operation; the stage is not null
  /// @return the synchronous function
  public static <A extends @Nullable Object, B extends @Nullable Object, R extends @Nullable Object>
      BiFunction<A, B, R> autoAwaitBiFunction(
          BiFunction<? super A, ? super B, ? extends CompletionStage<? extends R>> fn) {
    return AutoAwait.biFunction(fn);
  }

  /// Makes a synchronous view of an asynchronous object: for each method of an interface, a public
  /// one of the object with the same name is called, and the stage that it returns is awaited.
  ///
  /// ```java
  /// interface Prices { Price of(String item) throws IOException; }          // yours
  /// interface AsyncPrices { CompletionStage<Price> of(String item); }       // the client's
  ///
  /// Prices prices = autoAwait(Prices.class, client);
  /// ```
  ///
  /// | the interface's method | does |
  /// |---|---|
  /// | has a counterpart that returns a stage | starts the operation and awaits it, as [#await(AsyncCallable)] does: a checkpoint, and only with a portal |
  /// | the same, but returns a stage itself | hands it on, without awaiting |
  /// | has a counterpart that returns something else | calls it |
  /// | has none, but is a default method | runs as it is, if the interface is public; the methods that it calls are the view's |
  /// | has none | [IllegalArgumentException], when the view is made |
  ///
  /// A counterpart has the same parameter types, where type variables stand for what they mean in
  /// the interface and in the object's class. If there is none such, the most specific of those
  /// that take the arguments without boxing is used. The object's class need not be public, if the
  /// method is in a public super-type, or its package is open to this module.
  ///
  /// **Exceptions** of the operation come out as they are if they are unchecked or declared by the
  /// interface's method. Another checked one is the cause of an
  /// [java.lang.reflect.UndeclaredThrowableException]. A null for a method that returns a primitive
  /// is a `NullPointerException` that names the method.
  ///
  /// Methods are looked up once, here. Two views are equal if they show the same object by the same
  /// interface. Any thread may make and use one; the object decides whether several at once may.
  ///
  /// @param <I> the interface
  /// @param type the interface
  /// @param impl the asynchronous object
  /// @return the view
  /// @throws IllegalArgumentException if `type` is no interface, or sealed, or one of its methods
  ///   has no counterpart, a hidden one, one of another type, or several
  public static <I> I autoAwait(Class<I> type, Object impl) {
    return SynchronousView.of(type, impl);
  }

  /// Makes a decorator of asynchronous functions of one of synchronous functions, for instance of a
  /// cache that knows nothing of stages. The decorator sees a function that awaits, as
  /// [#autoAwait(Function)] makes it.
  ///
  /// ```java
  /// Function<Integer, CompletionStage<Page>> cached =
  ///     Portal.<Integer, Page>decorateAsSync(Memo::of).apply(client::fetch);
  /// ```
  ///
  /// **The decorated function runs in the calling task**, with a portal for the call, as
  /// [#withPortalRunSync(ScopedValue.CallableOp)] gives it. The call suspends the task for as long
  /// as the decorator's function takes, and returns a stage that is complete, with its value or its
  /// exception. Only if the task is cancelled it throws, [dev.greenhouse.nursery.Cancelled]: that
  /// is about the caller, and not the stage's outcome. Fork a task to go on meanwhile.
  ///
  /// A decorator that holds a lock around the function, as `ConcurrentHashMap.computeIfAbsent`
  /// does, holds it while the task awaits.
  ///
  /// @param <A> the type of the argument
  /// @param <R> the type of the value
  /// @param decorator gets the synchronous function, once for each function decorated
  /// @return the decorator of asynchronous functions; what that gives throws an
  ///   `IllegalStateException` on a thread that is no task
  public static <A extends @Nullable Object, R extends @Nullable Object>
      Function<
              Function<? super A, ? extends CompletionStage<? extends R>>,
              Function<A, CompletionStage<R>>>
          decorateAsSync(
              Function<? super Function<A, R>, ? extends Function<? super A, ? extends R>>
                  decorator) {
    Objects.requireNonNull(decorator, "decorator");
    return fn -> DecoratedAsSync.of(decorator, fn);
  }

  /// Gives the items of a publisher for a loop or a stream, and awaits each, with a window of
  /// `Flow.defaultBufferSize()`, as [#asyncIter(Flow.Publisher, int)] does.
  ///
  /// @param <T> the type of the items
  /// @param publisher what to subscribe to, when the first item is looked for
  /// @return the items; close them if you may not come to their end
  public static <T> PublishedItems<T> asyncIter(Flow.Publisher<? extends T> publisher) {
    return new PublisherIteration<>(publisher, Flow.defaultBufferSize());
  }

  /// Gives the items of a publisher for a loop or a stream, and awaits each. Itself it does
  /// nothing; see [PublishedItems].
  ///
  /// @param <T> the type of the items
  /// @param publisher what to subscribe to, when the first item is looked for
  /// @param window how many items may be requested and not consumed yet, at least 1
  /// @return the items; close them if you may not come to their end
  public static <T> PublishedItems<T> asyncIter(Flow.Publisher<? extends T> publisher, int window) {
    return new PublisherIteration<>(publisher, window);
  }

  /// Makes a resource whose asynchronous closing is awaited by a try-with-resources statement,
  /// under a shield; see [AsyncContext]. Itself it does nothing.
  ///
  /// @param <T> the type of the resource
  /// @param resource what will be closed
  /// @param closing starts to close it; the stage is not null
  /// @return the resource, to be closed
  public static <T> AsyncContext<T> asyncContext(
      T resource, Function<? super T, ? extends CompletionStage<?>> closing) {
    return new AsyncContext<>(resource, closing);
  }

  /// Opens a resource asynchronously and awaits it, and later awaits its closing, as
  /// [#asyncContext(Object, Function)] does. A checkpoint. It has a name of its own because javac
  /// could not tell a lambda from a resource.
  ///
  /// If the task is cancelled while it waits, `cancel` of the stage's future is called. If the
  /// stage gives a resource all the same, the closing is started, and not awaited, by whoever
  /// completes the stage; if it fails, that is logged.
  ///
  /// @param <T> the type of the resource
  /// @param opening starts to open it
  /// @param closing starts to close it; the stage is not null
  /// @return the resource, to be closed
  /// @throws NoPortalException if the current task has no portal, or the thread is no task; nothing
  ///   was started
  /// @throws dev.greenhouse.nursery.Cancelled if the task is cancelled first
  public static <T> AsyncContext<T> openAsyncContext(
      AsyncCallable<? extends T> opening,
      Function<? super T, ? extends CompletionStage<?>> closing) {
    return AsyncContext.open(opening, closing);
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
