package dev.greenhouse.portal;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Action;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.StartBody;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import dev.greenhouse.nursery.VoidOp;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Lets threads that are no tasks call, submit and start work in a nursery.
///
/// ```java
/// try (var portal = ThreadPortal.open()) { // in a task
///   server.onRequest(request -> portal.call(() -> handle(request))); // on threads of the server's
///   ...
/// }
/// ```
///
/// | made by | where | its work runs |
/// |---|---|---|
/// | [#open()] | in a task | under the task that opens it, and its cancel scopes |
/// | [#in(Nursery)] | anywhere | in that nursery, which stays open until the portal is closed |
/// | [#launch(Supplier)] | anywhere | in a greenhouse of its own, which ends with the portal |
/// | [#shared(Supplier)] | anywhere | in a greenhouse that the first user makes, and the last one ends |
///
/// **The work** is a task for each call, and has a portal: it may [Portal#await(CompletionStage)].
/// What it forks has none. It sees the `ScopedValue`s that were bound where the portal was opened,
/// not those of the calling thread. If it fails, its caller is told, and nobody else.
///
/// **Closing** refuses further calls and waits for those that run. A `try` body that throws does
/// not cancel them, nor does closing: call [#stop(String)] first.
///
/// Any thread may call the methods, apart from what they say themselves. None of them needs the
/// flag, but a greenhouse that is made for the portal may. What a thread did before a call
/// happens-before the work, and the work happens-before the call returns or the future completes.
///
/// The idea is AnyIO's [blocking
/// portal](https://anyio.readthedocs.io/en/stable/threads.html#calling-asynchronous-code-from-an-external-thread).
public final class ThreadPortal implements AutoCloseable {
  private static final String DEFAULT_NAME = "portal";

  /// What is to be done when the portal's own nursery has closed.
  interface Ending extends AutoCloseable {
    @Override
    void close();
  }

  private final String name;
  private final PortalKeeper.Keeping keeping;
  private final @Nullable Nursery around; // the one that it opened for itself, and closes
  private final Ending ending;

  /// Why it takes no more calls. Set once, by who closes or stops it first.
  private final AtomicReference<@Nullable String> refusal = new AtomicReference<>();

  /// Futures that are not completed, under keys of their own. Who submits adds one before the fork;
  /// its completion removes it.
  private final Map<Object, CompletableFuture<?>> pending = new ConcurrentHashMap<>();

  private ThreadPortal(
      String name, PortalKeeper.Keeping keeping, @Nullable Nursery around, Ending ending) {
    this.name = name;
    this.keeping = keeping;
    this.around = around;
    this.ending = ending;
  }

  // ---- making

  /// Opens a portal into a nursery of its own in the current task. A thread that is no task is one
  /// of [dev.greenhouse.nursery.Greenhouse#common()] until it closes the portal. No checkpoint.
  ///
  /// @return the portal, to be closed by the same thread
  public static ThreadPortal open() {
    return open(DEFAULT_NAME);
  }

  /// Opens a portal as [#open()] does.
  ///
  /// @param name for messages, and the names of its tasks
  /// @return the portal, to be closed by the same thread
  @SuppressWarnings("MustBeClosedChecker")
  public static ThreadPortal open(String name) {
    Nursery around = Nursery.open(name);
    try {
      return new ThreadPortal(name, keep(around, name), around, around::close);
    } catch (Throwable t) {
      around.cancel("its portal could not be opened");
      try (around) {
        throw t;
      }
    }
  }

  /// Opens a portal into a nursery. Any thread that holds the nursery may do so; no checkpoint.
  ///
  /// @param nursery stays open until the portal is closed
  /// @return the portal, to be closed by anybody
  /// @throws IllegalStateException if the nursery has closed
  public static ThreadPortal in(Nursery nursery) {
    return new ThreadPortal(DEFAULT_NAME, keep(nursery, DEFAULT_NAME), null, () -> {});
  }

  private static PortalKeeper.Keeping keep(Nursery nursery, String name) {
    return PortalKeeper.start(name, keeper -> nursery.fork("keeper of " + name, keeper));
  }

  /// Makes a greenhouse and opens a portal into it. Blocks until it is open, so on a guest's own
  /// event loop it would block for ever.
  ///
  /// ```java
  /// try (var portal = ThreadPortal.launch(Greenhouse.builder().singleThreaded()::build)) { ... }
  /// ```
  ///
  /// @param greenhouse makes it; it is closed with the portal. `Greenhouse::common` is fine, too,
  ///   and is not closed
  /// @return the portal, to be closed by anybody who is no task of that greenhouse
  public static ThreadPortal launch(Supplier<OpenGreenhouse> greenhouse) {
    OpenGreenhouse made = greenhouse.get();
    return launchIn(made, made::close);
  }

  static ThreadPortal launchIn(OpenGreenhouse greenhouse, Ending ending) {
    try {
      return new ThreadPortal(
          DEFAULT_NAME,
          PortalKeeper.start(DEFAULT_NAME, keeper -> launchKeeper(greenhouse, keeper)),
          null,
          ending);
    } catch (Throwable t) {
      try (ending) {
        throw t;
      }
    }
  }

  private static Task<?> launchKeeper(OpenGreenhouse greenhouse, Action keeper) {
    return greenhouse.launch(
        () -> {
          keeper.run();
          return null;
        });
  }

  /// {@return what gives portals into one greenhouse to many users, each for as long as it likes}
  ///
  /// @param greenhouse makes a new one for each first user; `Greenhouse::common` is fine, too
  public static SharedThreadPortal shared(Supplier<OpenGreenhouse> greenhouse) {
    return new SharedThreadPortal(Objects.requireNonNull(greenhouse, "greenhouse"));
  }

  // ---- using

  /// Runs an operation in a task, and waits for it. The calling thread is blocked; a task of
  /// another greenhouse is suspended.
  ///
  /// If the thread is interrupted, or that other task cancelled, the operation is cancelled, and
  /// this waits until it has ended. Then it returns or throws what the operation did in spite of
  /// it; or throws [Cancelled]. A thread's flag is set again.
  ///
  /// @param <T> the type of its value
  /// @param <X> what it may throw
  /// @param op the operation
  /// @return its value
  /// @throws X if the operation does, as it is
  /// @throws TaskCancelledException if it is cancelled by something else, such as [#stop(String)]
  /// @throws Cancelled if the caller is interrupted or cancelled, and the operation ended for that
  /// @throws IllegalStateException if the portal is closed, or in a task of the same greenhouse
  public <T extends @Nullable Object, X extends Throwable> T call(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    Objects.requireNonNull(op, "op");
    refuseInTask();
    Task<T> task = fork(asWork(op));
    RuntimeException cut = TaskEnd.await(task, task::cancel);
    return switch (task.outcome().orElseThrow()) {
      case Outcome.Succeeded<T>(T value) -> value;
      case Outcome.Failed<T>(Throwable error) -> throw StageAwait.rethrow(error);
      case Outcome.WasCancelled<T> c -> {
        if (cut != null) {
          throw cut;
        }
        yield task.join(); // says how
      }
    };
  }

  /// Runs an operation that has no value, as [#call(ScopedValue.CallableOp)] does.
  ///
  /// @param <X> what it may throw
  /// @param op the operation
  /// @throws X if the operation does, as it is
  public <X extends Throwable> void run(VoidOp<X> op) throws X {
    Objects.requireNonNull(op, "op");
    this.<@Nullable Void, X>call(
        () -> {
          op.run();
          return null;
        });
  }

  /// Starts a task, and does not wait. Tasks may call it, too.
  ///
  /// The future is completed when the task has ended: with its value, with what it threw, or, if it
  /// was cancelled, as cancelled. `cancel` of the future cancels the task and returns at once. If
  /// somebody else completes it, for instance by `orTimeout`, that cancels the task, too. What
  /// depends on the future runs on a virtual thread that is no task.
  ///
  /// @param <T> the type of its value
  /// @param body what the task does
  /// @return the future of its value
  /// @throws IllegalStateException if the portal is closed
  public <T extends @Nullable Object> CompletableFuture<T> submit(Callable<? extends T> body) {
    Objects.requireNonNull(body, "body");
    SubmittedCall<T> call = newPending();
    try {
      call.follow(this.<T>fork(asWork(body::call)));
    } catch (Throwable t) {
      call.completeExceptionally(t);
      throw t;
    }
    return call;
  }

  private <T extends @Nullable Object> SubmittedCall<T> newPending() {
    var call = new SubmittedCall<T>();
    var key = new Object();
    pending.put(key, call);
    CompletableFuture<T> _ = call.whenComplete((value, error) -> forget(key));
    return call;
  }

  private void forget(Object key) {
    pending.remove(key);
  }

  /// Starts a task that has no value, as [#submit(Callable)] does.
  ///
  /// @param body what the task does
  /// @return a future of its end
  /// @throws IllegalStateException if the portal is closed
  public CompletableFuture<@Nullable Void> submit(Action body) {
    Objects.requireNonNull(body, "body");
    return this.<@Nullable Void>submit(
        () -> {
          body.run();
          return null;
        });
  }

  /// A task that said that it is ready.
  ///
  /// @param <T> the type of what it told
  /// @param value what it told
  /// @param future completed when it has ended, and to cancel it, as
  ///   [ThreadPortal#submit(Callable)] says
  public record Started<T extends @Nullable Object>(
      T value, CompletableFuture<@Nullable Void> future) {}

  /// Starts a task and waits until it says that it is ready, as [Nursery#start(StartBody)] does.
  /// Until then it is as [#call(ScopedValue.CallableOp)] says: interrupting the caller cancels the
  /// task, and what it throws comes out of here. Afterwards the future is told.
  ///
  /// @param <T> the type of what the task tells
  /// @param <X> what it may throw before it is ready
  /// @param body what the task does
  /// @return what the task told, and the future of its end
  /// @throws X if the task fails before it is ready
  /// @throws TaskCancelledException if it is cancelled before it is ready
  /// @throws Cancelled if the caller is interrupted or cancelled before it is ready
  /// @throws IllegalStateException if the task ends without having called `started`, the portal is
  ///   closed, or in a task of the same greenhouse
  public <T extends @Nullable Object, X extends Throwable> Started<T> start(StartBody<T, X> body)
      throws X {
    Objects.requireNonNull(body, "body");
    return this.<Started<T>, X>call(
        () -> {
          var child = new AtomicReference<@Nullable Task<?>>();
          T value =
              nursery()
                  .<T, X>start(
                      status -> {
                        child.set(Task.current());
                        Standing.open(Task.current());
                        body.run(status);
                      });
          SubmittedCall<@Nullable Void> end = newPending();
          end.follow(asVoid(Objects.requireNonNull(child.get())));
          return new Started<>(value, end);
        });
  }

  @SuppressWarnings("unchecked") // a started task has no value
  private static Task<@Nullable Void> asVoid(Task<?> task) {
    return (Task<@Nullable Void>) task;
  }

  private Nursery nursery() {
    return keeping.nursery();
  }

  private <T extends @Nullable Object> Task<T> fork(Callable<T> work) {
    if (refusal.get() == null) {
      try {
        return nursery().fork(work);
      } catch (IllegalStateException e) {
        if (nursery().isOpen()) {
          throw e;
        }
      }
    }
    String why = refusal.get();
    throw new IllegalStateException(
        "Portal '%s' takes no more calls: %s. Call before that, or open another one."
            .formatted(name, why == null ? "what it was opened in was cancelled" : why));
  }

  private static <T extends @Nullable Object> Callable<T> asWork(
      ScopedValue.CallableOp<? extends T, ?> op) {
    return () -> {
      Standing.open(Task.current());
      try {
        return op.call();
      } catch (Throwable t) {
        throw StageAwait.rethrow(t);
      }
    };
  }

  private void refuseInTask() {
    Task<?> task = Task.currentIfAny().orElse(null);
    if (task != null && task.greenhouse() == nursery().owner().greenhouse()) {
      throw new IllegalStateException(
          "Task '%s' calls through portal '%s' into greenhouse '%s', in which it lives itself: a portal is for threads that are no tasks. Call the operation as it is, fork it in a nursery, or use submit, which does not wait."
              .formatted(task.name(), name, task.greenhouse().name()));
    }
  }

  // ---- ending

  /// Refuses further calls, and cancels those that run; the task that opened the portal is not
  /// cancelled. Does not wait: that is what [#close()] does. Any thread and any task may call it.
  ///
  /// @param reason why, for people
  public void stop(String reason) {
    Objects.requireNonNull(reason, "reason");
    refusal.compareAndSet(null, "it was stopped: " + reason);
    nursery().cancel(reason);
  }

  /// Refuses further calls and waits for those that run, and for their futures. No cancellation
  /// point, but if the current thread is interrupted, or is a task that is cancelled, that stops
  /// the portal. Closing twice does nothing more.
  ///
  /// @throws IllegalStateException if it was made by [#open()] and another thread calls this, or if
  ///   a task that came through the portal does
  @Override
  public void close() {
    refuseToClose();
    refusal.compareAndSet(null, "it was closed");
    keeping.end();
    try (var _ = ending) {
      TaskEnd.await(keeping.task(), this::stop);
      // They are on their way: their tasks have ended.
      pending.values().forEach(future -> future.exceptionally(error -> null).join());
      if (keeping.task().outcome().orElseThrow() instanceof Outcome.Failed<?>) {
        keeping.task().join(); // says how
      }
    }
  }

  private void refuseToClose() {
    if (around != null && around.owner().thread() != Thread.currentThread()) {
      throw new IllegalStateException(
          "Portal '%s' was opened by task '%s' and can't be closed on thread '%s'. Close it where it was opened; use stop(reason) to end its calls from elsewhere."
              .formatted(name, around.owner().name(), Thread.currentThread().getName()));
    }
    if (Task.currentIfAny().map(this::cameThroughHere).orElse(false)) {
      throw new IllegalStateException(
          "Task '%s' came through portal '%s' and closes it, and would wait for itself. Use stop(reason), or close it outside."
              .formatted(Task.current().name(), name));
    }
  }

  private boolean cameThroughHere(Task<?> task) {
    Nursery parent = task.parent().orElse(null);
    return parent != null && (parent == nursery() || cameThroughHere(parent.owner()));
  }

  /// {@return its name and whether it takes calls}
  @Override
  public String toString() {
    return "ThreadPortal[%s, %s]"
        .formatted(name, refusal.get() == null && nursery().isOpen() ? "open" : "closed");
  }
}
