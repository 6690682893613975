package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.jdk.CallSites;
import dev.greenhouse.nursery.jdk.Sneaky;
import dev.greenhouse.nursery.jdk.TaskScope;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// A nursery: a cancel scope, the list of its living tasks, and a JDK scope that contains their
/// threads.
///
/// It goes from open to closing when the owner calls `close`, and to closed when then no task is
/// left; the [TaskList] is the judge of that. It is *left* when the owner has also closed the JDK's
/// scope and taken it off its stack.
@SuppressWarnings("ReferenceEquality") // exceptions and nurseries are themselves
final class NurseryImpl implements Nursery {
  private final TaskImpl<?> owner;
  private final NurseryOptions options;
  private final boolean tryForm;
  private final ScopeImpl scope;
  private final @Nullable NurseryImpl outer;
  private final TaskScope taskScope;
  private final @Nullable HostedForks hosted; // without the flag
  private final TaskList members = new TaskList();

  private volatile @Nullable Failures
      failures; // made by who fails first, under this.members' spin word
  private boolean toldLeftOpen; // under this.members' spin word
  private boolean left; // owner's thread only; to true, once
  private volatile boolean closing; // owner writes
  private @Nullable RuntimeException cutOffBy; // owner only: what that means for it
  private volatile boolean cutOff; // to true, by tasks before their outcomes are published

  /// Links and count of the [CloseWatch] that it is in while its owner waits in `close`, under its
  /// spin word.
  final CloseWatch.Seat seat = new CloseWatch.Seat(this);

  /// Set by the housekeeper when the owner shall look whether its body threw; cleared by the owner.
  private volatile boolean lookAsked;

  private NurseryImpl(TaskImpl<?> owner, NurseryOptions options, boolean tryForm) {
    this.owner = owner;
    this.options = options;
    this.tryForm = tryForm;
    this.outer = owner.innermost();
    this.scope = new ScopeImpl(owner, owner.scope(), this);
    if (owner.scheduler().carries) {
      this.hosted = null;
      this.taskScope = TaskScope.open(options.name(), null);
    } else {
      this.hosted = new HostedForks(options.name());
      this.taskScope = hosted.scope();
    }
    owner.push(this);
    Duration time = options.deadline();
    if (time != null) {
      scope.deadline(time);
    }
    owner.hooks().nurseryOpened(this);
  }

  /// Opens a nursery in `greenhouse`, or, if that is null, where the current thread belongs.
  static NurseryImpl open(
      @Nullable OpenGreenhouse greenhouse, NurseryOptions options, boolean tryForm) {
    Objects.requireNonNull(options, "options");
    TaskImpl<?> task = TaskImpl.currentOrNull();
    if (task != null) {
      if (greenhouse != null && task.greenhouse() != greenhouse) {
        throw new IllegalStateException(
            "Task '%s' lives in greenhouse '%s' and can't open a nursery in greenhouse '%s'. Use Nursery.open(), or do it on another thread."
                .formatted(task.name(), task.greenhouse().name(), greenhouse.name()));
      }
      return new NurseryImpl(task, options, tryForm);
    }
    TaskImpl<?> adopted = OpenGreenhouse.adopt(greenhouse);
    try {
      return new NurseryImpl(adopted, options, tryForm);
    } catch (Throwable t) {
      adopted.leaveIfAdopted();
      throw t;
    }
  }

  // ---- forking

  @Override
  public <T extends @Nullable Object> Task<T> fork(Callable<? extends T> body) {
    return forkChild(null, Objects.requireNonNull(body, "body"));
  }

  @Override
  public <T extends @Nullable Object> Task<T> fork(String name, Callable<? extends T> body) {
    return forkChild(Objects.requireNonNull(name, "name"), Objects.requireNonNull(body, "body"));
  }

  @Override
  public Task<@Nullable Void> fork(Action body) {
    return forkChild(null, asCallable(body));
  }

  @Override
  public Task<@Nullable Void> fork(String name, Action body) {
    return forkChild(Objects.requireNonNull(name, "name"), asCallable(body));
  }

  @Override
  public Executor executor() {
    return command -> {
      Objects.requireNonNull(command, "command");
      fork(command::run);
    };
  }

  static Callable<@Nullable Void> asCallable(Action body) {
    return new ActionBody(Objects.requireNonNull(body, "body"));
  }

  /// No lambda, which would be one more frame on each task's stack.
  private record ActionBody(Action action) implements Callable<@Nullable Void> {
    @Override
    public @Nullable Void call() throws Exception {
      action.run();
      return null;
    }
  }

  private <T extends @Nullable Object> TaskImpl<T> forkChild(
      @Nullable String name, Callable<? extends T> body) {
    greenhouse().refuseInHook("forked a task into nursery", name());
    var task = new TaskImpl<T>(this, name, body);
    admit(task);
    return task;
  }

  private void admit(TaskImpl<?> task) {
    TaskList.Added added = task.addTo(members); // no switch: its table is a class that may not load
    if (added == TaskList.Added.CLOSED) {
      throw closedError();
    }
    try {
      if (added == TaskList.Added.YES_MAYBE_CANCELLED) {
        task.maybeCancelledFromStart();
      }
      task.hooks().taskSpawned(task);
      if (hosted != null) {
        startHosted(task, hosted);
      } else if (owner.scheduler().startsLate()) {
        task.queueFirstStep();
      } else {
        startThread(task);
      }
    } catch (Throwable t) {
      task.failedToStart(t);
      throw t;
    }
  }

  /// Starts a task's thread in the JDK's scope. Any thread, while the task is in the list.
  void startThread(TaskImpl<?> task) {
    taskScope.start(task.thread());
  }

  private void startHosted(TaskImpl<?> task, HostedForks h) {
    greenhouse().hooks().taskScheduled(task);
    if (Thread.currentThread() == owner.thread()) {
      try {
        h.forkHere(task.thread());
        return;
      } catch (TaskScope.StructureViolation otherBindings) {
        task.recreateThread();
      }
    }
    h.forkThere(task.thread());
  }

  private IllegalStateException closedError() {
    return new IllegalStateException(
        "Nursery '%s' is closed: its body and all its tasks have ended. Fork before that, or into an outer nursery."
            .formatted(name()));
  }

  @Override
  public <T extends @Nullable Object, X extends Throwable> T start(StartBody<T, X> body) throws X {
    return startChild(null, body);
  }

  @Override
  public <T extends @Nullable Object, X extends Throwable> T start(
      String name, StartBody<T, X> body) throws X {
    return startChild(Objects.requireNonNull(name, "name"), body);
  }

  private <T extends @Nullable Object> T startChild(@Nullable String name, StartBody<T, ?> body) {
    Objects.requireNonNull(body, "body");
    greenhouse().refuseInHook("started a task in nursery", name());
    TaskImpl<?> starter = TaskImpl.requireCurrent();
    var start = new Start<T>(starter, body);
    var task = new TaskImpl<@Nullable Void>(this, name, start);
    start.setChild(task);
    task.startUnder(start);
    // Whoever cancels the starter writes its signal and then reads whom it is starting.
    starter.setStarting(task);
    try {
      if (starter.mayBeCancelled()) {
        task.maybeCancelledFromStart();
      }
      admit(task);
      return start.await();
    } catch (Throwable t) {
      throw Sneaky.<RuntimeException>rethrow(t);
    } finally {
      starter.setStarting(null);
    }
  }

  // ---- tasks report

  /// A task's first step could not start its thread, and who forked it has gone on. On a carrier,
  /// so the user's handler of failures is not asked.
  ///
  /// @return what that means for the task
  <T extends @Nullable Object> Outcome<T> notStarted(TaskImpl<T> task, Throwable error) {
    if (error instanceof IllegalStateException) { // the JDK has closed the scope
      foundLeftOpen();
      CancelReason reason = scope.reasonOrNull();
      if (reason != null) {
        return new Outcome.WasCancelled<>(reason);
      }
    }
    if (task.startedUnder() == null) { // or else the starter gets it
      failed(task, error);
    }
    return new Outcome.Failed<>(error);
  }

  /// The JDK closes the scope, or has closed it, because its owner has ended or has left a binding.
  /// Any thread; the log says so once.
  void foundLeftOpen() {
    scope.cancel(
        new CancelReason(
            Source.EXPLICIT,
            "nursery '%s' was left open by task '%s'".formatted(name(), owner.name())));
    members.lock();
    boolean first = !toldLeftOpen;
    toldLeftOpen = true;
    members.unlock();
    if (first) {
      Reports.warn(
          "Nursery '%s' was left open: task '%s' has ended, or has left a ScopedValue binding, without closing it, and nothing would end its tasks. The nursery was cancelled. Open nurseries in a try-with-resources statement."
              .formatted(name(), owner.name()));
    }
  }

  /// A task has failed; its outcome is not published yet. In its thread.
  void taskFailed(TaskImpl<?> task, Throwable error) {
    var handler = options.onFailure();
    if (handler != null) {
      try {
        handler.accept(task, error);
        return;
      } catch (Throwable t) {
        if (t != error) {
          error.addSuppressed(t);
        }
      }
    }
    failed(task, error);
  }

  /// A task has ended because something was cancelled that is neither the nursery nor the task.
  void cutOffFromOutside() {
    cutOff = true;
  }

  void bodyFailed(Throwable error) {
    failures().add(null, error);
    cancelFor(error);
  }

  private void failed(TaskImpl<?> task, Throwable error) {
    failures().add(task, error);
    if (!options.supervised()) {
      cancelFor(error);
    }
  }

  private void cancelFor(Throwable error) {
    scope.cancel(
        new CancelReason(
            Source.NURSERY_FAILED,
            "nursery '%s' failed: %s".formatted(name(), Failures.describe(error)),
            error));
  }

  private Failures failures() {
    Failures f = failures;
    if (f != null) {
      return f;
    }
    var made = new Failures(options.supervised());
    members.lock();
    try {
      f = failures;
      if (f == null) {
        failures = f = made;
      }
    } finally {
      members.unlock();
    }
    return f;
  }

  /// The last task has gone while the owner waits. On that task's carrier.
  void closed() {
    owner.unpark();
  }

  // ---- closing: owner's thread

  @Override
  public void close() {
    if (Thread.currentThread() != owner.thread()) {
      throw new IllegalStateException(
          "Nursery '%s' was opened by task '%s' and can't be closed on thread '%s'. Close it where it was opened; use cancel() to end it from elsewhere."
              .formatted(name(), owner.name(), Thread.currentThread().getName()));
    }
    if (left) {
      return;
    }
    if (closing) {
      return; // called by a hook, or by what a task's end runs
    }
    refuseInsideOfAScope();
    Throwable misuse = owner.innermost() == this ? null : closeInner();
    try {
      leave(true);
    } catch (Throwable t) {
      misuse = join(misuse, t);
    }
    NurseryFailedException failed = failure();
    if (misuse != null) {
      if (failed != null) {
        misuse.addSuppressed(failed);
      }
      throw Sneaky.<RuntimeException>rethrow(misuse);
    }
    if (failed != null) {
      throw failed;
    }
    throwIfCutOff();
  }

  /// A task was cancelled by something outside of the nursery, and so the nursery's work is not
  /// done: that goes on outwards, as the task's exception would have.
  void throwIfCutOff() {
    if (cutOffBy != null) {
      throw cutOffBy;
    }
  }

  private void refuseInsideOfAScope() {
    ScopeImpl s = owner.scope();
    while (s != null && s.nursery != null && s != scope) {
      s = s.outer; // nurseries that were opened later: these are closed with it
    }
    if (s != null && s != scope) {
      throw new IllegalStateException(
          "Nursery '%s' was opened outside of scope '%s' and can't be closed inside of it. Close it where it was opened."
              .formatted(name(), s.name()));
    }
  }

  /// The lambda form's end.
  void closeAfterBody() {
    Throwable misuse = owner.innermost() == this ? null : closeInner();
    if (misuse != null) {
      bodyFailed(misuse);
    }
    try {
      leave(false);
    } catch (Throwable t) {
      bodyFailed(t);
    }
    NurseryFailedException failed = failure();
    if (failed != null) {
      throw failed;
    }
  }

  private static Throwable join(@Nullable Throwable first, Throwable next) {
    if (first == null) {
      return next;
    }
    first.addSuppressed(next);
    return first;
  }

  /// The owner has nurseries open inside this one: they are cancelled and closed first.
  private Throwable closeInner() {
    var error =
        new IllegalStateException(
            "Nursery '%s' was closed before nursery '%s', which the same task opened later. That one was cancelled and closed first. Close nurseries in the reverse order of their opening: use try-with-resources."
                .formatted(name(), Objects.requireNonNull(owner.innermost()).name()));
    for (NurseryImpl n; (n = owner.innermost()) != null && n != this; ) {
      n.closeForced("nursery '%s' around it was closed first".formatted(name()), error);
    }
    return error;
  }

  /// The owner's body has ended without closing this one.
  Throwable closeLeftover() {
    var error =
        new IllegalStateException(
            "Task '%s' ended and left nursery '%s' open, so that was cancelled and closed. Open nurseries in a try-with-resources statement."
                .formatted(owner.name(), name()));
    closeForced("task '%s' ended without closing it".formatted(owner.name()), error);
    return error;
  }

  /// The owner's operation in a scope has ended without closing this one, which it opened in there.
  Throwable closeLeftIn(ScopeImpl around) {
    var error =
        new IllegalStateException(
            "The operation in scope '%s' of task '%s' ended and left nursery '%s' open, so that was cancelled and closed. Open nurseries in a try-with-resources statement."
                .formatted(around.name(), owner.name(), name()));
    closeForced(
        "the operation in scope '%s' ended without closing it".formatted(around.name()), error);
    return error;
  }

  /// Throws the error if that is not possible here, for lack of stack or memory: whoever has more
  /// of it tries again.
  private void closeForced(String why, IllegalStateException error) {
    scope.cancel(new CancelReason(Source.EXPLICIT, why));
    try {
      leave(false);
    } catch (Throwable t) {
      error.addSuppressed(t);
    }
    NurseryFailedException failed = failure();
    if (failed != null) {
      error.addSuppressed(failed);
    }
    if (!left) {
      throw error;
    }
  }

  private void leave(boolean mayLook) {
    closing = true;
    if (options.cancelOnClose()) {
      scope.cancel(
          new CancelReason(Source.EXPLICIT, "the body of nursery '%s' ended".formatted(name())));
    }
    owner.beginWait(this); // until the JDK's scope is closed, too: no interrupts of ours in there
    try {
      awaitTasks(mayLook && tryForm);
      closeTaskScope();
    } finally {
      owner.endWait();
      if (members.isClosed()) {
        left();
      } else {
        closing = false; // out of stack or memory: to be closed by who has more of it
      }
    }
  }

  private void left() {
    left = true;
    owner.pop(scope);
    scope.afterPop(owner);
    Object by = cutOff && failure() == null ? owner.visibleCancelled() : null;
    if (by != null) {
      cutOffBy = owner.cancellation(by);
    } else {
      owner.catchUp();
    }
    greenhouse().hooks().nurseryClosed(this);
    if (outer == null) {
      owner.leaveIfAdopted();
    }
  }

  private void awaitTasks(boolean mayLook) {
    boolean givesWayFirst =
        owner.isCarried() && owner.scheduler().isSingle() && !members.looksEmpty();
    if (givesWayFirst) {
      cancelIfBodyThrewInVirtualTime(mayLook);
      owner.checkCancelled(); // an interrupt from outside cancels the tasks before they begin
      owner.yieldNow(); // who is queued before us runs now; with short tasks that were all
    }
    if (members.close()) {
      if (!givesWayFirst) {
        owner.yieldNow();
      }
      return;
    }
    cancelIfBodyThrewInVirtualTime(mayLook);
    CloseWatch watch = greenhouse().closeWatch(owner);
    watch.enter(seat);
    try {
      while (!members.isClosed()) {
        owner.checkCancelled(); // takes note of an interrupt, which cancels the owner and so the
        // tasks
        if (lookAsked) {
          lookAsked = false;
          if (mayLook) {
            cancelIfBodyThrew();
          }
        }
        if (!members.isClosed()) {
          owner.park();
        }
      }
    } finally {
      watch.leave(seat);
    }
  }

  private void closeTaskScope() {
    try {
      if (hosted != null) {
        hosted.dismiss();
      }
      taskScope.joinAndClose();
    } catch (TaskScope.StructureViolation e) {
      throw new IllegalStateException(
          "Nursery '%s' was closed where other scoped values are bound than where it was opened, or with a StructuredTaskScope still open inside. Close it in the block that opened it."
              .formatted(name()),
          e);
    }
  }

  /// Its owner waits for its threads in the JDK and can't close it. Without the flag one of them is
  /// the host, which ends when nothing is left to fork. By the housekeeper, until the owner goes
  /// on.
  void abandon() {
    if (members.close() && hosted != null) {
      hosted.dismiss();
    }
  }

  /// The housekeeper asks: it has been waiting for a moment. Any thread.
  void askToLook() {
    lookAsked = true;
    owner.unpark();
  }

  /// Nobody would look later: no moment passes.
  private void cancelIfBodyThrewInVirtualTime(boolean mayLook) {
    if (mayLook && owner.scheduler().virtualTime != null) {
      cancelIfBodyThrew();
    }
  }

  private void cancelIfBodyThrew() {
    if (CallSites.isClosedByException(c -> c == NurseryImpl.class)) {
      scope.cancel(
          new CancelReason(
              Source.NURSERY_FAILED,
              "the body of nursery '%s' threw an exception".formatted(name())));
    }
  }

  private @Nullable NurseryFailedException failure(@Nullable NurseryImpl bodyOf) {
    Failures f = failures;
    if (f == null) {
      return null;
    }
    List<Throwable> now = f.snapshot();
    return now.isEmpty() ? null : new NurseryFailedException(name(), f, now, bodyOf);
  }

  private @Nullable NurseryFailedException failure() {
    return failure(null);
  }

  /// What a body that waits is told when a task has failed; null if none has, or in the lambda
  /// form.
  @Nullable RuntimeException failureForBody() {
    return tryForm ? failure(this) : null;
  }

  /// {@return whether the exception tells the body of a nursery around this one, of the same task,
  /// that it is cancelled}
  boolean isCancellationOfOuterBody(Throwable error) {
    NurseryImpl bodyOf = error instanceof NurseryFailedException f ? f.bodyOf() : null;
    for (NurseryImpl n = outer; n != null && bodyOf != null; n = n.outer) {
      if (n == bodyOf) {
        return true;
      }
    }
    return false;
  }

  /// Somebody asks for a task's outcome.
  void observe(TaskImpl<?> task) {
    Failures f = failures;
    if (f != null) {
      f.observe(task);
    }
  }

  // ---- waiting and cancelling

  @Override
  public void join() {
    TaskImpl<?> me = TaskImpl.requireCurrent();
    me.throwIfCancelledNow();
    me.spendBudget();
    for (TaskImpl<?> t = me; t != null; t = t.ancestor()) {
      if (t.nursery() == this) {
        throw new IllegalStateException(
            "Task '%s' joins nursery '%s', which it is in itself or below, and would wait for ever. Join the other tasks one by one."
                .formatted(me.name(), name()));
      }
    }
    List<TaskImpl<?>> now = members.snapshot();
    for (TaskImpl<?> task : now) {
      task.awaitEnd();
    }
    NurseryFailedException failed = failure();
    if (failed != null) {
      throw failed;
    }
  }

  @Override
  public void cancel(String reason) {
    scope.cancel(reason);
  }

  @Override
  public void cancel() {
    scope.cancel();
  }

  @Override
  public void cancelAfter(Duration grace) {
    scope.cancelAfter(grace);
  }

  @Override
  public ScopeImpl cancelScope() {
    return scope;
  }

  /// {@return whether cancellation covers the owner from outside of this nursery, which it has
  /// left}
  boolean isOwnerCancelled() {
    return owner.visibleCancelled() != null;
  }

  Cancelled cancelledFor(TaskImpl<?> task) {
    ScopeImpl outside = task.visibleCancelled();
    ScopeImpl cancelled = outside != null ? outside : scope;
    CancelReason reason = Objects.requireNonNull(cancelled.reasonOrNull());
    return new Cancelled(reason, cancelled.name(), task.name());
  }

  /// Whoever cancels marks the list first and then takes the snapshot, so a task forked meanwhile
  /// is either in it or told at its fork.
  List<TaskImpl<?>> membersForCancel() {
    members.markMaybeCancelled();
    return members.snapshot();
  }

  TaskList members() {
    return members;
  }

  @Nullable NurseryImpl outer() {
    return outer;
  }

  boolean isClosing() {
    return closing;
  }

  boolean isClosed() {
    return members.isClosed();
  }

  // ---- what can be seen

  @Override
  public String name() {
    return options.name();
  }

  @Override
  public TaskImpl<?> owner() {
    return owner;
  }

  private OpenGreenhouse greenhouse() {
    return owner.greenhouse();
  }

  @Override
  public List<Task<?>> children() {
    return List.copyOf(members.snapshot());
  }

  @Override
  public Optional<CancelReason> cancelled() {
    return Optional.ofNullable(scope.reasonOrNull());
  }

  @Override
  public boolean isOpen() {
    return !members.isClosed();
  }

  /// {@return its name, state and number of tasks}
  @Override
  public String toString() {
    return "Nursery[%s, %s, tasks: %d]"
        .formatted(name(), isOpen() ? "open" : "closed", members.size());
  }
}
