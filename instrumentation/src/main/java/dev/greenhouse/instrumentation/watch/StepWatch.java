package dev.greenhouse.instrumentation.watch;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.stock.Greenhouses;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The hooks. A step costs two looks for the carrier's cell, three stores and two reads of words
/// that hardly ever change.
final class StepWatch implements StallWatch {
  private static final Duration AT_CLOSE = Duration.ofSeconds(2);

  private final Cells cells = new Cells();
  private final Greenhouses greenhouses = new Greenhouses();

  /// By the watch's thread at a report; by who counts the time of a reported step.
  private final AtomicReference<StallTotals> totals = new AtomicReference<>(StallTotals.NONE);

  private final Watcher watcher;

  StepWatch(long threshold, Reporter reporter) {
    watcher = new Watcher(threshold, reporter, cells, greenhouses, totals);
  }

  void start() {
    watcher.start();
  }

  @Override
  public StallTotals totals() {
    return totals.get();
  }

  @Override
  public void close() {
    watcher.close(AT_CLOSE);
  }

  /// Learns where tasks are to be found.
  @Override
  public void taskSpawned(TaskView task) {
    greenhouses.meet(task.greenhouse());
  }

  /// Shows that a step has begun.
  @Override
  public void beforeTaskStep(TaskView task) {
    Thread current = Thread.currentThread();
    Cell cell = cells.of(current);
    if (cell == null) {
      cell = newCell(current, task);
      if (cell == null) {
        return;
      }
    }
    cell.begin(task.id());
    watcher.stepBegan();
  }

  private @Nullable Cell newCell(Thread current, TaskView task) {
    if (current == task.thread()) {
      if (current.isVirtual() && !watcher.isBlind() && task.parent().isPresent()) {
        watcher.blindIn(task.greenhouse()); // no adopted thread, but one of a JVM without the flag
      }
      return null;
    }
    greenhouses.meet(task.greenhouse());
    return cells.take(current);
  }

  /// Shows that it has ended, and counts its time if it was reported.
  @Override
  public void afterTaskStep(TaskView task) {
    Cell cell = cells.of(Thread.currentThread());
    if (cell != null) {
      long nanos = cell.end();
      if (nanos >= 0) {
        totals.updateAndGet(t -> t.withEnded(nanos));
      }
    }
  }

  /// Lets go of a greenhouse that has ended.
  @Override
  public void afterRun(GreenhouseView greenhouse) {
    greenhouses.forget(greenhouse);
  }

  /// {@return what it has counted}
  @Override
  public String toString() {
    return totals().toString();
  }
}
