package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.dispatch.Hooks;
import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.nursery.lowlevel.TaskLocal;
import dev.greenhouse.nursery.scheduler.Fiber;
import dev.greenhouse.nursery.scheduler.Scheduler;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A task of a nursery: a place in the tree, a body, and an outcome. [RootTask] is one that is in
/// no nursery.
sealed class TaskImpl<T extends @Nullable Object> extends ScopedTask implements Task<T>, Runnable
    permits RootTask {
  private static final VarHandle PUBLISHED =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "published", VarHandle.class, TaskImpl.class, boolean.class);

  private static final Outcome<?> NOTHING = new Outcome.Succeeded<@Nullable Object>(null);

  /// Somebody who waits for the end.
  private static final class Waiter {
    final Runnable wake;
    @Nullable Waiter before; // under the spin word of the task's list

    Waiter(Runnable wake) {
      this.wake = wake;
    }
  }

  // Links of the TaskList that it is in, under that list's spin word.
  @Nullable TaskImpl<?> before;
  @Nullable TaskImpl<?> after;

  private @Nullable Callable<? extends T> body; // own thread only

  /// How it ended. By the own thread, then its carrier; read by others when it is published.
  private @Nullable Outcome<T> outcome;

  /// Set by the carrier after the thread has terminated, under the spin word of its [#home]; read
  /// anywhere.
  @SuppressWarnings("UnusedVariable") // written by PUBLISHED
  private volatile boolean published;

  /// Those who wait for the end, last first. Under the spin word of its [#home] until there is an
  /// outcome.
  private @Nullable Waiter waiters;

  private volatile @Nullable String name; // by who forks, or who asks first
  private volatile boolean observed; // to true, by who joins
  boolean countedBeyond; // under the spin word of its Failures

  /// Makes a task of a nursery.
  TaskImpl(NurseryImpl nursery, @Nullable String name, Callable<? extends T> body) {
    this(nursery.owner().scheduler(), nursery.owner().scheduler().carries, nursery, name, body);
    // A name of its own costs more than the rest of a fork, so it is made when somebody asks. The
    // field is not read: right after the object was made, a processor waits for it.
    createThread(name == null ? nursery.name() : name, this);
  }

  /// Makes a task that has no thread yet.
  TaskImpl(
      Scheduler scheduler,
      boolean carried,
      @Nullable NurseryImpl nursery,
      @Nullable String name,
      @Nullable Callable<? extends T> body) {
    super(scheduler, carried, nursery);
    if (name != null) {
      this.name = name; // a volatile store, which most tasks do without
    }
    this.body = body;
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

  /// Calls the body itself: each frame between would be on every stack that is taken in there.
  @Override
  public final void run() {
    var hooks = hooks();
    if (hooks != Hooks.NONE) {
      hooks.taskEntered(this);
    }
    catchUp();
    T value = null;
    Throwable thrown = null;
    try {
      Callable<? extends T> b = Objects.requireNonNull(body);
      body = null;
      value = b.call();
    } catch (Throwable t) {
      thrown = t;
    }
    finish(bodyEnded(value, thrown));
    markEnded();
  }

  private Outcome<T> bodyEnded(@Nullable T value, @Nullable Throwable thrownByBody) {
    try {
      Throwable thrown = innermost() == null ? thrownByBody : closeLeftovers(thrownByBody);
      dropDeadScopes();
      Outcome<T> end = thrown == null ? succeeded(value) : ended(thrown);
      Start<?> start = startedUnder();
      boolean ofStarter = start != null && start.ended(thrown);
      if (!ofStarter && end instanceof Outcome.Failed<T>(Throwable error)) {
        reportFailure(error);
      }
      return end;
    } catch (Throwable t) {
      // No outcome would be a hang of whoever waits for it.
      Reports.internalError("task '" + name() + "'", t);
      return new Outcome.Failed<>(t);
    }
  }

  /// Nurseries that the body left open are cancelled and closed, and that is an error.
  private @Nullable Throwable closeLeftovers(@Nullable Throwable thrownByBody) {
    Throwable thrown = thrownByBody;
    for (NurseryImpl n; (n = innermost()) != null; ) {
      Throwable error = n.closeLeftover();
      if (thrown == null) {
        thrown = error;
      } else {
        thrown.addSuppressed(error);
      }
    }
    return thrown;
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // T is nullable where the value is null
  static <T extends @Nullable Object> Outcome<T> succeeded(@Nullable T value) {
    return value == null ? (Outcome<T>) NOTHING : new Outcome.Succeeded<>(value);
  }

  /// {@return what it means that the body threw}
  Outcome<T> ended(Throwable thrown) {
    ScopeImpl cause = visibleCancelled();
    if (cause != null && Interrupts.isCancellation(thrown)) {
      NurseryImpl n = nursery();
      if (n != null && cause != n.cancelScope() && cause != ownScope()) {
        n.cutOffFromOutside();
      }
      return new Outcome.WasCancelled<>(Objects.requireNonNull(cause.reasonOrNull()));
    }
    if (cause == null && thrown instanceof Cancelled cancelled) {
      cancelled.escape(name());
    }
    return new Outcome.Failed<>(thrown);
  }

  void reportFailure(Throwable error) {
    Objects.requireNonNull(nursery()).taskFailed(this, error);
  }

  /// Its body and all its reports are over. The outcome is published when the thread has
  /// terminated.
  final void finish(Outcome<T> end) {
    var hooks = hooks();
    if (hooks != Hooks.NONE) {
      outcome = end;
      hooks.taskLeft(this);
    }
    exit(end);
  }

  /// The same, where nobody is in its thread any more.
  final void exit(Outcome<T> end) {
    outcome = end;
    hooks().taskExited(this, end);
  }

  /// Makes it a member, which virtual time waits for.
  final TaskList.Added addTo(TaskList list) {
    countIn();
    TaskList.Added added = list.add(this);
    if (added == TaskList.Added.CLOSED) {
      countOut();
    }
    return added;
  }

  @Override
  protected final void startThread() {
    Objects.requireNonNull(nursery()).startThread(this);
  }

  /// Nobody is there to throw it to, as there is in `fork`.
  @Override
  protected final void notStarted(Throwable error) {
    Outcome<T> end = null;
    try {
      end = Objects.requireNonNull(nursery()).notStarted(this, error);
    } finally {
      neverRan(end != null ? end : new Outcome.Failed<>(error));
    }
  }

  /// Who forks it throws this.
  final void failedToStart(Throwable error) {
    neverRan(new Outcome.Failed<>(error));
  }

  private void neverRan(Outcome<T> end) {
    try {
      exit(end);
    } finally {
      terminated();
    }
  }

  /// Takes the task out of its list, publishes its outcome under the same spin word, and then wakes
  /// those who wait for it: first for the task, then for the list.
  @Override
  protected final void terminated() {
    if (published) {
      return; // its fork ran out of stack twice: it was given up, and ran nevertheless
    }
    boolean closed = home().remove(this);
    wakeAll(waiters);
    Start<?> start = startedUnder();
    if (start != null) {
      start.release();
    }
    gone(closed);
    countOut();
  }

  /// The task is out of its list, which that perhaps has closed.
  void gone(boolean listClosed) {
    if (listClosed) {
      Objects.requireNonNull(nursery()).closed();
    }
  }

  /// By the list, under its spin word. Whoever reads the outcome sees all that the task did.
  final void publish() {
    PUBLISHED.setRelease(this, true);
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
    NurseryImpl n = nursery();
    return n == null ? greenhouse().rootList() : n.members();
  }

  /// {@return whether it waits in an operation of ours}
  final boolean waits() {
    return isWaiting();
  }

  /// {@return whether it waits in something that is not ours}
  boolean isBlockedElsewhere() {
    return isBlocked() && !isWaiting();
  }

  // ---- its end

  @Override
  final boolean isOver() {
    return published;
  }

  @Override
  public Optional<Outcome<T>> outcome() {
    return published ? Optional.ofNullable(outcome) : Optional.empty();
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
    } else if (published) {
      throwIfCancelledToo(me);
      me.spendBudget();
    } else {
      var suspension = Suspension.<@Nullable Void>create(this);
      Waiter waiter = addWaiter(() -> suspension.resume(null));
      try {
        suspension.await();
      } finally {
        removeWaiter(waiter);
      }
      throwIfCancelledToo(me);
    }
  }

  /// Whoever is cancelled together with the task is told so, and not that the other one was; even
  /// if that one has ended before whoever cancels both came to this one.
  private void throwIfCancelledToo(TaskImpl<?> me) {
    if (outcome instanceof Outcome.WasCancelled) {
      me.lookAgain();
    }
    me.throwIfCancelledNow();
  }

  private void awaitEndOnPlainThread() {
    Thread me = Thread.currentThread();
    Waiter waiter = addWaiter(() -> LockSupport.unpark(me));
    while (!published) {
      LockSupport.park(this);
      if (me.isInterrupted() && !published) {
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
      late = published;
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
      if (!published) {
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
    if (published) {
      complete(future);
    } else {
      addWaiter(() -> completeElsewhere(future));
    }
    return future;
  }

  /// Completing runs what depends on the future. That is somebody's code and may block, so it gets
  /// a thread of its own: this one may be a carrier.
  private void completeElsewhere(CompletableFuture<T> future) {
    try {
      Thread.ofVirtual()
          .inheritInheritableThreadLocals(false)
          .name("greenhouse-outcome")
          .start(() -> complete(future));
    } catch (OutOfMemoryError noThread) { // better here than never
      complete(future);
    }
  }

  private void complete(CompletableFuture<T> future) {
    switch (outcome().orElseThrow()) {
      case Outcome.Succeeded<T>(T value) -> future.complete(value);
      case Outcome.Failed<T>(Throwable error) -> future.completeExceptionally(error);
      case Outcome.WasCancelled<T>(CancelReason reason) ->
          future.completeExceptionally(new TaskCancelledException(name(), reason));
    }
  }

  /// Whoever asks for the outcome observes a failure. A failure that comes later reads that, too.
  private void observe() {
    observed = true;
    NurseryImpl n = nursery();
    if (n != null) {
      n.observe(this);
    } else {
      greenhouse().observe(this);
    }
  }

  void markObserved() {
    observed = true;
  }

  boolean isObserved() {
    return observed;
  }

  /// The outermost nursery is closed. A thread that was a task only meanwhile is none any more, and
  /// an interrupt that was taken for cancellation is set again.
  void leaveIfAdopted() {}

  @Override
  protected void interruptedFromOutside() {
    cancel(
        new CancelReason(
            Source.INTERRUPT, "thread of task '%s' was interrupted".formatted(name())));
  }

  /// A thread that failed to start can't be started again. Without the flag only. The task keeps
  /// its id, which instruments have been told.
  void recreateThread() {
    createThread(threadName(), this);
  }

  private String threadName() {
    String n = name;
    return n == null ? Objects.requireNonNull(nursery()).name() : n;
  }

  // ---- what can be seen

  @Override
  public String name() {
    String n = name;
    if (n == null) {
      n = defaultName();
      name = n;
      if (isCarried() || nursery() != null) {
        VirtualThreads.setName(thread(), n);
      }
    }
    return n;
  }

  String defaultName() {
    return numbered(Objects.requireNonNull(nursery()).name(), id());
  }

  static String numbered(String nursery, long id) {
    return nursery + "-" + id;
  }

  /// {@return what tells it of a cancellation. A name is not made for that}
  Cancelled toldOf(CancelReason reason, String scope) {
    NurseryImpl n = nursery();
    return name != null || n == null
        ? new Cancelled(reason, scope, name())
        : new Cancelled(reason, scope, n.name(), id());
  }

  @Override
  public Optional<Nursery> parent() {
    return Optional.ofNullable(nursery());
  }

  @Override
  public List<Nursery> nurseries() {
    var result = new ArrayList<Nursery>();
    for (NurseryImpl n = innermost(); n != null; n = n.outer()) {
      result.add(n);
    }
    return List.copyOf(result.reversed());
  }

  @Override
  public Optional<String> waitsFor() {
    return Optional.ofNullable(waitingFor()).map(TaskImpl::inWords);
  }

  /// Asks for a `toString` that may be somebody's.
  private static String inWords(Object what) {
    try {
      return switch (what) {
        case TaskImpl<?> task -> "join of task '%s'".formatted(task.name());
        case NurseryImpl n -> "close of nursery '%s'".formatted(n.name());
        default -> String.valueOf(what.toString());
      };
    } catch (Throwable t) {
      return "%s, whose toString threw %s"
          .formatted(what.getClass().getName(), t.getClass().getName());
    }
  }

  @Override
  public Optional<CancelReason> cancelled() {
    ScopeImpl by = mayBeCancelled() ? visibleCancelled() : null;
    return Optional.ofNullable(by).map(ScopeImpl::reasonOrNull);
  }

  @Override
  public Optional<Duration> timeLeft() {
    return Optional.ofNullable(Surroundings.earliestDeadline(this))
        .map(d -> d.left(scheduler().clock.nanoTime()));
  }

  @Override
  public List<String> marks() {
    List<String> marks = TaskLocal.marksOf(this);
    if (!isPinned()) {
      return marks;
    }
    var more = new ArrayList<>(marks);
    more.add("pinned");
    return List.copyOf(more);
  }

  @Override
  public OpenGreenhouse greenhouse() {
    return greenhouseOf();
  }

  final Hooks hooks() {
    return scheduler().instruments.hooks();
  }

  /// {@return its name and state}
  @Override
  public String toString() {
    return "Task[%s, %s]".formatted(name(), state());
  }
}
