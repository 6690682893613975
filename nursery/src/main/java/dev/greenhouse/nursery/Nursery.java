package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.NurseryView;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// The only way to start tasks: it does not close before all its tasks have ended.
///
/// ```java
/// try (var nursery = Nursery.open("checkout")) {
///   Task<Price> price = nursery.fork(() -> prices.lookup(item));
///   Task<Stock> stock = nursery.fork(() -> warehouse.count(item));
///   return new Offer(price.join(), stock.join());
/// }
/// ```
///
/// **Failure.** The first failure of a task cancels the others; then all failures come out
/// together, in a [NurseryFailedException]. A body that throws cancels the tasks, too. In the try
/// form above, its exception stays the primary one; in the lambda form, [#run(NurseryBody)], it is
/// one of the failures.
///
/// **The try form and other compilers.** Java does not tell `close()` that the body threw, so
/// `close()` looks at the place that it is called from, once it has waited for a moment. That works
/// for what javac makes of `try (...)`. Where it can't tell, it waits on; a `close()` that has
/// waited for 10 seconds is logged with the names of the tasks it waits for. The lambda form, or
/// [NurseryOptions#cancelOnClose], does without.
///
/// **Threads.** `open` works in a task, and on any other thread, which then is a task of
/// [Greenhouse#common()] until its outermost nursery has closed. Only the thread that opened a
/// nursery may close it. Everything else may be called by any thread that holds the nursery: forks
/// from elsewhere land in the nursery and are awaited.
///
/// **Scoped values.** All tasks see the `ScopedValue`s that were bound when the nursery was opened,
/// whoever forks them.
///
/// The idea is Trio's; see N. J. Smith, [Notes on structured
/// concurrency](https://vorpus.org/blog/notes-on-structured-concurrency-or-go-statement-considered-harmful/).
public sealed interface Nursery extends NurseryView, AutoCloseable permits NurseryImpl {
  // ---- opening

  /// Opens a nursery. Does not block and is no checkpoint.
  ///
  /// @return the nursery, to be closed by the same thread
  static Nursery open() {
    return open(NurseryOptions.defaults());
  }

  /// Opens a nursery with a name.
  ///
  /// @param name for messages, thread dumps and the names of its tasks
  /// @return the nursery, to be closed by the same thread
  static Nursery open(String name) {
    return open(NurseryOptions.named(name));
  }

  /// Opens a nursery with options.
  ///
  /// @param options how it shall behave
  /// @return the nursery, to be closed by the same thread
  static Nursery open(NurseryOptions options) {
    return NurseryImpl.open(null, options, true);
  }

  /// Opens a nursery, runs the body and closes the nursery. A body that throws cancels the tasks.
  /// The nursery's own cancellation ends here.
  ///
  /// @param body runs in the current task
  /// @throws NurseryFailedException if the body or a task fails
  /// @throws Cancelled if the current task is cancelled and the body left for that
  static void run(NurseryBody body) {
    run(NurseryOptions.defaults(), body);
  }

  /// Does what [#run(NurseryBody)] does, with options.
  ///
  /// @param options how the nursery shall behave
  /// @param body runs in the current task
  /// @throws NurseryFailedException if the body or a task fails
  /// @throws Cancelled if the current task is cancelled and the body left for that
  static void run(NurseryOptions options, NurseryBody body) {
    LambdaForm.run(options, body);
  }

  /// Opens a nursery, runs the body, closes the nursery and returns the body's value. A body that
  /// throws cancels the tasks.
  ///
  /// @param <T> the type of the value
  /// @param body runs in the current task
  /// @return the body's value
  /// @throws NurseryFailedException if the body or a task fails
  /// @throws Cancelled if the current task or the nursery is cancelled and the body left for that,
  ///   without a value
  static <T extends @Nullable Object> T call(NurseryCallable<T> body) {
    return call(NurseryOptions.defaults(), body);
  }

  /// Does what [#call(NurseryCallable)] does, with options.
  ///
  /// @param <T> the type of the value
  /// @param options how the nursery shall behave
  /// @param body runs in the current task
  /// @return the body's value
  /// @throws NurseryFailedException if the body or a task fails
  /// @throws Cancelled if the current task or the nursery is cancelled and the body left for that,
  ///   without a value
  static <T extends @Nullable Object> T call(NurseryOptions options, NurseryCallable<T> body) {
    return LambdaForm.call(options, body);
  }

  // ---- forking: any thread, never blocks

  /// Starts a task. What the current thread did before happens-before what the task does.
  ///
  /// Allowed until the nursery has closed, also while it waits for its last task, and also when it
  /// is cancelled: that task meets its cancellation at its first checkpoint.
  ///
  /// On loops and pools the task's thread is started by the task's first step. If there is no
  /// memory for that, the task fails and with it the nursery, without asking the handler of a
  /// supervised one. If the JDK has closed the nursery's scope meanwhile, because its owner left it
  /// open, the task is cancelled and never runs, and the log says so.
  ///
  /// @param <T> the type of the task's value
  /// @param body what the task does
  /// @return the task
  /// @throws IllegalStateException if the nursery has closed
  <T extends @Nullable Object> Task<T> fork(Callable<? extends T> body);

  /// Starts a task with a name, which is also its thread's.
  ///
  /// @param <T> the type of the task's value
  /// @param name the task's name
  /// @param body what the task does
  /// @return the task
  /// @throws IllegalStateException if the nursery has closed
  <T extends @Nullable Object> Task<T> fork(String name, Callable<? extends T> body);

  /// Starts a task that has no value.
  ///
  /// @param body what the task does
  /// @return the task
  /// @throws IllegalStateException if the nursery has closed
  Task<@Nullable Void> fork(Action body);

  /// Starts a task that has a name and no value.
  ///
  /// @param name the task's name
  /// @param body what the task does
  /// @return the task
  /// @throws IllegalStateException if the nursery has closed
  Task<@Nullable Void> fork(String name, Action body);

  /// Starts a task and waits until it says that it is ready.
  ///
  /// ```java
  /// int port = nursery.start(status -> {
  ///   try (var server = new ServerSocket(0)) {
  ///     status.started(server.getLocalPort());
  ///     serve(server);
  ///   }
  /// });
  /// ```
  ///
  /// Until then the task is under the cancel scopes of the current task as well as the nursery's,
  /// and what it throws comes out of here as it is and leaves the nursery alone. Cancelling the
  /// current task cancels the new one and waits for its end. The nursery stays open meanwhile.
  ///
  /// @param <T> the type of what the task tells
  /// @param <X> what it may throw before it is ready
  /// @param body what the task does
  /// @return what the task told
  /// @throws X if the task fails before it is ready
  /// @throws Cancelled if the current task is cancelled, and the new one ended for that
  /// @throws TaskCancelledException if the nursery or the new task is cancelled before it is ready
  /// @throws IllegalStateException if the task ends without having called `started`, the nursery
  ///   has closed, or the current thread is no task
  <T extends @Nullable Object, X extends Throwable> T start(StartBody<T, X> body) throws X;

  /// Does what [#start(StartBody)] does, with a name for the task.
  ///
  /// @param <T> the type of what the task tells
  /// @param <X> what it may throw before it is ready
  /// @param name the task's name
  /// @param body what the task does
  /// @return what the task told
  /// @throws X if the task fails before it is ready
  <T extends @Nullable Object, X extends Throwable> T start(String name, StartBody<T, X> body)
      throws X;

  /// {@return an executor that forks a task for each command}
  Executor executor();

  // ---- ending

  /// Waits for all tasks that are in the nursery now, without closing it. A checkpoint.
  ///
  /// @throws NurseryFailedException if a task has failed
  /// @throws Cancelled if the current task is cancelled
  /// @throws IllegalStateException if one of these tasks calls it: it would wait for itself
  void join();

  /// Cancels the body and all tasks. Does not block. The first reason stays.
  ///
  /// @param reason why, for people
  void cancel(String reason);

  /// Cancels the body and all tasks. Does not block.
  void cancel();

  /// Asks the body and all tasks to come to an end, and cancels what has not when the grace is
  /// over; see [CancelScope#cancelAfter(Duration)]. Does not block; any thread may call it.
  ///
  /// @param grace how much time there is; zero and less cancel at once
  void cancelAfter(Duration grace);

  /// {@return the nursery's cancel scope}
  CancelScope cancelScope();

  /// Waits until every task in the nursery has ended, and closes it. Lets other tasks run, but is
  /// no cancellation point itself: a cancelled owner waits here for tasks that are cancelled with
  /// it, and leaves by [Cancelled] only if one of them was. Closing twice does nothing.
  ///
  /// What the tasks did happens-before this returns.
  ///
  /// @throws NurseryFailedException if a task failed; always a new one, with all failures
  /// @throws Cancelled if none failed, but something around the nursery is cancelled and has cut
  ///   off a task
  /// @throws IllegalStateException if another thread than the opener's calls it; or if nurseries
  ///   that the task opened later are still open: these were cancelled and closed first
  @Override
  void close();

  /// {@return the tasks in the nursery that have not ended, in the order of their forks}
  @Override
  List<Task<?>> children();

  /// {@return the task that opened the nursery}
  @Override
  Task<?> owner();
}
