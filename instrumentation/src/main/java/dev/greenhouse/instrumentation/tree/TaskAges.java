package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.stock.LiveTable;
import java.time.Duration;
import java.util.Optional;

/// Remembers when tasks were spawned, so that a [TaskTree] can tell their ages.
///
/// It is an instrument of its own because it costs a look at the clock for each task. It hears only
/// of tasks that are spawned while it is there, may be added to several greenhouses, and takes two
/// small objects for each living task and a table of 64 kB.
public final class TaskAges implements Instrument {
  private static final int TABLE_BITS = 14;

  private final LiveTable<TaskView, Long> spawnedAt = LiveTable.ofTasks(TABLE_BITS);

  private TaskAges() {}

  /// {@return a new instrument that has heard of no task}
  public static TaskAges create() {
    return new TaskAges();
  }

  /// {@return how long ago a task was spawned; empty if this did not hear of it, or it has ended}
  /// Any thread may ask; it never blocks.
  ///
  /// @param task the task
  public Optional<Duration> of(TaskView task) {
    Long then = spawnedAt.get(task);
    return then == null
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(System.nanoTime() - then));
  }

  /// {@return the ages of a greenhouse's tasks; those of nobody if it has no such instrument}
  static TaskAges in(GreenhouseView greenhouse) {
    for (Instrument i : greenhouse.instruments().list()) {
      if (i instanceof TaskAges ages) {
        return ages;
      }
    }
    return new TaskAges();
  }

  @Override
  public void taskSpawned(TaskView task) {
    spawnedAt.put(task, System.nanoTime());
  }

  @Override
  public void taskExited(TaskView task, Outcome<?> outcome) {
    spawnedAt.remove(task);
  }
}
