package dev.greenhouse.nursery.lowlevel;

import dev.greenhouse.nursery.jdk.SocketPoller;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import dev.greenhouse.nursery.scheduler.GivenLoop;
import dev.greenhouse.nursery.scheduler.OwnLoop;
import dev.greenhouse.nursery.scheduler.StepLoop;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// An event loop that takes steps one after the other, in the order of their coming, for those who
/// build tasks of their own kind: see [LoopStep]. Either it has a thread of its own, or it is
/// somebody's executor.
///
/// **Somebody's executor** must run commands one after the other, later and not inside `execute`,
/// on a platform thread; it may replace that thread. If it does otherwise, rejects a command or is
/// shut down, the loop is *broken*. What is queued, now and later, then runs on other threads,
/// still one after the other, so that everything can come to its end. A step that runs when the
/// loop breaks is waited for, but not longer than a second. An executor that silently drops
/// commands, and is no `ExecutorService` that was shut down, can't be told from one that is slow.
public final class EventLoop implements Executor {
  private final StepLoop steps;

  private EventLoop(StepLoop steps) {
    this.steps = steps;
  }

  /// If a step made the JVM's first socket call, all of its socket I/O would wait for this loop.
  private static void prepare() {
    if (VirtualThreads.available()) {
      SocketPoller.ensureStarted();
    }
  }

  /// {@return a loop with a thread of its own, a daemon}
  ///
  /// @param threadName its name
  public static EventLoop start(String threadName) {
    Objects.requireNonNull(threadName, "threadName");
    prepare();
    return new EventLoop(OwnLoop.start(threadName));
  }

  /// {@return a loop on somebody's executor}
  ///
  /// @param executor the executor
  /// @param inUse whether anybody would be harmed if the executor were shut down; any thread, must
  ///   not block
  /// @param onBroken told once what the executor did, as in "rejected a step", and the exception if
  ///   there is one; any thread, must not block or throw
  public static EventLoop on(
      Executor executor, BooleanSupplier inUse, BiConsumer<String, @Nullable Throwable> onBroken) {
    Objects.requireNonNull(executor, "executor");
    Objects.requireNonNull(inUse, "inUse");
    Objects.requireNonNull(onBroken, "onBroken");
    prepare();
    return new EventLoop(new GivenLoop(executor, inUse, onBroken));
  }

  /// Runs something directly on the loop, soon. Any thread; never blocks, never throws.
  ///
  /// @param command what to run; what it throws is logged as our mistake
  @Override
  public void execute(Runnable command) {
    steps.offer(Objects.requireNonNull(command, "command"));
  }

  /// Runs something on none of the loops' threads, soon, whatever else is queued: for what must be
  /// done when a loop is broken. Any thread; never blocks, never throws.
  ///
  /// @param command what to run; what it throws is logged as our mistake
  public static void executeElsewhere(Runnable command) {
    StepLoop.elsewhere(Objects.requireNonNull(command, "command"));
  }

  /// {@return whether the current thread is the loop's and takes a step directly, so that whoever
  /// waits here for another step waits for ever}
  public boolean isHere() {
    return steps.isHere();
  }

  /// Ends the loop. Its own thread takes what is queued and ends, and this waits for that, unless
  /// it is called there; somebody's executor is left alone. What comes later, from threads that
  /// were started inside of steps, runs on other threads.
  public void close() {
    steps.close();
  }

  /// Does nothing if steps can be carried.
  ///
  /// @param what what wants that, for the text
  /// @throws IllegalStateException if the JVM was started without the flag; the text has the line
  public static void requireThreads(String what) {
    if (!VirtualThreads.available()) {
      throw new IllegalStateException(
          "%s needs threads on a scheduler of its own. %s"
              .formatted(what, VirtualThreads.remedy()));
    }
  }

  StepLoop steps() {
    return steps;
  }
}
