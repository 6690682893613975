package dev.greenhouse.nursery;

import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.housekeeping.Timer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// How a cancellation reaches the tasks in a scope: at once by a walk over all of them, and then,
/// slower and slower, again, for those who swallowed it and wait in something that is not ours.
///
/// The step's end sees most of these earlier; this is for waits that end no step, such as pinned
/// ones, and for all of them without the flag. What has not moved for long is reported once.
final class Delivery extends Timer {
  private static final long FIRST_SWEEP = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long BRISK_SWEEP = TimeUnit.MILLISECONDS.toNanos(16);
  private static final int BRISK_SWEEPS = 32; // some swallow a few interrupts before they end
  private static final long SLOWEST_SWEEP = TimeUnit.SECONDS.toNanos(1);

  /// Most tasks are gone before this, and need not be remembered.
  private static final int SWEEPS_BEFORE_NOTES = 8;

  /// From the tenth of a second after the cancellation that this makes, those that run are
  /// interrupted, too: they may read files, which is not seen to block, or ask for their flag
  /// again. Not earlier, because most of them clean up.
  private static final int SWEEPS_BEFORE_RUNNING_ONES = 12;

  private final ScopeImpl scope;
  private final long reportAfter;
  private volatile boolean over; // to true by who has made it in vain
  private long delay = FIRST_SWEEP;
  private int sweeps;

  /// A task that is still there.
  private record Stubborn(long since, boolean reported) {}

  private Map<TaskImpl<?>, Stubborn> stubborn = Map.of(); // housekeeper only

  private Delivery(ScopeImpl scope) {
    this.scope = scope;
    this.reportAfter = scope.task().greenhouse().reportStuckAfterNanos();
  }

  /// {@return the delivery of a scope that is about to be cancelled, under way}
  static Delivery scheduled(ScopeImpl scope) {
    var delivery = new Delivery(scope);
    delivery.schedule();
    return delivery;
  }

  /// Another one does its work.
  void end() {
    over = true;
    drop();
  }

  /// Tells all tasks in a scope that something around them was cancelled.
  static void tellAll(ScopeImpl scope) {
    spread(scope, Delivery::tell);
  }

  private static boolean tell(TaskImpl<?> task) {
    task.deliver();
    return true;
  }

  private void schedule() {
    Housekeeper.get().schedule(this, delay);
  }

  @Override
  protected void fire() {
    if (over || scope.isLeft()) {
      return;
    }
    boolean again = true;
    try {
      again = scope.reasonOrNull() == null || sweepAll();
    } finally {
      if (again) {
        delay = Math.min(delay * 2, ++sweeps < BRISK_SWEEPS ? BRISK_SWEEP : SLOWEST_SWEEP);
        schedule();
      }
    }
  }

  private boolean sweepAll() {
    if (sweeps < SWEEPS_BEFORE_NOTES) {
      return spread(scope, t -> t.deliverAgain(false));
    }
    Map<TaskImpl<?>, Stubborn> before = stubborn;
    var now = new HashMap<TaskImpl<?>, Stubborn>();
    boolean again = spread(scope, t -> sweep(t, before, now));
    stubborn = now;
    return again;
  }

  private boolean sweep(
      TaskImpl<?> task, Map<TaskImpl<?>, Stubborn> before, Map<TaskImpl<?>, Stubborn> stillThere) {
    boolean alive = task.deliverAgain(sweeps >= SWEEPS_BEFORE_RUNNING_ONES);
    ScopeImpl cancelled = alive ? task.visibleCancelled() : null;
    // Of several cancelled scopes around it the outermost reports, as that is what it leaves by.
    if (cancelled == scope && !waitsForOthers(task)) {
      Stubborn s = before.getOrDefault(task, new Stubborn(System.nanoTime(), false));
      if (!s.reported && System.nanoTime() - s.since >= reportAfter) {
        s = new Stubborn(s.since, true);
        report(task, cancelled);
      }
      stillThere.put(task, s);
    }
    return alive;
  }

  /// Whoever closes a nursery waits for its tasks, and these are reported.
  private static boolean waitsForOthers(TaskImpl<?> task) {
    NurseryImpl n = task.innermost();
    return n != null && n.isClosing() && task.waits();
  }

  private void report(TaskImpl<?> task, ScopeImpl cancelled) {
    Throwable stack = new Throwable("the stack of task '%s' now".formatted(task.name()));
    stack.setStackTrace(task.thread().getStackTrace());
    Reports.warn(
        "Task '%s' is cancelled but still blocked after %s: %s, in scope '%s'. It waits in something that ignores interrupts, or goes on after them; its stack as it is now follows."
            .formatted(
                task.name(),
                Durations.text(Duration.ofNanos(reportAfter)),
                cancelled.reasonOrNull(),
                cancelled.name()),
        stack);
  }

  /// Shows every task that a scope may cover to a visitor, by a walk without recursion, as trees
  /// can be deep. Returns whether the visitor said true of one.
  static boolean spread(ScopeImpl scope, Predicate<TaskImpl<?>> visitor) {
    TaskImpl<?> owner = scope.task();
    var nurseries = new ArrayDeque<NurseryImpl>();
    boolean any = visitor.test(owner);
    for (NurseryImpl n = owner.innermost(); n != null && scope.isAround(n); n = n.outer()) {
      nurseries.add(n);
    }
    any |= showStarting(owner, nurseries, visitor);
    for (NurseryImpl n; (n = nurseries.poll()) != null; ) {
      for (TaskImpl<?> child : n.membersForCancel()) {
        any |= visitor.test(child);
        child.addNurseriesTo(nurseries);
        any |= showStarting(child, nurseries, visitor);
      }
    }
    return any;
  }

  private static boolean showStarting(
      TaskImpl<?> starter, ArrayDeque<NurseryImpl> nurseries, Predicate<TaskImpl<?>> visitor) {
    boolean any = false;
    for (TaskImpl<?> s = starter.starting(); s != null; s = s.starting()) {
      any |= visitor.test(s);
      s.addNurseriesTo(nurseries);
    }
    return any;
  }

  @Override
  public String toString() {
    return "the delivery of the cancellation of " + scope;
  }
}
