package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A cancel scope: on the stack of one task once it is entered, cancelled by anybody.
///
/// | state | entered by |
/// |---|---|
/// | NEW | its making |
/// | ENTERED | the owner, before it is on its stack |
/// | LEFT | the owner, before it is taken off |
final class ScopeImpl implements CancelScope {
  private static final VarHandle REASON =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "reason", VarHandle.class, ScopeImpl.class, CancelReason.class);

  private static final VarHandle OWNER =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "owner", VarHandle.class, ScopeImpl.class, TaskImpl.class);

  private static final VarHandle STATE =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "state", VarHandle.class, ScopeImpl.class, byte.class);

  private static final VarHandle DEADLINE =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "deadline", VarHandle.class, ScopeImpl.class, Deadline.class);

  private static final VarHandle LAID =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "laid", VarHandle.class, ScopeImpl.class, Duration.class);

  private static final VarHandle TOLD =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "told", VarHandle.class, ScopeImpl.class, boolean.class);

  private static final byte NEW = 0;
  private static final byte ENTERED = 1;
  private static final byte LEFT = 2;

  /// The nursery whose scope it is; null for others.
  final @Nullable NurseryImpl nursery;

  private final @Nullable String name; // null for a nursery's or a task's

  /// The task that the scope is on the stack of. Null until it is entered; once written, in the
  /// constructor or by `enter` as a volatile.
  private @Nullable TaskImpl<?> owner;

  /// The next scope outwards in the same task; null if there is none. Written with `owner`.
  @Nullable ScopeImpl outer;

  /// Set once by whoever cancels first; read anywhere.
  private volatile @Nullable CancelReason reason;

  /// Written by the owner, released before it changes its stack, which is a volatile store.
  private volatile byte state;

  private volatile boolean shielded; // by anybody
  private volatile boolean windingDown; // to true, by anybody
  private boolean endsOnWindDown; // before it is entered

  @SuppressWarnings("UnusedVariable") // accessed by TOLD
  private volatile boolean told; // to true by who tells the instruments of the cancellation

  private boolean wasShielded; // to true before `shielded` is; the owner reads it at last
  private volatile boolean caught; // owner writes, when it leaves

  /// Null if there is none. Written under the owner's spin word once entered; read anywhere.
  private volatile @Nullable Deadline deadline;

  /// The scope's deadline is this time after `since`, and is made when somebody asks: most
  /// operations end before. By the owner before it is on its stack; to null under its spin word,
  /// after `deadline`.
  private volatile @Nullable Duration laid;

  private long since; // on the owner's clock; before `laid`

  /// The deadline that was given last, Duration, Instant or null; it is the scope's when that is
  /// entered.
  private volatile @Nullable Object planned;

  /// The scope of a nursery, or of a task, which is on its stack from the beginning.
  ScopeImpl(TaskImpl<?> owner, @Nullable ScopeImpl outer, @Nullable NurseryImpl nursery) {
    this.owner = owner;
    this.outer = outer;
    this.nursery = nursery;
    this.name = null;
    STATE.setRelease(this, ENTERED);
  }

  private ScopeImpl(String name) {
    this.name = name;
    this.nursery = null;
  }

  static ScopeImpl fresh(String name) {
    return new ScopeImpl(name);
  }

  static ScopeImpl endingOnWindDown() {
    var scope = new ScopeImpl("moveOnWindDown");
    scope.endsOnWindDown = true;
    return scope;
  }

  @Override
  public void cancelAfter(Duration grace) {
    Objects.requireNonNull(grace, "grace");
    TaskImpl<?> task = entered();
    windingDown = true;
    Deadline end = Deadline.ofGrace(this, task.scheduler().clock.nanoTime(), grace);
    if (end != null) {
      replaceDeadline(task, end, true);
    }
    cutOffWindingDown();
  }

  /// Cancels what ends on winding down, in all tasks inside.
  private void cutOffWindingDown() {
    var asked = new CancelReason(Source.SHUTDOWN, "the task was asked to wind down");
    Delivery.spread(this, t -> cutOffWindingDown(t, asked));
  }

  private boolean cutOffWindingDown(TaskImpl<?> task, CancelReason asked) {
    for (ScopeImpl s = task.scope(); s != null && s != this; s = s.outer) {
      if (s.endsOnWindDown && Surroundings.isWindingDown(task, s)) {
        s.cancel(asked);
      }
    }
    return false;
  }

  @Override
  public <X extends Throwable> boolean run(VoidOp<X> op) throws X {
    return ScopeRun.run(this, op);
  }

  @Override
  public <T, X extends Throwable> Optional<T> call(ScopedValue.CallableOp<? extends T, X> op)
      throws X {
    return ScopeRun.call(this, op);
  }

  // ---- cancelling: any thread, never blocks

  @Override
  public void cancel(String reason) {
    Objects.requireNonNull(reason, "reason");
    cancel(new CancelReason(Source.EXPLICIT, reason));
  }

  @Override
  public void cancel() {
    cancel(new CancelReason(Source.EXPLICIT, "cancel() was called on '" + name() + "'"));
  }

  @Override
  public boolean isCancelled() {
    if (reason == null) {
      expireIfOver();
    }
    return reason != null;
  }

  @Override
  public boolean caughtCancellation() {
    return caught;
  }

  @Override
  public Optional<CancelReason> reason() {
    return Optional.ofNullable(reason);
  }

  // ---- deadline and shield: any thread, at any time

  @Override
  public ScopeImpl deadline(Duration time) {
    setDeadline(Objects.requireNonNull(time, "time"));
    return this;
  }

  @Override
  public ScopeImpl deadline(Instant time) {
    setDeadline(Objects.requireNonNull(time, "time"));
    return this;
  }

  private void setDeadline(Object time) {
    expireIfOver();
    planned = time;
    TaskImpl<?> task = (TaskImpl<?>) OWNER.getVolatile(this);
    if (task != null) { // or else whoever enters it reads what is planned after that
      replaceDeadline(task, made(task, time), false);
    }
  }

  private @Nullable Deadline made(TaskImpl<?> task, Object time) {
    var clock = task.scheduler().clock;
    if (time instanceof Duration d) {
      return Deadline.after(this, clock.nanoTime(), d);
    }
    if (time.equals(Instant.MAX)) {
      return null;
    }
    Moment now = Moment.of(task);
    return Deadline.at(this, now.nanos(), now.instant(), (Instant) time);
  }

  @Override
  public Instant deadline() {
    Deadline d = deadlineOrNull();
    if (d != null) {
      return Surroundings.instantOf(task(), d);
    }
    if (state == NEW && planned instanceof Duration time) {
      throw new IllegalStateException(
          "The deadline of scope '%s' is %s after it is entered, which it is not yet. Enter it first, or set a time of day."
              .formatted(name(), Durations.text(time)));
    }
    return state == NEW && planned instanceof Instant time ? time : Instant.MAX;
  }

  @Override
  public boolean shielded() {
    return shielded;
  }

  @Override
  public ScopeImpl shielded(boolean on) {
    if (on) {
      wasShielded = true;
    }
    shielded = on;
    TaskImpl<?> task = (TaskImpl<?>) OWNER.getVolatile(this);
    if (task != null && !isLeft()) {
      if (on && task == TaskImpl.currentOrNull()) {
        task.afterLeave(null); // an interrupt that was sent is taken back
      } else if (!on) {
        tellWhatWasKeptOut(task);
      }
    }
    return this;
  }

  private void tellWhatWasKeptOut(TaskImpl<?> task) {
    if (ScopedTask.visibleCancelled(task, this) != null) {
      Delivery.tellAll(this); // who cancelled has a delivery under way
    } else if (Surroundings.isWindingDown(task, this)) {
      cutOffWindingDown();
    }
  }

  // ---- what can be seen

  @Override
  public String name() {
    if (name != null) {
      return name;
    }
    NurseryImpl n = nursery;
    return n != null ? n.name() : task().name();
  }

  /// {@return its name, whether it is entered, left or cancelled, and its deadline}
  @Override
  public String toString() {
    CancelReason r = reason;
    var text = new StringBuilder("CancelScope[").append(name());
    text.append(state == NEW ? ", not entered" : isLeft() ? ", left" : ", active");
    if (r != null) {
      text.append(", cancelled: ").append(r);
    }
    if (shielded) {
      text.append(", shielded");
    }
    if (windingDown) {
      text.append(", winding down");
    }
    Deadline d = deadlineOrNull();
    if (d != null && !isLeft()) {
      Duration left = Duration.ofNanos(d.at - task().scheduler().clock.nanoTime());
      text.append(
          left.isNegative()
              ? ", deadline %s ago".formatted(Durations.text(left.negated()))
              : ", deadline in %s".formatted(Durations.text(left)));
    } else if (state == NEW && planned != null) {
      text.append(", deadline ")
          .append(planned instanceof Duration p ? "after " + Durations.text(p) : planned);
    }
    return text.append(']').toString();
  }

  // ---- inside the runtime

  /// {@return the task that has entered it}
  TaskImpl<?> task() {
    TaskImpl<?> t = owner;
    if (t == null) {
      throw new AssertionError("a scope without a task");
    }
    return t;
  }

  private TaskImpl<?> entered() {
    TaskImpl<?> task = (TaskImpl<?>) OWNER.getVolatile(this);
    if (task == null) {
      throw new IllegalStateException(
          "Scope '%s' is not entered yet, so there is nobody in it to wind down. Cancel it instead."
              .formatted(name()));
    }
    return task;
  }

  @Nullable CancelReason reasonOrNull() {
    return reason;
  }

  boolean isWindingDown() {
    return windingDown;
  }

  @Nullable Deadline deadlineOrNull() {
    Duration time = laid;
    return time == null ? deadline : deadlineMade(time);
  }

  private @Nullable Deadline deadlineMade(Duration time) {
    Deadline made = Deadline.after(this, since, time);
    TaskImpl<?> task = task();
    task.lock();
    try {
      if (laid != null) {
        deadline = made;
        laid = null;
      }
    } finally {
      task.unlock();
    }
    return deadline;
  }

  /// Cancels if nobody has yet; returns whether this did it.
  boolean cancel(CancelReason why) {
    if (reason != null) {
      return false;
    }
    // The delivery is under way before anything is cancelled: nothing may come between, not even a
    // stack overflow.
    TaskImpl<?> task = (TaskImpl<?>) OWNER.getVolatile(this);
    Delivery delivery = task == null ? null : Delivery.scheduled(this);
    if (!REASON.compareAndSet(this, null, why)) {
      if (delivery != null) {
        delivery.end();
      }
      return false;
    }
    if (delivery == null) {
      task = (TaskImpl<?>) OWNER.getVolatile(this);
    }
    if (task != null) { // or else whoever enters it looks after that
      tell(task, why, delivery != null ? delivery : Delivery.scheduled(this));
    }
    return true;
  }

  /// Tells instruments and tasks of the cancellation. Who cancels and who enters may both come
  /// here, each with a delivery under way: one of them tells the instruments and keeps it.
  private void tell(TaskImpl<?> task, CancelReason why, Delivery underWay) {
    if (TOLD.compareAndSet(this, false, true)) {
      task.hooks().cancelRequested(task, name(), why);
    } else {
      underWay.end();
    }
    Delivery.tellAll(this);
  }

  boolean isLeft() {
    NurseryImpl n = nursery;
    if (n != null) {
      return n.isClosed();
    }
    return state == LEFT || (name == null && task().isOver());
  }

  /// Whether the nursery was opened inside this scope. A task's own scope is around all that it
  /// opens.
  boolean isAround(NurseryImpl n) {
    if (nursery == null && name == null) {
      return true;
    }
    for (ScopeImpl s = n.cancelScope(); s != null; s = s.outer) {
      if (s == this) {
        return true;
      }
    }
    return false;
  }

  // ---- entering and leaving: owner's thread

  /// A scope that was just made for this.
  void enterFresh(TaskImpl<?> task, @Nullable Object time) {
    owner = task;
    STATE.setRelease(this, ENTERED);
    outer = task.scope();
    if (time instanceof Duration d) {
      since = task.scheduler().clock.nanoTime();
      LAID.setRelease(this, d);
    } else if (time != null) {
      DEADLINE.setRelease(this, made(task, time));
    }
    pushOn(task);
  }

  /// Takes a scope that others may have too for this task.
  void refuseIfUsed(TaskImpl<?> task) {
    if (nursery != null || name == null || !OWNER.compareAndSet(this, null, task)) {
      throw new IllegalStateException(
          "Scope '%s' was entered before, by task '%s', and can't be entered by task '%s'. Make a new one each time."
              .formatted(name(), task().name(), task.name()));
    }
  }

  /// It is this task's now, see [#refuseIfUsed].
  void enter(TaskImpl<?> task) {
    outer = task.scope();
    STATE.setRelease(this, ENTERED);
    for (Object time = null;
        time != planned; ) { // who plans another one meanwhile may be overtaken
      time = planned;
      replaceDeadline(task, time == null ? null : made(task, time), false);
    }
    pushOn(task);
    CancelReason why = reason;
    if (why != null) {
      tell(task, why, Delivery.scheduled(this));
    }
  }

  private void pushOn(TaskImpl<?> task) {
    task.push(this);
    if (laid != null || hasUnarmedDeadline()) {
      task.addUnarmed();
    }
    if (shielded || endsOnWindDown) {
      VarHandle.fullFence(); // those who cancel, or ask to wind down, see it, or are seen here
    }
    if (shielded) {
      task.afterLeave(null);
    }
    if (endsOnWindDown && Surroundings.isWindingDown(task, this)) {
      cancel(new CancelReason(Source.SHUTDOWN, "the task was asked to wind down"));
    }
  }

  private boolean hasUnarmedDeadline() {
    Deadline d = deadline;
    return d != null && !d.armed;
  }

  /// The entering died on the way, of a stack overflow perhaps.
  void leaveIfEntered(TaskImpl<?> task) {
    if (task.isOnStack(this)) {
      leave(task, false);
    } else {
      STATE.setRelease(this, LEFT);
    }
  }

  /// {@return whether what was thrown is the scope's own cancellation, and ends here}
  boolean absorbs(TaskImpl<?> task, Throwable thrown) {
    return reason != null && task.visibleCancelled() == this && Interrupts.isCancellation(thrown);
  }

  void markCaught() {
    caught = true;
  }

  void leave(TaskImpl<?> task, boolean absorbed) {
    if (absorbed) {
      markCaught();
    }
    STATE.setRelease(this, LEFT);
    task.pop(this);
    afterPop(task);
  }

  /// The scope is off the stack. What still concerns it is dropped, and what it kept out is seen.
  void afterPop(TaskImpl<?> task) {
    Deadline d = deadline; // after the volatile store of pop: see replaceDeadline
    if (d != null) {
      d.drop();
    }
    task.afterLeave(this);
    if (wasShielded && task.visibleCancelled() != null) {
      task.lookAgain();
      task.catchUp();
    }
  }

  // ---- deadlines

  /// Another one takes the place of the deadline. Its timer is set at once if somebody else than
  /// the owner says so. A scope that is left meanwhile has either been seen as left here, or sees
  /// the new deadline there.
  private void replaceDeadline(TaskImpl<?> task, @Nullable Deadline made, boolean onlyIfEarlier) {
    boolean own = task == TaskImpl.currentOrNull();
    deadlineOrNull(); // makes what was laid down only, so `deadline` says it all from now on
    Deadline old;
    task.lock();
    try {
      old = deadline;
      if (onlyIfEarlier && old != null && made != null && !made.isBefore(old)) {
        return;
      }
      if (made != null) {
        made.armed = !own;
      }
      deadline = made;
    } finally {
      task.unlock();
    }
    if (old != null) {
      old.drop();
    }
    if (made == null || isLeft()) {
      return;
    }
    if (!own) {
      arm(task, made);
    } else if (state == ENTERED && task.isOnStack(this)) {
      task.addUnarmed();
    }
  }

  /// Sets the timer, or cancels if the time has come. The timer must not stay behind if the scope
  /// was left, or the deadline replaced, meanwhile.
  void arm(TaskImpl<?> task, Deadline d) {
    if (d.isOver(task.scheduler().clock.nanoTime())) {
      d.armed = true;
      deadlineReached(d);
      return;
    }
    task.scheduler().set(d, d.at);
    d.armed = true;
    if (isLeft() || deadline != d) {
      d.drop();
    }
  }

  /// The housekeeper's time is the system's; the clock may be slower.
  void deadlineReached(Deadline d) {
    TaskImpl<?> task = task();
    boolean over = d.isOver(task.scheduler().clock.nanoTime()); // first: see expireIfOver
    if (deadline != d || isLeft()) {
      return;
    }
    if (over) {
      cancel(d.reason());
    } else {
      arm(task, d);
    }
  }

  private void expireIfOver() {
    Deadline d = deadlineOrNull();
    if (d != null) {
      // The time is read first: a deadline that is still the same after that was not moved in time.
      boolean over = d.isOver(task().scheduler().clock.nanoTime());
      if (over && deadline == d && !isLeft()) {
        cancel(d.reason());
      }
    } else if (state == NEW && planned instanceof Instant time) {
      TaskImpl<?> here = TaskImpl.currentOrNull(); // elsewhere nobody knows on which clock it is
      if (here != null && !here.scheduler().clock.instant().isBefore(time)) {
        cancel(new CancelReason(Source.DEADLINE, "deadline at %s passed".formatted(time)));
      }
    }
  }
}
