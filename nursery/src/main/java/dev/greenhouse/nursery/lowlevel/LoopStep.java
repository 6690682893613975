package dev.greenhouse.nursery.lowlevel;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A step on an [EventLoop], for those who build tasks of their own kind there. It runs once,
/// either directly on the loop's thread, where it must not wait, or on a virtual thread that the
/// loop carries, where it may: by a [Suspension], or in anything of the JDK.
///
/// A virtual thread that is started inside a carried step is carried by the same loop. It is no
/// step: [#current] is null there.
public abstract class LoopStep {
  /// The step that runs directly on this thread.
  private static final ThreadLocal<@Nullable LoopStep> DIRECT = new ThreadLocal<>();

  private final EventLoop loop;
  private volatile @Nullable CarriedThread carried; // set once before it starts, if at all

  /// Makes a step.
  ///
  /// @param loop where it shall run
  protected LoopStep(EventLoop loop) {
    this.loop = Objects.requireNonNull(loop, "loop");
  }

  /// {@return the step that the current thread runs, or null}
  public static @Nullable LoopStep current() {
    if (!Thread.currentThread().isVirtual()) {
      return DIRECT.get();
    }
    CarriedThread thread = CarriedThread.current();
    return thread == null ? null : thread.step();
  }

  // ---- running it

  /// Runs it directly on the loop, soon. Any thread; never blocks. Once for each step, as
  /// [#runCarried].
  public final void runDirectly() {
    loop.execute(
        () -> {
          DIRECT.set(this);
          try {
            runBody();
          } finally {
            DIRECT.set(null);
            ended();
          }
        });
  }

  /// Runs it on a virtual thread that the loop carries, soon. Any thread; never blocks.
  ///
  /// @param threadName the thread's name
  /// @throws IllegalStateException if the JVM was started without the flag
  public final void runCarried(String threadName) {
    EventLoop.requireThreads("A step that an event loop carries");
    var thread = new CarriedThread(loop.steps(), this, threadName);
    carried = thread;
    thread.start();
    if (cancelledBy() != null) {
      thread.deliver(); // whoever cancelled may have come too early to find the thread
    }
  }

  /// {@return whether it was given a thread that the loop carries}
  public final boolean isCarried() {
    return carried != null;
  }

  /// Tells the step that [#cancelledBy] is not null any more: it is woken if it waits in a
  /// [Suspension], else its thread is interrupted, again and again as long as it blocks. A step
  /// that runs directly can't be told. Any thread; never blocks.
  public final void deliverCancellation() {
    CarriedThread thread = carried;
    if (thread != null) {
      thread.deliver();
    }
  }

  final void runBody() {
    try {
      body();
    } catch (Throwable t) {
      failed(t);
    }
  }

  // ---- what it is

  /// What it does.
  ///
  /// @throws Exception what it likes
  protected abstract void body() throws Exception;

  /// The body threw. In the step.
  ///
  /// @param error what it threw
  protected abstract void failed(Throwable error);

  /// It is over, and its thread has terminated. On the loop, after the step; must not throw.
  protected abstract void ended();

  /// {@return what it is cancelled by, or null. Once it is not null it stays so} Any thread.
  protected abstract @Nullable Object cancelledBy();

  /// {@return the exception that tells of its cancellation} In the step.
  protected abstract RuntimeException cancellation();

  /// Somebody interrupted its thread, and [#cancelledBy] is null. In the step.
  protected abstract void interruptedFromOutside();

  /// {@return the name of what it is a step of}
  public abstract String taskName();

  /// Wants the later steps of the same task carried. Any thread.
  ///
  /// @throws IllegalStateException if the JVM was started without the flag
  public abstract void carryLaterSteps();

  /// {@return what it is a step of}
  @Override
  public String toString() {
    return "LoopStep[%s, %s]".formatted(taskName(), isCarried() ? "carried" : "direct");
  }
}
