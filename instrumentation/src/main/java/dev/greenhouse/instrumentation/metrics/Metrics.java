package dev.greenhouse.instrumentation.metrics;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.stock.LiveTable;
import java.util.concurrent.atomic.LongAdder;

/// Counts tasks, their steps and their ends, and measures how long they wait for their turn and how
/// long they hold their carrier.
///
/// It may be added to several greenhouses, whose numbers then add up, and be added and removed at
/// any time. It hears only of what happens while it is there: a task that lives already is counted
/// from its next step on.
///
/// **What it costs.** Per step three looks at `System.nanoTime`, which are most of it, three
/// look-ups of the task and four additions; nothing is allocated and no call waits for another one.
/// Per task two objects, about 70 bytes while it lives. The tables take about 400 kB, and tasks
/// look up quickly as long as not many more than 65,536 live at once.
///
/// Without the `--add-opens` flag steps are seen only where tasks wait in operations of Greenhouse,
/// and so are these numbers.
public final class Metrics implements Instrument {
  private static final int TABLE_BITS = 16;

  /// The times of one task, as [System#nanoTime] has them.
  private static final class Times {
    volatile long scheduledAt; // by who wakes the task, and by its carrier at a step's end
    long measured; // the last scheduledAt that was measured; who runs the task's steps only
    long begunAt; // the same
    boolean inStep; // the same
    volatile boolean exited; // by the task's thread, before the last step's end
  }

  private final LiveTable<TaskView, Times> tasks = LiveTable.ofTasks(TABLE_BITS);
  private final LongAdder spawned = new LongAdder();
  private final LongAdder succeeded = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder cancelled = new LongAdder();
  private final LongAdder cancelRequests = new LongAdder();
  private final LongAdder cancelDeliveries = new LongAdder();
  private final Durations queueDelay = new Durations();
  private final Durations stepTime = new Durations();

  private Metrics() {}

  /// {@return a new instrument that has counted nothing}
  public static Metrics create() {
    return new Metrics();
  }

  /// {@return the numbers of now} Any thread may ask at any time, hooks excepted; it does not
  /// block, and takes a time that grows with the living tasks.
  public MetricsSnapshot snapshot() {
    // Ends first: so there are never more of them than spawns.
    long nowSucceeded = succeeded.sum();
    long nowFailed = failed.sum();
    long nowCancelled = cancelled.sum();
    long[] live = {0};
    tasks.forEach((task, times) -> live[0] += times.exited ? 0 : 1);
    return new MetricsSnapshot(
        live[0],
        spawned.sum(),
        nowSucceeded,
        nowFailed,
        nowCancelled,
        cancelRequests.sum(),
        cancelDeliveries.sum(),
        queueDelay.read(),
        stepTime.read());
  }

  @Override
  public void taskSpawned(TaskView task) {
    spawned.increment();
    tasks.put(task, new Times());
  }

  @Override
  public void taskScheduled(TaskView task) {
    Times times = tasks.get(task);
    if (times != null) {
      times.scheduledAt = System.nanoTime();
    }
  }

  @Override
  public void beforeTaskStep(TaskView task) {
    Times times = tasks.get(task);
    if (times == null) {
      times = new Times(); // it lived before this instrument was added
      tasks.put(task, times);
    }
    long now = System.nanoTime();
    long scheduledAt = times.scheduledAt;
    if (scheduledAt != times.measured) {
      times.measured = scheduledAt;
      queueDelay.add(now - scheduledAt);
    }
    times.begunAt = now;
    times.inStep = true;
  }

  @Override
  public void afterTaskStep(TaskView task) {
    Times times = tasks.get(task);
    if (times == null || !times.inStep) {
      return;
    }
    long now = System.nanoTime();
    times.inStep = false;
    stepTime.add(now - times.begunAt);
    if (times.exited) {
      tasks.remove(task);
    } else if (times.scheduledAt != times.measured) {
      times.scheduledAt =
          now; // it was woken during its step, and only now has to wait for its turn
    }
  }

  @Override
  public void taskExited(TaskView task, Outcome<?> outcome) {
    switch (outcome) {
      case Outcome.Succeeded<?> _ -> succeeded.increment();
      case Outcome.Failed<?> _ -> failed.increment();
      case Outcome.WasCancelled<?> _ -> cancelled.increment();
    }
    Times times = tasks.get(task);
    if (times != null) {
      end(task, times);
    }
  }

  private void end(TaskView task, Times times) {
    times.exited = true;
    if (!times.inStep) { // it never ran
      tasks.remove(task);
    }
  }

  @Override
  public void cancelRequested(TaskView owner, String scope, CancelReason reason) {
    cancelRequests.increment();
  }

  @Override
  public void cancelDelivered(TaskView task, CancelReason reason) {
    cancelDeliveries.increment();
  }

  /// {@return one line for people}
  @Override
  public String toString() {
    return snapshot().toString();
  }
}
