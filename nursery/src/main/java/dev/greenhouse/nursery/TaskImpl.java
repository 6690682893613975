package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.dispatch.Hooks;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.nursery.scheduler.Fiber;
import dev.greenhouse.nursery.scheduler.Reports;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A task: a fiber with a place in the tree, a stack of scopes and nurseries, and an outcome.
final class TaskImpl<T extends @Nullable Object> extends Fiber implements Task<T>, Runnable {
  /// Where a task stands.
  enum Kind {
    /// In a nursery.
    CHILD,
    /// Started by `Greenhouse.run`, `call` or `launch`.
    MAIN,
    /// Started by `Greenhouse.forkSystemTask`.
    SYSTEM,
    /// A thread of somebody else, while it has a nursery open.
    ADOPTED
  }

  private static final VarHandle RESULT =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "result", VarHandle.class, TaskImpl.class, Outcome.class);

  private static final VarHandle SCOPE =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "scope", VarHandle.class, TaskImpl.class, CancelScope.class);

  private static final VarHandle INNERMOST =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "innermost", VarHandle.class, TaskImpl.class, NurseryImpl.class);

  private static final Outcome<?> NOTHING = new Outcome.Succeeded<@Nullable Object>(null);

  /// Somebody who waits for the end.
  private static final class Waiter {
    final Runnable wake;
    @Nullable Waiter before; // under the spin word of the task's list

    Waiter(Runnable wake) {
      this.wake = wake;
    }
  }

  private final OpenGreenhouse greenhouse;
  private final Kind kind;
  private final @Nullable NurseryImpl nursery;

  // Links of the TaskList that it is in, under that list's spin word.
  @Nullable TaskImpl<?> before;
  @Nullable TaskImpl<?> after;

  // Own thread only.
  private @Nullable Callable<? extends T> body;
  private @Nullable Throwable thrown;
  private @Nullable Outcome<T> ended; // then its carrier
  private boolean interruptedOutside;

  // Own thread writes; read anywhere.
  private volatile @Nullable CancelScope scope; // the innermost
  private volatile @Nullable NurseryImpl innermost;
  private volatile @Nullable TaskImpl<?> starting; // the child of a pending start

  private volatile @Nullable String name; // by who forks, or who asks first
  private volatile @Nullable CancelScope
      own; // by who cancels the task first, under `this` as a spin word
  private volatile @Nullable Start<?> startedUnder; // before the start; to null by `started`

  /// Null while it lives. Written by the carrier after the thread has terminated, under the spin
  /// word of its [#home]; read anywhere.
  @SuppressWarnings("UnusedVariable") // written by RESULT
  private volatile @Nullable Outcome<T> result;

  /// Those who wait for the end, last first. Under the spin word of its [#home] until there is a
  /// result.
  private @Nullable Waiter waiters;

  private volatile boolean observed; // to true, by who joins
  boolean countedBeyond; // under the spin word of the nursery's Failures
  private @Nullable Thread starter; // before the start: the thread that waits for a main task

  TaskImpl(
      OpenGreenhouse greenhouse,
      Kind kind,
      @Nullable NurseryImpl nursery,
      @Nullable String name,
      @Nullable Callable<? extends T> body) {
    super(greenhouse.scheduler(), kind != Kind.ADOPTED && greenhouse.scheduler().carries);
    this.greenhouse = greenhouse;
    this.kind = kind;
    this.nursery = nursery;
    if (name != null) {
      this.name = name; // a volatile store, which most tasks do without
    }
    this.body = body;
    if (kind != Kind.ADOPTED) {
      // A name of its own costs more than the rest of a fork, so it is made when somebody asks.
      createThread(name == null && nursery != null ? nursery.name() : name, this);
    }
  }

  // ---- the current one

  static @Nullable TaskImpl<?> currentOrNull() {
    return (TaskImpl<?>) Fiber.current();
  }

  static TaskImpl<?> requireCurrent() {
    TaskImpl<?> task = currentOrNull();
    if (task == null) {
      throw new IllegalStateException(
          "Thread '%s' is no task. Call this inside Greenhouse.run, in a forked task, or while a nursery is open on this thread."
              .formatted(Thread.currentThread().getName()));
    }
    return task;
  }

  // ---- life

  @Override
  public void run() {
    var hooks = greenhouse.hooks();
    if (hooks != Hooks.NONE) {
      hooks.taskEntered(this);
    }
    Outcome<T> outcome;
    try {
      outcome = runBody();
      Start<?> start = startedUnder;
      boolean ofStarter = start != null && start.ended(thrown);
      if (!ofStarter && outcome instanceof Outcome.Failed<T>(Throwable error)) {
        reportFailure(error);
      }
    } catch (Throwable t) {
      // No outcome would be a hang of whoever waits for it.
      Reports.internalError("task '" + name() + "'", t);
      outcome = new Outcome.Failed<>(t);
    }
    finish(outcome);
    markEnded();
  }

  @SuppressWarnings("unchecked")
  private Outcome<T> runBody() {
    try {
      Callable<? extends T> b = Objects.requireNonNull(body);
      body = null;
      T value = b.call();
      closeLeftovers();
      if (thrown == null) {
        return value == null ? (Outcome<T>) NOTHING : new Outcome.Succeeded<>(value);
      }
    } catch (Throwable t) {
      thrown = t;
      closeLeftovers();
    }
    Throwable error = Objects.requireNonNull(thrown);
    CancelScope cause = visibleCancelled();
    if (cause != null && Interrupts.isCancellation(error)) {
      return new Outcome.WasCancelled<>(Objects.requireNonNull(cause.reasonOrNull()));
    }
    if (cause == null && error instanceof Cancelled cancelled) {
      cancelled.escape(name());
    }
    return new Outcome.Failed<>(error);
  }

  /// Nurseries that the body left open are cancelled and closed, and that is an error.
  private void closeLeftovers() {
    for (NurseryImpl n; (n = innermost) != null; ) {
      Throwable error = n.closeLeftover();
      if (thrown == null) {
        thrown = error;
      } else {
        thrown.addSuppressed(error);
      }
    }
  }

  private void reportFailure(Throwable error) {
    if (nursery != null) {
      nursery.taskFailed(this, error);
    } else if (kind == Kind.SYSTEM) {
      greenhouse.systemTaskFailed(this, error);
    } else if (starter == null) {
      greenhouse.launchedTaskFailed(this, error);
    }
  }

  /// Its body and all its reports are over. The outcome is published when the thread has
  /// terminated.
  private void finish(Outcome<T> outcome) {
    ended = outcome;
    var hooks = greenhouse.hooks();
    if (hooks != Hooks.NONE) {
      hooks.taskLeft(this);
      hooks.taskExited(this, outcome);
    }
  }

  /// It never ran.
  void failedToStart(Throwable error) {
    ended = new Outcome.Failed<>(error);
    greenhouse.hooks().taskExited(this, ended);
    terminated();
  }

  /// Takes the task out of its list, publishes its outcome under the same spin word, and then wakes
  /// those who wait for it: first for the task, then for the list.
  @Override
  protected void terminated() {
    TaskList list = home();
    boolean closed = list.remove(this);
    wakeAll(waiters);
    Start<?> start = startedUnder;
    if (start != null) {
      start.release();
    }
    if (nursery == null) {
      greenhouse.rootGone();
      LockSupport.unpark(starter);
    } else if (closed) {
      nursery.closed();
    }
  }

  /// By the list, under its spin word. Whoever reads the outcome sees all that the task did.
  void publish() {
    RESULT.setRelease(this, Objects.requireNonNull(ended));
  }

  /// In the order of their coming. Nobody is added or taken out once the outcome is there.
  private static void wakeAll(@Nullable Waiter last) {
    Waiter first = null;
    for (Waiter w = last, before; w != null; w = before) {
      before = w.before;
      w.before = first;
      first = w;
    }
    for (Waiter w = first; w != null; w = w.before) {
      w.wake.run();
    }
  }

  private TaskList home() {
    NurseryImpl n = nursery;
    return n == null ? greenhouse.rootList() : n.members();
  }

  /// Blocks the current thread, which started this task and is no task, until the task is gone.
  void awaitGone() {
    boolean interrupted = false;
    while (result == null) {
      LockSupport.park(this);
      if (Thread.interrupted()) {
        interrupted = true;
        cancel(
            new CancelReason(
                Source.INTERRUPT,
                "the thread that waits for task '%s' was interrupted".formatted(name())));
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// {@return what its body threw when it was cancelled, or what that means}
  Cancelled thrownAsCancelled(CancelReason reason) {
    if (thrown instanceof Cancelled cancelled) {
      return cancelled;
    }
    var told = new Cancelled(reason, name(), name());
    if (thrown != null) {
      told.addSuppressed(thrown);
    }
    return told;
  }

  /// {@return whether it waits in something that is not ours}
  boolean isBlockedElsewhere() {
    return isBlocked() && !isWaiting();
  }

  void setStarter(Thread thread) {
    starter = thread;
  }

  // ---- a thread of somebody else

  /// The current thread becomes this task.
  void enterAdopted(Runnable registration) {
    adopt(true);
    try {
      registration.run();
    } catch (Throwable t) {
      adopt(false);
      throw t;
    }
    var hooks = greenhouse.hooks();
    hooks.taskSpawned(this);
    hooks.taskScheduled(this);
    hooks.taskEntered(this);
    hooks.beforeTaskStep(this);
  }

  /// And is none any more. An interrupt that was taken for cancellation is set again.
  void leaveAdopted() {
    @SuppressWarnings("unchecked")
    var nothing = (Outcome<T>) NOTHING;
    finish(nothing);
    markEnded();
    greenhouse.hooks().afterTaskStep(this);
    adopt(false);
    terminated();
    if (interruptedOutside) {
      thread().interrupt();
    }
  }

  /// The thread has ended without closing its nurseries; by the housekeeper.
  void buryAdopted() {
    @SuppressWarnings("unchecked")
    var nothing = (Outcome<T>) NOTHING;
    finish(nothing);
    terminated();
  }

  boolean isAdopted() {
    return kind == Kind.ADOPTED;
  }

  boolean isSystem() {
    return kind == Kind.SYSTEM;
  }

  // ---- its end

  @Override
  public Optional<Outcome<T>> outcome() {
    return Optional.ofNullable(result);
  }

  @Override
  public T join() {
    awaitEnd();
    observe();
    return switch (outcome().orElseThrow()) {
      case Outcome.Succeeded<T>(T value) -> value;
      case Outcome.Failed<T>(Throwable error) -> throw new TaskFailedException(name(), error);
      case Outcome.WasCancelled<T>(CancelReason reason) ->
          throw new TaskCancelledException(name(), reason);
    };
  }

  /// Waits for the outcome. A checkpoint.
  void awaitEnd() {
    TaskImpl<?> me = currentOrNull();
    if (me == this) {
      throw new IllegalStateException(
          "Task '%s' waits for its own end. Join a task from another one.".formatted(name()));
    }
    if (me == null) {
      awaitEndOnPlainThread();
    } else if (result != null) {
      me.throwIfCancelledNow();
      me.spendBudget();
    } else {
      var suspension = Suspension.<@Nullable Void>create();
      Waiter waiter = addWaiter(() -> suspension.resume(null));
      try {
        suspension.await();
      } finally {
        removeWaiter(waiter);
      }
      // Whoever is cancelled together with the task is told so, and not that the other one was.
      me.throwIfCancelledNow();
    }
  }

  private void awaitEndOnPlainThread() {
    Thread me = Thread.currentThread();
    Waiter waiter = addWaiter(() -> LockSupport.unpark(me));
    while (result == null) {
      LockSupport.park(this);
      if (me.isInterrupted() && result == null) {
        removeWaiter(waiter);
        var reason =
            new CancelReason(
                Source.INTERRUPT,
                "thread '%s' was interrupted while it waited for task '%s'"
                    .formatted(me.getName(), name()));
        throw new Cancelled(reason, name(), me.getName());
      }
    }
  }

  private Waiter addWaiter(Runnable wake) {
    var waiter = new Waiter(wake);
    TaskList list = home();
    boolean late;
    list.lock();
    try {
      late = result != null;
      if (!late) {
        waiter.before = waiters;
        waiters = waiter;
      }
    } finally {
      list.unlock();
    }
    if (late) {
      wake.run();
    }
    return waiter;
  }

  /// Leaves nothing of a join that was given up.
  private void removeWaiter(Waiter waiter) {
    TaskList list = home();
    list.lock();
    try {
      if (result == null) {
        if (waiters == waiter) {
          waiters = waiter.before;
        }
        for (Waiter w = waiters; w != null; w = w.before) {
          if (w.before == waiter) {
            w.before = waiter.before;
          }
        }
      }
    } finally {
      list.unlock();
    }
  }

  @Override
  public CompletableFuture<T> toCompletableFuture() {
    observe();
    var future = new CompletableFuture<T>();
    addWaiter(
        () -> {
          switch (outcome().orElseThrow()) {
            case Outcome.Succeeded<T>(T value) -> future.complete(value);
            case Outcome.Failed<T>(Throwable error) -> future.completeExceptionally(error);
            case Outcome.WasCancelled<T>(CancelReason reason) ->
                future.completeExceptionally(new TaskCancelledException(name(), reason));
          }
        });
    return future;
  }

  /// Whoever asks for the outcome observes a failure. A failure that comes later reads that, too.
  private void observe() {
    observed = true;
    if (nursery != null) {
      nursery.observe(this);
    } else {
      greenhouse.observe(this);
    }
  }

  void markObserved() {
    observed = true;
  }

  boolean isObserved() {
    return observed;
  }

  // ---- checkpoints, in its own thread

  void throwIfCancelledNow() {
    if (checkCancelled()) {
      throw cancellation();
    }
  }

  void checkpointNow() {
    throwIfCancelledNow();
    yieldNow();
    throwIfCancelledNow();
  }

  // ---- scopes

  @Nullable NurseryImpl parentOrNull() {
    return nursery;
  }

  /// {@return the owner of the nursery that it is in}
  @Nullable TaskImpl<?> ancestor() {
    NurseryImpl n = nursery;
    return n == null ? null : n.owner();
  }

  /// {@return the innermost scope that the task itself has opened}
  @Nullable CancelScope scope() {
    return scope;
  }

  @Nullable CancelScope ownScope() {
    return own;
  }

  @Nullable NurseryImpl innermost() {
    return innermost;
  }

  @Nullable TaskImpl<?> starting() {
    return starting;
  }

  void setStarting(@Nullable TaskImpl<?> child) {
    starting = child;
  }

  void startUnder(Start<?> start) {
    startedUnder = start;
  }

  /// Something around it may be cancelled already. Before the start.
  void maybeCancelledFromStart() {
    presetSignal();
  }

  boolean mayBeCancelled() {
    return hasSignal();
  }

  /// From now on it is under its nursery's scopes only.
  void detachFromStarter() {
    startedUnder = null;
    if (currentOrNull() == this) {
      afterLeave();
    }
  }

  /// Whoever spreads a cancellation writes the signal and then reads the nurseries, so here it is
  /// the other way round. The first store need not be volatile: the second one carries it.
  void push(NurseryImpl n) {
    SCOPE.setRelease(this, n.cancelScope());
    innermost = n;
    if (hasSignal()) {
      n.members().markMaybeCancelled();
    }
  }

  /// Likewise: the volatile store of the scope comes before the look at the signal in `afterLeave`.
  void pop(NurseryImpl n) {
    INNERMOST.setRelease(this, n.outer());
    scope = n.cancelScope().outer;
  }

  void addNurseriesTo(ArrayDeque<NurseryImpl> found) {
    for (NurseryImpl n = innermost; n != null; n = n.outer()) {
      found.add(n);
    }
  }

  /// {@return the outermost cancelled scope that covers the task now, or null}
  @Nullable CancelScope visibleCancelled() {
    return visibleCancelled(this, scope);
  }

  /// {@return the outermost cancelled scope from `scope` of `task` outwards}
  static @Nullable CancelScope visibleCancelled(TaskImpl<?> task, @Nullable CancelScope scope) {
    CancelScope found = null;
    TaskImpl<?> t = task;
    CancelScope s = scope;
    while (true) {
      for (; s != null; s = s.outer) {
        found = s.isCancelled() ? s : found;
      }
      CancelScope mine = t.own;
      found = mine != null && mine.isCancelled() ? mine : found;
      Start<?> start = t.startedUnder;
      if (start != null) {
        CancelScope ofStarter = visibleCancelled(start.starter, start.scope);
        found = ofStarter != null ? ofStarter : found;
      }
      NurseryImpl n = t.nursery;
      if (n == null) {
        return found;
      }
      s = n.cancelScope();
      t = n.owner();
    }
  }

  @Override
  protected boolean isCancelled() {
    return visibleCancelled() != null;
  }

  @Override
  public RuntimeException cancellation() {
    CancelScope cancelled = visibleCancelled();
    CancelReason reason = cancelled == null ? null : cancelled.reasonOrNull();
    if (cancelled == null || reason == null) {
      return new IllegalStateException(
          "Task '%s' was resumed as cancelled, but no scope around it is. Resume it with a value or an exception."
              .formatted(name()));
    }
    greenhouse.hooks().cancelDelivered(this, reason);
    NurseryImpl n = cancelled.nursery;
    if (n != null && n.owner() == this) {
      RuntimeException failed = n.failureForBody();
      if (failed != null) {
        return failed;
      }
    }
    return new Cancelled(reason, cancelled.name(), name());
  }

  @Override
  public void cancel(String reason) {
    Objects.requireNonNull(reason, "reason");
    cancel(new CancelReason(Source.EXPLICIT, reason));
  }

  void cancel(CancelReason reason) {
    if (result == null) {
      ownScopeMade().cancel(reason);
    }
  }

  private CancelScope ownScopeMade() {
    CancelScope mine = own;
    if (mine != null) {
      return mine;
    }
    var made = new CancelScope(this, null, null);
    lock();
    try {
      mine = own;
      if (mine == null) {
        own = mine = made;
      }
    } finally {
      unlock();
    }
    return mine;
  }

  @Override
  protected void interruptedFromOutside() {
    interruptedOutside = true;
    cancel(
        new CancelReason(
            Source.INTERRUPT, "thread of task '%s' was interrupted".formatted(name())));
  }

  /// A thread that failed to start can't be started again. Without the flag only.
  Thread recreateThread() {
    return createThread(name, this);
  }

  // ---- what can be seen

  @Override
  public long id() {
    return thread().threadId();
  }

  @Override
  public String name() {
    String n = name;
    if (n == null) {
      n = defaultName();
      name = n;
      if (kind != Kind.ADOPTED) {
        thread().setName(n);
      }
    }
    return n;
  }

  private String defaultName() {
    return switch (kind) {
      case CHILD -> Objects.requireNonNull(nursery).name() + "-" + id();
      case MAIN -> "main";
      case SYSTEM -> "system-" + id();
      case ADOPTED -> {
        String t = thread().getName();
        yield t.isEmpty() ? "thread-" + id() : t;
      }
    };
  }

  @Override
  public Optional<Nursery> parent() {
    return Optional.ofNullable(nursery);
  }

  @Override
  public List<Nursery> nurseries() {
    var result = new ArrayList<Nursery>();
    for (NurseryImpl n = innermost; n != null; n = n.outer()) {
      result.add(n);
    }
    return List.copyOf(result.reversed());
  }

  @Override
  public OpenGreenhouse greenhouse() {
    return greenhouse;
  }

  /// {@return its name and state}
  @Override
  public String toString() {
    return "Task[%s, %s]".formatted(name(), state());
  }
}
