package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.Instruments;
import dev.greenhouse.nursery.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/// A runtime for tasks: a scheduler, a clock and a set of instruments.
///
/// | made by | tasks run on |
/// |---|---|
/// | [#common()], [#builder()] | a pool of carriers, as many as there are processors |
/// | [#run(VoidOp)], `builder().singleThreaded()` | one thread, one at a time: no data races between two waits |
/// | `builder().on(executor)` | somebody else's event loop |
/// | `builder().seeded(seed)` | one thread, in an order chosen by the seed: for tests |
///
/// Without the flag `--add-opens java.base/java.lang=ALL-UNNAMED` only pools work, on plain virtual
/// threads; the others throw an `IllegalStateException` that says so.
///
/// `Greenhouse.run` and `Greenhouse.call` make a loop for one operation. The methods of the same
/// names that run something in a greenhouse that is there already are in [OpenGreenhouse], which
/// the builder and [#common()] return; Java does not let one type have both.
public sealed interface Greenhouse extends GreenhouseView, AutoCloseable permits OpenGreenhouse {
  // ---- making

  /// Runs an operation as the main task of a loop of its own, on one new thread, and waits for it
  /// and all its tasks. The current thread is blocked; if it is interrupted, the main task is
  /// cancelled. The `ScopedValue`s that are bound now are seen by all tasks.
  ///
  /// @param <X> what the operation may throw
  /// @param op the main task
  /// @throws X if the operation does, as it is
  /// @throws Cancelled if the main task is cancelled
  /// @throws IllegalStateException in a task: open a nursery there; or without the flag
  static <X extends Throwable> void run(VoidOp<X> op) throws X {
    OpenGreenhouse.runOnLoop(OpenGreenhouse.asCallable(op));
  }

  /// Runs an operation as [#run(VoidOp)] does, and returns its value.
  ///
  /// @param <T> the type of the value
  /// @param <X> what the operation may throw
  /// @param op the main task
  /// @return its value
  /// @throws X if the operation does, as it is
  /// @throws Cancelled if the main task is cancelled
  /// @throws IllegalStateException in a task: open a nursery there; or without the flag
  static <T extends @Nullable Object, X extends Throwable> T call(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    return OpenGreenhouse.runOnLoop(OpenGreenhouse.<T, X>asCallable(op));
  }

  /// {@return the pool that all of the JVM shares, as `ForkJoinPool.commonPool()` is} It can't be
  /// closed.
  static OpenGreenhouse common() {
    return OpenGreenhouse.common();
  }

  /// {@return a builder for another greenhouse}
  static GreenhouseBuilder builder() {
    return new GreenhouseBuilder();
  }

  // ---- using

  /// Starts a main task and does not wait for it. If it fails and nobody has observed that, by
  /// [Task#join] or [Task#toCompletableFuture], when the greenhouse is closed, it is logged then;
  /// in [#common()], which is never closed, at once. It sees no `ScopedValue`s of the current
  /// thread.
  ///
  /// @param <T> the type of its value
  /// @param main the main task's body
  /// @return the task
  /// @throws IllegalStateException if the greenhouse is closed or broken
  <T extends @Nullable Object> Task<T> launch(Callable<? extends T> main);

  /// Starts a task that stands in no nursery and helps the others until the greenhouse is closed,
  /// which cancels it. If it fails, everything in the greenhouse is cancelled, and the greenhouse
  /// is broken: it takes no more tasks. Whoever runs something here is told by a
  /// [SystemTaskFailedException], whoever closes it if nobody else was. [#common()] is not broken
  /// by that, and logs it.
  ///
  /// @param name the task's name
  /// @param body what it does
  /// @return the task
  /// @throws IllegalStateException if the greenhouse is closed or broken
  Task<@Nullable Void> forkSystemTask(String name, Action body);

  /// Opens a nursery here: on a task of this greenhouse, or on a thread that is no task and becomes
  /// one of this greenhouse until its outermost nursery has closed.
  ///
  /// @param options how the nursery shall behave
  /// @return the nursery, to be closed by the same thread
  /// @throws IllegalStateException if the greenhouse is closed, or the current thread is a task of
  ///   another one, or is none and this greenhouse runs its tasks one at a time
  Nursery openNursery(NurseryOptions options);

  /// Opens a nursery as [#openNursery(NurseryOptions)] does.
  ///
  /// @return the nursery, to be closed by the same thread
  default Nursery openNursery() {
    return openNursery(NurseryOptions.defaults());
  }

  /// {@return the instruments, to add and remove some at any time}
  @Override
  Instruments instruments();

  /// {@return numbers about its tasks; walks over all of them}
  GreenhouseStatistics statistics();

  /// {@return the clock that its tasks sleep by}
  Clock clock();

  @Override
  List<Task<?>> roots();

  // ---- ending

  /// Cancels all main tasks, system tasks and threads with a nursery open, and everything below
  /// them. Does not block; any thread may call it. Tasks that come later are not affected.
  ///
  /// @param reason why, for people
  void cancel(String reason);

  /// Refuses new main tasks, waits for those that run, then cancels the system tasks, and ends the
  /// greenhouse's threads. Blocks; if the current thread is interrupted, everything is cancelled
  /// with the source `SHUTDOWN`, and the flag set again. Closing twice does nothing, nor does
  /// closing [#common()].
  ///
  /// @throws IllegalStateException if one of its own tasks calls it
  /// @throws SystemTaskFailedException if a system task has failed and nobody was told yet
  @Override
  void close();
}
