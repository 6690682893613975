package dev.greenhouse.portal.flat;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.lowlevel.EventLoop;
import dev.greenhouse.nursery.lowlevel.LoopStep;
import dev.greenhouse.portal.AsyncCallable;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/// A task of a [FlatExecutor]: a chain of steps on one event loop.
///
/// The first step is what it was started with. Further ones are given to [#execute], so a task is
/// the `Executor` of its own steps:
///
/// ```java
/// flat.spawn(() -> {
///   var me = FlatTask.current();
///   me.ensurePortal();                               // for the later steps
///   return client.fetch(id).thenApplyAsync(page -> render(page), me);   // render may await
/// });
/// ```
///
/// Steps of a task run one after the other; while one awaits in its portal, the next ones wait, and
/// other tasks' steps go on. The task is done when its first step has ended, the stage that it
/// returned is done, and no step is left that was given to `execute` before that. It completes, and
/// runs what depends on it, on the loop.
///
/// **Results.** The value of the returned stage, or of the synchronous function. A step that throws
/// fails the task, and the stage that it waits for is cancelled; what else is thrown afterwards is
/// attached as suppressed. A failure is in the task and nowhere else, so somebody should look at
/// it: join or await the task, depend on it, or ask how it ended. If the task becomes garbage and
/// nobody has, the failure is logged, as
/// [asyncio](https://docs.python.org/3/library/asyncio-dev.html#detect-never-retrieved-exceptions)
/// does. `CompletableFuture.allOf` and `anyOf` of a task that has failed before can't be seen.
///
/// **Cancelling** is as in asyncio a request, which the task's code can see, but it is
/// level-triggered as everywhere in Greenhouse, where asyncio's is one exception at one await: once
/// cancelled, *every* await of the task throws [Cancelled], also in steps that come later. A task
/// that has not begun does not begin. One that awaits, or is in a blocking call of the JDK, in a
/// portal leaves by `Cancelled` or is interrupted, and what it awaited is cancelled. One that waits
/// for its returned stage cancels that and is done with. A step that runs directly on the loop
/// can't be interrupted, and runs to its end. Nobody is told that the task is cancelled before its
/// steps have ended. If its code swallows the cancellation and ends by a value, that is its result.
///
/// It is completed by its own steps only: the methods of `CompletableFuture` that complete one from
/// outside throw `UnsupportedOperationException`. What a step does happens-before the next step,
/// and before whoever reads the result.
///
/// All methods may be called by any thread.
///
/// @param <T> the type of its value
public final class FlatTask<T extends @Nullable Object> extends OwnedFuture<T> implements Executor {
  private static final VarHandle STATE = field("state", int.class);
  private static final VarHandle FIRST = field("first", int.class);
  private static final VarHandle RESULT = field("result", Outcome.class);
  private static final VarHandle CANCELLED = field("cancelled", CancelReason.class);

  private static VarHandle field(String name, Class<?> type) {
    return ConstantBootstraps.fieldVarHandle(
        MethodHandles.lookup(), name, VarHandle.class, FlatTask.class, type);
  }

  private static final int UNDECIDED = 1 << 30;
  private static final int STEPS = UNDECIDED - 1;

  private static final int WAITING = 0;
  private static final int BEGUN = 1;
  private static final int SKIPPED = 2;

  private final FlatExecutor executor;
  private final EventLoop loop;
  private final long number;
  private volatile @Nullable String name; // by who makes it, or who asks first

  // By the first step.
  private @Nullable AsyncCallable<? extends T> async;
  private @Nullable CallableOrNull<? extends T> sync;

  /// Further steps. One is added before it is counted, and polled after.
  private final Queue<Runnable> further = new ConcurrentLinkedQueue<>();

  /// How many steps are queued or running, plus UNDECIDED while there is no result. At zero the
  /// task is over, for ever. Whoever raises the steps from none, or lowers them to some, starts the
  /// next; whoever comes to zero completes the task.
  private volatile int state = UNDECIDED + 1;

  /// WAITING to BEGUN: the first step. WAITING to SKIPPED: who cancels.
  private volatile int first;

  /// From null by whoever decides first; from no failure to a failure by a step that throws later.
  private volatile @Nullable Outcome<T> result;

  /// Set once, by who cancels, who then reads `running` and `awaited`.
  private volatile @Nullable CancelReason cancelled;

  /// What the first step returned; by that step, which then reads `cancelled`.
  private volatile @Nullable CompletionStage<? extends T> awaited;

  /// The step that the loop has; by who starts and who ends it.
  private volatile @Nullable FlatStep running;

  private volatile boolean portal; // to true, by anybody

  /// A function that may have no value.
  @FunctionalInterface
  interface CallableOrNull<T extends @Nullable Object> {
    T call() throws Exception;
  }

  FlatTask(FlatExecutor executor, EventLoop loop, long number, @Nullable String name) {
    this.executor = executor;
    this.loop = loop;
    this.number = number;
    this.name = name;
  }

  // ---- the current one

  /// {@return the flat task that calls}
  ///
  /// @throws IllegalStateException if the current thread runs no step of one
  public static FlatTask<?> current() {
    FlatTask<?> task = currentOrNull();
    if (task == null) {
      throw new IllegalStateException(
          "Thread '%s' runs no step of a flat task. Start one by FlatExecutor.spawn, or give this as a step to task.execute."
              .formatted(Thread.currentThread().getName()));
    }
    return task;
  }

  /// {@return the flat task that calls, or nothing if the current thread runs no step of one}
  public static Optional<FlatTask<?>> currentIfAny() {
    return Optional.ofNullable(currentOrNull());
  }

  static @Nullable FlatTask<?> currentOrNull() {
    return LoopStep.current() instanceof FlatStep s ? s.task : null;
  }

  // ---- steps

  /// Starts a task whose first step calls an asynchronous function.
  void startAsync(AsyncCallable<? extends T> body, boolean withPortal) {
    async = body;
    portal = withPortal;
    startStep(null);
  }

  /// Starts a task whose first step is all of it, with a portal.
  void startSync(CallableOrNull<? extends T> body) {
    sync = body;
    portal = true;
    startStep(null);
  }

  private void startStep(@Nullable Runnable what) {
    var step = new FlatStep(this, loop, what);
    running = step;
    if (!portal) {
      step.runDirectly();
      return;
    }
    try {
      step.runCarried(threadName());
    } catch (Throwable t) { // no memory for a thread
      if (what != null || FIRST.compareAndSet(this, WAITING, BEGUN)) {
        fail(t);
        stepEnded(false);
      }
    }
  }

  /// The first step.
  void begin() throws Exception {
    CancelReason broken = executor.brokenBy();
    if (broken != null) {
      cancel(broken); // this is not the loop any more
    }
    if (!FIRST.compareAndSet(this, WAITING, BEGUN)) {
      return;
    }
    CallableOrNull<? extends T> function = sync;
    if (function != null) {
      sync = null;
      decide(new Outcome.Succeeded<>(function.call()));
      return;
    }
    CompletionStage<? extends T> stage =
        Objects.requireNonNull(
            Objects.requireNonNull(async).call(),
            "the asynchronous operation returned null instead of a stage");
    async = null;
    if (stage == this) {
      throw new IllegalStateException(
          "The first step of flat task '%s' returned the task itself, which would wait for itself. Return what it waits for."
              .formatted(name()));
    }
    awaited = stage;
    stage.whenComplete(this::stageDone);
    CancelReason reason = cancelledBy();
    if (reason != null) {
      cancelAwaited(stage);
      decide(new Outcome.WasCancelled<>(reason));
    }
  }

  /// If the task is decided already, it does not wait for the stage any more.
  private void stageDone(T value, @Nullable Throwable error) {
    if (error == null) {
      decide(new Outcome.Succeeded<>(value));
      return;
    }
    Throwable t = error;
    while (t instanceof CompletionException && t.getCause() != null) {
      t = t.getCause();
    }
    CancelReason reason = cancelledBy();
    boolean told = t instanceof CancellationException || Cancelled.isToldBy(t);
    decide(reason != null && told ? new Outcome.WasCancelled<>(reason) : new Outcome.Failed<>(t));
  }

  void stepThrew(Throwable error) {
    CancelReason reason = cancelledBy();
    if (reason != null && Cancelled.isToldBy(error)) {
      decide(new Outcome.WasCancelled<>(reason));
    } else {
      fail(error);
    }
  }

  private void fail(Throwable error) {
    var failed = new Outcome.Failed<T>(error);
    while (true) {
      Outcome<T> before = result;
      if (before == null) {
        if (decide(failed)) {
          CompletionStage<? extends T> stage = awaited;
          if (stage != null) {
            cancelAwaited(stage);
          }
          return;
        }
      } else if (before instanceof Outcome.Failed<T>(Throwable earlier)) {
        if (earlier != error) {
          earlier.addSuppressed(error);
        }
        return;
      } else if (RESULT.compareAndSet(this, before, failed)) {
        return;
      }
    }
  }

  private boolean decide(Outcome<T> outcome) {
    if (!RESULT.compareAndSet(this, null, outcome)) {
      return false;
    }
    if ((int) STATE.getAndAdd(this, -UNDECIDED) == UNDECIDED) {
      completeSoon();
    }
    return true;
  }

  /// The first step is over. If somebody has cancelled it before it began, that was its end.
  void firstStepEnded() {
    if (first == BEGUN) {
      stepEnded(true);
    }
  }

  /// @param onLoop whether this is the loop's thread, outside of steps
  void stepEnded(boolean onLoop) {
    running = null;
    int left = (int) STATE.getAndAdd(this, -1) - 1;
    if ((left & STEPS) != 0) {
      startStep(Objects.requireNonNull(further.poll()));
    } else if (left == 0) {
      if (onLoop) {
        completeNow();
      } else {
        completeSoon();
      }
    }
  }

  private void completeSoon() {
    executor.runSoon(this::completeNow);
  }

  private void completeNow() {
    try {
      switch (Objects.requireNonNull(result)) {
        case Outcome.Succeeded<T>(T value) -> completeAsOwner(value);
        case Outcome.Failed<T>(Throwable error) -> failAsOwner(error);
        case Outcome.WasCancelled<T>(CancelReason reason) -> {
          if (reason.source() == Source.BROKEN) {
            failAsOwner(
                new IllegalStateException(
                    "Flat task '%s' could not go on: %s".formatted(name(), reason),
                    reason.cause()));
          } else {
            cancelAsOwner(
                new CancellationException(
                    "Flat task '%s' was cancelled: %s".formatted(name(), reason)));
          }
        }
      }
    } finally {
      executor.gone(this);
    }
  }

  /// Gives the task a further step, which will run on its loop when the earlier ones have ended:
  /// with a portal if the task then wants one, else directly. Never blocks. A step that was
  /// accepted runs in any case, also when the task is cancelled or has failed.
  ///
  /// @param step what it does; if it throws, the task fails
  /// @throws RejectedExecutionException if the task is done. A stage of the JDK that is given such
  ///   an executor then fails with it, so it is seen
  @Override
  public void execute(Runnable step) {
    further.add(Objects.requireNonNull(step, "step"));
    while (true) {
      int before = state;
      if (before == 0) {
        further.remove(step);
        throw new RejectedExecutionException(
            "Flat task '%s' is done and takes no further steps. Let its first step return a stage that is done after the last one, or spawn another task."
                .formatted(name()));
      }
      if (STATE.compareAndSet(this, before, before + 1)) {
        if ((before & STEPS) == 0) {
          startStep(Objects.requireNonNull(further.poll()));
        }
        return;
      }
    }
  }

  // ---- portals

  void carryLaterSteps() {
    portal = true;
  }

  /// Gives the task's later steps a portal: those that its loop has not been given yet. The step
  /// that runs now can't be moved; if it runs directly, it stays without. Never blocks; no
  /// checkpoint. Idempotent.
  ///
  /// @throws IllegalStateException if the task is done, or the JVM was started without the flag
  public void ensurePortal() {
    EventLoop.requireThreads(FlatExecutor.PORTAL);
    if (isDone()) {
      throw new IllegalStateException(
          "Flat task '%s' is done, so a portal is of no use to it. Call ensurePortal() in one of its steps."
              .formatted(name()));
    }
    portal = true;
  }

  /// {@return whether the step that its loop has now has a portal; false between steps}
  public boolean hasPortal() {
    FlatStep step = running;
    return step != null && step.isCarried();
  }

  // ---- cancelling

  /// {@return why it is cancelled, or null} A broken loop counts before the task has been told.
  @Nullable CancelReason cancelledBy() {
    CancelReason reason = cancelled;
    return reason != null ? reason : executor.brokenBy();
  }

  /// Cancels the task, as [#cancel(String)] does.
  ///
  /// @param mayInterruptIfRunning makes no difference: only threads that belong to this task are
  ///   interrupted
  /// @return false if the task is done
  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    return cancel("by a call of cancel");
  }

  /// Requests the task's cancellation: see the class. Does not wait for its end. The first reason
  /// stays.
  ///
  /// @param reason for people
  /// @return false if the task is done. True does not mean that it will end as cancelled
  public boolean cancel(String reason) {
    return cancel(new CancelReason(Source.EXPLICIT, Objects.requireNonNull(reason, "reason")));
  }

  /// When the loop is broken that is the reason, also of what is cancelled because of it.
  boolean cancel(CancelReason given) {
    if (isDone()) {
      return false;
    }
    CancelReason broken = executor.brokenBy();
    boolean isFirst = CANCELLED.compareAndSet(this, null, broken != null ? broken : given);
    CancelReason reason = Objects.requireNonNull(cancelled);
    // Whoever was first may not have come to this yet, and the caller may be the first step.
    if (FIRST.compareAndSet(this, WAITING, SKIPPED)) {
      decide(new Outcome.WasCancelled<>(reason));
      stepEnded(false);
      return true;
    }
    if (!isFirst) {
      return true;
    }
    FlatStep step = running;
    if (step != null) {
      step.deliverCancellation();
    }
    CompletionStage<? extends T> stage = awaited;
    if (stage != null) {
      cancelAwaited(stage);
      decide(new Outcome.WasCancelled<>(reason));
    }
    return true;
  }

  /// A stage that refuses to be cancelled is left alone: the task goes on all the same.
  private void cancelAwaited(CompletionStage<? extends T> stage) {
    try {
      stage.toCompletableFuture().cancel(true);
    } catch (UnsupportedOperationException refused) {
      // Stages need not be futures.
    } catch (Throwable t) {
      fail(t);
    }
  }

  @Override
  void refuseToWait(String how) {
    if (!isDone() && (loop.isHere() || currentOrNull() == this)) {
      throw new IllegalStateException(
          "%s of flat task '%s' was called in a step of the loop that it needs, and would wait in vain. Return the task as a stage, or run this with a portal and call Portal.await(task) in another task."
              .formatted(how, name()));
    }
  }

  // ---- what can be seen

  /// {@return its name: the one it was given, or one made of its executor's}
  @Override
  public String name() {
    String n = name;
    if (n == null) {
      n = executor.name() + "-" + number;
      name = n;
    }
    return n;
  }

  boolean isOf(FlatExecutor other) {
    return executor == other;
  }

  /// The name of its steps' threads. One of its own costs more than the rest.
  private String threadName() {
    String n = name;
    return n == null ? executor.name() : n;
  }

  /// {@return its name, and whether it is done}
  @Override
  public String toString() {
    String how =
        switch (state()) {
          case RUNNING -> cancelled == null ? "running" : "running, cancelled: " + cancelled;
          case SUCCESS -> "done";
          case FAILED -> "failed";
          case CANCELLED -> "cancelled: " + cancelled;
        };
    return "FlatTask[%s, %s]".formatted(name(), how);
  }
}
