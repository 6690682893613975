package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Instruments;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.dispatch.Hooks;
import dev.greenhouse.instrumentation.dispatch.InHook;
import dev.greenhouse.instrumentation.dispatch.InstrumentSet;
import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.jdk.Sneaky;
import dev.greenhouse.nursery.jdk.SocketPoller;
import dev.greenhouse.nursery.jdk.TaskScope;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import dev.greenhouse.nursery.scheduler.Fiber;
import dev.greenhouse.nursery.scheduler.Guest;
import dev.greenhouse.nursery.scheduler.JdkThreads;
import dev.greenhouse.nursery.scheduler.Pool;
import dev.greenhouse.nursery.scheduler.Scheduler;
import dev.greenhouse.nursery.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A greenhouse that was built, or the common one: what [Greenhouse] says, and `run` and `call`.
public final class OpenGreenhouse implements Greenhouse {
  /// So long a cancelled task may stay where it is before the log says so, unless told otherwise.
  static final Duration REPORT_STUCK_AFTER = Duration.ofSeconds(10);

  private static final int POOL_WATCHES = 16; // a power of two

  private static final class Common {
    static final OpenGreenhouse INSTANCE = make();

    private static OpenGreenhouse make() {
      return new OpenGreenhouse(
          "common",
          Clock.system(),
          REPORT_STUCK_AFTER,
          List.of(),
          g ->
              VirtualThreads.available()
                  ? Pool.onShared(g, g.clock, g.instruments)
                  : JdkThreads.warned(g, g.clock, g.instruments));
    }
  }

  private final String name;
  private final Clock clock;
  private final InstrumentSet instruments;
  private final Scheduler scheduler;
  private final TaskList roots = new TaskList();

  /// Several on a pool, so that nurseries on many carriers don't meet in one.
  private final CloseWatch[] closeWatches;

  private final LeftOpenWatch leftOpenWatch;
  private final AtomicBoolean begun = new AtomicBoolean();

  /// By the system task that failed first; to null by who tells it.
  private final AtomicReference<@Nullable SystemTaskFailedException> untold =
      new AtomicReference<>();

  /// Set by who closes or breaks it, see [#end]; read by every new root.
  private final AtomicReference<@Nullable CancelReason> refusal = new AtomicReference<>();

  private final Failures launchFailures = new Failures(true);

  private final Object closeLock = new Object();
  private boolean closedByUser; // under closeLock

  /// The thread that waits in `close`.
  private volatile @Nullable Thread closer;

  private final long reportStuckAfterNanos;

  OpenGreenhouse(
      String name,
      Clock clock,
      Duration reportStuckAfter,
      List<Instrument> instruments,
      Function<OpenGreenhouse, Scheduler> scheduler) {
    this.name = name;
    this.clock = clock;
    this.reportStuckAfterNanos = Durations.saturatedNanos(reportStuckAfter);
    this.instruments =
        new InstrumentSet(name, (i, hook, error) -> Reports.instrumentFailed(name, i, hook, error));
    instruments.forEach(this.instruments::add); // before a loop begins to run
    SocketPoller.ensureStarted();
    this.scheduler = scheduler.apply(this);
    this.leftOpenWatch = new LeftOpenWatch(this);
    this.closeWatches = new CloseWatch[this.scheduler.isSingle() ? 1 : POOL_WATCHES];
    Arrays.setAll(closeWatches, i -> new CloseWatch(reportStuckAfterNanos));
  }

  // ---- running

  static OpenGreenhouse common() {
    return Common.INSTANCE;
  }

  /// What the static `run` and `call` do.
  static <T extends @Nullable Object> T runOnLoop(Callable<T> body) {
    refuseInTask("Greenhouse.run");
    try (OpenGreenhouse loop = Greenhouse.builder().name("main").singleThreaded().build()) {
      return loop.runMain(body);
    }
  }

  /// Runs an operation as a main task here and waits for it and all its tasks. The current thread
  /// is blocked; if it is interrupted, the main task is cancelled. The `ScopedValue`s that are
  /// bound now are seen by all of them.
  ///
  /// @param <X> what the operation may throw
  /// @param op the main task
  /// @throws X if the operation does, as it is
  /// @throws Cancelled if the main task is cancelled
  /// @throws SystemTaskFailedException if a system task has failed
  /// @throws IllegalStateException in a task, on a guest, or if the greenhouse is closed or broken
  public <X extends Throwable> void run(VoidOp<X> op) throws X {
    refuseToWait("run");
    runMain(asCallable(op));
  }

  /// Runs an operation as [#run(VoidOp)] does, and returns its value.
  ///
  /// @param <T> the type of the value
  /// @param <X> what the operation may throw
  /// @param op the main task
  /// @return its value
  /// @throws X if the operation does, as it is
  /// @throws Cancelled if the main task is cancelled
  /// @throws SystemTaskFailedException if a system task has failed
  /// @throws IllegalStateException in a task, on a guest, or if the greenhouse is closed or broken
  public <T extends @Nullable Object, X extends Throwable> T call(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    refuseToWait("call");
    return runMain(OpenGreenhouse.<T, X>asCallable(op));
  }

  private void refuseToWait(String what) {
    refuseInTask("%s of greenhouse '%s'".formatted(what, name));
    refuseInHook("called " + what + " of greenhouse", name);
    if (scheduler instanceof Guest) {
      throw new IllegalStateException(
          "Greenhouse '%s' is a guest: %s would block, perhaps the very thread that its executor runs on. Use launch, which does not wait."
              .formatted(name, what));
    }
  }

  private <T extends @Nullable Object> T runMain(Callable<T> body) {
    RootTask<T> main = RootTask.create(this, RootTask.Kind.MAIN, "main", body);
    addRoot(main);
    startAndAwait(main);
    return switch (main.outcome().orElseThrow()) {
      case Outcome.Succeeded<T>(T value) -> value;
      case Outcome.Failed<T>(Throwable error) -> {
        if (main.cancelledFor() instanceof SystemTaskFailedException failure) {
          error.addSuppressed(told(failure));
        }
        throw Sneaky.<RuntimeException>rethrow(error);
      }
      case Outcome.WasCancelled<T>(CancelReason reason) -> {
        Cancelled cancelled = main.thrownAsCancelled(reason);
        if (main.cancelledFor() instanceof SystemTaskFailedException failure) {
          var told = told(failure);
          told.addSuppressed(cancelled);
          throw told;
        }
        throw cancelled;
      }
    };
  }

  /// {@return the same once more, to be thrown to who runs something here; then `close` need not}
  /// It may be thrown by several runs, and Java does not let an exception meet itself.
  private SystemTaskFailedException told(SystemTaskFailedException failure) {
    untold.compareAndSet(failure, null);
    return failure.again();
  }

  private void startAndAwait(RootTask<?> main) {
    TaskScope container = start(main);
    try {
      main.awaitGone();
    } finally {
      container.joinAndClose();
    }
  }

  /// Starts the task in a container of its own, or ends it as failed.
  private TaskScope start(RootTask<?> main) {
    boolean carried = scheduler.carries;
    TaskScope container = null;
    try {
      container = TaskScope.open("greenhouse " + name, carried ? null : body -> main.thread());
      hooks().taskSpawned(main);
      if (carried) {
        container.start(main.thread());
      } else {
        hooks().taskScheduled(main);
        container.fork();
      }
      return container;
    } catch (Throwable t) {
      main.failedToStart(t);
      if (container != null) {
        container.joinAndClose();
      }
      throw t;
    }
  }

  @Override
  public <T extends @Nullable Object> Task<T> launch(Callable<? extends T> main) {
    return launchRoot(RootTask.Kind.LAUNCHED, "main", Objects.requireNonNull(main, "main"));
  }

  @Override
  public Task<@Nullable Void> forkSystemTask(String name, Action body) {
    return launchRoot(
        RootTask.Kind.SYSTEM, Objects.requireNonNull(name, "name"), NurseryImpl.asCallable(body));
  }

  private <T extends @Nullable Object> TaskImpl<T> launchRoot(
      RootTask.Kind kind, String taskName, Callable<? extends T> body) {
    refuseInHook("launched a task in greenhouse", name);
    RootTask<T> task = RootTask.create(this, kind, taskName, body);
    addRoot(task);
    hooks().taskSpawned(task);
    if (!scheduler.carries) {
      hooks().taskScheduled(task);
    }
    try {
      task.thread().start();
    } catch (Throwable t) {
      task.failedToStart(t);
      throw t;
    }
    return task;
  }

  @Override
  public Nursery openNursery(NurseryOptions options) {
    return NurseryImpl.open(this, options, true);
  }

  // ---- ending

  @Override
  public void cancel(String reason) {
    Objects.requireNonNull(reason, "reason");
    cancelRoots(new CancelReason(Source.EXPLICIT, reason), t -> true);
  }

  @Override
  public void close() {
    if (this == Common.INSTANCE) {
      return;
    }
    TaskImpl<?> me = TaskImpl.currentOrNull();
    if (me != null && me.greenhouse() == this) {
      throw new IllegalStateException(
          "Task '%s' closes greenhouse '%s', in which it runs, and would wait for itself. Close it outside, or call cancel(reason)."
              .formatted(me.name(), name));
    }
    boolean first;
    synchronized (closeLock) { // no task or carrier comes here
      first = !closedByUser;
      closedByUser = true;
      end(shutdown("is closed"));
      if (first) {
        awaitRoots();
        scheduler.close();
        reportLaunchFailures();
        if (begun.get()) {
          hooks().afterRun(this);
        }
      }
    }
    SystemTaskFailedException failure = first ? untold.getAndSet(null) : null;
    if (failure != null) {
      throw failure;
    }
  }

  /// No more roots. The first reason stays, but a greenhouse that breaks while it is being closed
  /// cancels those who come to it late.
  private void end(CancelReason why) {
    refusal.accumulateAndGet(
        why, (old, now) -> old == null || old.source() == Source.SHUTDOWN ? now : old);
  }

  private void awaitRoots() {
    closer = Thread.currentThread();
    boolean interrupted = false;
    boolean systemToo = false;
    roots.close();
    while (!roots.isClosed()) {
      if (!systemToo && roots.snapshot().stream().allMatch(OpenGreenhouse::isSystem)) {
        systemToo = true;
        cancelRoots(shutdown("is being closed"), t -> true);
      }
      if (Thread.interrupted()) {
        interrupted = true;
        cancelRoots(shutdown("is being closed by a thread that was interrupted"), t -> true);
      }
      if (!roots.isClosed()) {
        LockSupport.park(this);
      }
    }
    closer = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean isSystem(TaskImpl<?> root) {
    return root instanceof RootTask<?> r && r.isSystem();
  }

  private CancelReason shutdown(String what) {
    return new CancelReason(Source.SHUTDOWN, "greenhouse '%s' %s".formatted(name, what));
  }

  private void cancelRoots(CancelReason reason, Predicate<TaskImpl<?>> which) {
    for (TaskImpl<?> root : roots.snapshot()) {
      if (which.test(root)) {
        root.cancel(reason);
      }
    }
  }

  // ---- what the parts say

  void executorBroke(String what, @Nullable Throwable cause) {
    var reason =
        new CancelReason(
            Source.BROKEN,
            "greenhouse '%s' is broken: its executor %s".formatted(name, what),
            cause);
    end(reason);
    Reports.warn(
        "Greenhouse '%s' is broken: its executor %s%s. Its tasks are cancelled and unwind on other threads. Give it an executor that runs one command after the other on a platform thread, and close the greenhouse before the executor."
            .formatted(name, what, cause == null ? "" : " (" + cause + ")"));
    cancelRoots(reason, t -> true);
  }

  void systemTaskFailed(TaskImpl<?> task, Throwable error) {
    var failure = new SystemTaskFailedException(name, task.name(), error);
    var reason =
        new CancelReason(
            Source.BROKEN,
            "system task '%s' of greenhouse '%s' failed: %s"
                .formatted(task.name(), name, Failures.describe(error)),
            failure);
    if (this == Common.INSTANCE) { // which can't be replaced by a new one
      Reports.error("A system task of the common greenhouse failed", failure);
    } else {
      if (!untold.compareAndSet(null, failure)) {
        Reports.error("Another system task of greenhouse '" + name + "' failed", failure);
      }
      end(reason);
    }
    cancelRoots(reason, t -> t != task);
  }

  /// Nobody waits for a launched task as a nursery does: its failure is told to who joins it, or by
  /// `close`; the common greenhouse is never closed.
  void launchedTaskFailed(TaskImpl<?> task, Throwable error) {
    if (this != Common.INSTANCE) {
      launchFailures.add(task, error);
    } else if (!task.isObserved()) {
      Reports.error("A launched task of the common greenhouse failed", error);
    }
  }

  void observe(TaskImpl<?> root) {
    launchFailures.observe(root);
  }

  private void reportLaunchFailures() {
    for (Throwable error : launchFailures.snapshot()) {
      Reports.error(
          "A launched task of greenhouse '%s' failed, and nobody joined it".formatted(name), error);
    }
    int more = launchFailures.beyond();
    if (more > 0) {
      Reports.warn(
          "Greenhouse '%s' had more launched tasks that failed and that nobody joined: %d"
              .formatted(name, more));
    }
  }

  void rootGone() {
    LockSupport.unpark(closer);
  }

  void addRoot(RootTask<?> root) {
    refuseIfEnded(root.isMain());
    if (begun.compareAndSet(false, true)) {
      hooks().beforeRun(this);
      scheduler.begin();
    }
    if (root.addTo(roots) == TaskList.Added.CLOSED) {
      refuseIfEnded(root.isMain());
      throw new AssertionError("a greenhouse that is neither open nor closed");
    }
    leftOpenWatch.wake();
    // It broke, or began to close, between the question and the answer.
    CancelReason ended = refusal.get();
    if (ended != null && (ended.source() == Source.BROKEN || root.isSystem())) {
      root.cancel(ended);
    }
  }

  /// Somebody starts a task. Instruments are told of it, so one that starts tasks in its hooks
  /// would never come to an end; and carriers must not wait for anybody.
  void refuseInHook(String what, String where) {
    if (hooks() != Hooks.NONE && (InHook.isHere() || scheduler.isCarrier(Thread.currentThread()))) {
      throw new IllegalStateException(
          "A hook of an instrument %s '%s'. Hooks must not start tasks: write down what the hook saw, and let a task or a thread of your own do the rest."
              .formatted(what, where));
    }
  }

  private void refuseIfEnded(boolean run) {
    CancelReason r = refusal.get();
    if (r != null) {
      if (run && r.cause() instanceof SystemTaskFailedException failure) {
        throw told(failure);
      }
      throw new IllegalStateException(
          "%s. Build a new greenhouse to run more tasks.".formatted(r.text()), r.cause());
    }
  }

  /// The current thread, which is no task, becomes one: of `greenhouse`, or of the one that carries
  /// it, or of the common one.
  static RootTask<?> adopt(@Nullable OpenGreenhouse greenhouse) {
    Fiber carrying = Fiber.carrying();
    OpenGreenhouse around = carrying instanceof TaskImpl<?> t ? t.greenhouse() : null;
    OpenGreenhouse g = greenhouse != null ? greenhouse : around != null ? around : common();
    g.refuseInHook("opened a nursery in greenhouse", g.name);
    if (g.scheduler.isSingle() && g != around) {
      g.refuseIfEnded(false); // that no remedy of the following would help
      throw new IllegalStateException(
          "Greenhouse '%s' runs its tasks one at a time on its own thread, and thread '%s' is another one. Use run, call or launch."
              .formatted(g.name, Thread.currentThread().getName()));
    }
    return RootTask.adopt(g);
  }

  private static void refuseInTask(String what) {
    TaskImpl<?> me = TaskImpl.currentOrNull();
    if (me != null) {
      throw new IllegalStateException(
          "%s was called in task '%s', which would block there. Open a nursery instead: try (var nursery = Nursery.open()) { ... }"
              .formatted(what, me.name()));
    }
  }

  static <X extends Throwable> Callable<@Nullable Void> asCallable(VoidOp<X> op) {
    Objects.requireNonNull(op, "op");
    return () -> {
      try {
        op.run();
      } catch (Throwable t) {
        throw Sneaky.<RuntimeException>rethrow(t);
      }
      return null;
    };
  }

  static <T extends @Nullable Object, X extends Throwable> Callable<T> asCallable(
      ScopedValue.CallableOp<? extends T, X> op) {
    Objects.requireNonNull(op, "op");
    return () -> {
      try {
        return op.call();
      } catch (Throwable t) {
        throw Sneaky.<RuntimeException>rethrow(t);
      }
    };
  }

  // ---- what can be seen

  @Override
  public Instruments instruments() {
    return instruments;
  }

  @Override
  public GreenhouseStatistics statistics() {
    var states = new EnumMap<TaskState, Integer>(TaskState.class);
    var nurseries = new int[1];
    var earliest = new @Nullable Deadline[1];
    Tree.forEach(
        rootTasks(),
        t -> {
          states.merge(t.state(), 1, Integer::sum);
          earliest[0] = Deadline.earlier(earliest[0], Surroundings.earliestOwnDeadline(t));
        },
        n -> nurseries[0]++);
    int runnable = states.getOrDefault(TaskState.RUNNABLE, 0);
    int running = states.getOrDefault(TaskState.RUNNING, 0);
    int waiting = states.getOrDefault(TaskState.WAITING, 0);
    return new GreenhouseStatistics(
        runnable + running + waiting,
        runnable,
        running,
        waiting,
        nurseries[0],
        scheduler.carriers(),
        Optional.ofNullable(earliest[0]).map(d -> d.left(clock.nanoTime())));
  }

  @Override
  public Clock clock() {
    return clock;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Task<?>> roots() {
    return List.copyOf(roots.snapshot());
  }

  TaskList rootList() {
    return roots;
  }

  List<TaskImpl<?>> rootTasks() {
    return roots.snapshot();
  }

  Hooks hooks() {
    return instruments.hooks();
  }

  Scheduler scheduler() {
    return scheduler;
  }

  long reportStuckAfterNanos() {
    return reportStuckAfterNanos;
  }

  InstrumentSet instrumentSet() {
    return instruments;
  }

  CloseWatch closeWatch(TaskImpl<?> owner) {
    return closeWatches[(int) owner.id() & (closeWatches.length - 1)];
  }

  /// {@return its name and whether it takes tasks}
  @Override
  public String toString() {
    CancelReason r = refusal.get();
    return "Greenhouse[%s, %s]".formatted(name, r == null ? "open" : r.text());
  }
}
