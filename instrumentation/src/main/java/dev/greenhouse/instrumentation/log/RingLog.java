package dev.greenhouse.instrumentation.log;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.log.Ring.Event;
import dev.greenhouse.instrumentation.stock.LiveTable;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The hooks that put events into the ring, without those of steps.
sealed class RingLog implements TaskLog permits StepRingLog {
  private static final int TABLE_BITS = 13;
  private static final Duration AT_CLOSE = Duration.ofSeconds(2);
  private static final Duration AT_END_OF_RUN = Duration.ofSeconds(1);

  /// When a task or nursery began, as [System#nanoTime] has it.
  static final class Times {
    final long begunAt = System.nanoTime();
    long stepAt; // who runs the task's steps only
    boolean inStep; // the same
    boolean exited; // by the task, before its last step ends
  }

  final LiveTable<TaskView, Times> tasks = LiveTable.ofTasks(TABLE_BITS);
  private final LiveTable<NurseryView, Times> nurseries = LiveTable.ofNurseries(TABLE_BITS);
  private final Writer writer;

  RingLog(Writer writer) {
    this.writer = writer;
  }

  final boolean wants(TaskEvent event) {
    return writer.wants(event);
  }

  final void add(TaskEvent event, Object subject, @Nullable Object detail, long nanos) {
    if (writer.wants(event)) {
      writer.add(new Event(event, subject, detail, "", nanos));
    }
  }

  @Override
  public final boolean flush(Duration limit) {
    return writer.flush(limit);
  }

  @Override
  public final long lost() {
    return writer.lost();
  }

  @Override
  public final void close() {
    writer.close(AT_CLOSE);
  }

  // No task is left that this could keep waiting.
  @Override
  public final void afterRun(GreenhouseView greenhouse) {
    writer.flush(AT_END_OF_RUN);
  }

  @Override
  public final void taskSpawned(TaskView task) {
    tasks.put(task, new Times());
    add(TaskEvent.SPAWNED, task, null, -1);
  }

  @Override
  public final void taskExited(TaskView task, Outcome<?> outcome) {
    Times times = forget(task);
    long nanos = since(times);
    switch (outcome) {
      case Outcome.Succeeded<?> _ -> add(TaskEvent.SUCCEEDED, task, null, nanos);
      case Outcome.Failed<?>(Throwable error) -> add(TaskEvent.FAILED, task, error, nanos);
      case Outcome.WasCancelled<?>(CancelReason reason) ->
          add(TaskEvent.CANCELLED, task, reason, nanos);
    }
  }

  /// The task ends; [StepRingLog] still hears of its last step's end.
  @Nullable Times forget(TaskView task) {
    return tasks.remove(task);
  }

  @Override
  public final void nurseryOpened(NurseryView nursery) {
    nurseries.put(nursery, new Times());
    add(TaskEvent.NURSERY_OPENED, nursery, null, -1);
  }

  @Override
  public final void nurseryClosed(NurseryView nursery) {
    Times times = nurseries.remove(nursery);
    add(TaskEvent.NURSERY_CLOSED, nursery, null, since(times));
  }

  @Override
  public final void cancelRequested(TaskView owner, String scope, CancelReason reason) {
    if (writer.wants(TaskEvent.CANCEL_REQUESTED)) {
      writer.add(new Event(TaskEvent.CANCEL_REQUESTED, owner, reason, scope, -1));
    }
  }

  @Override
  public final void cancelDelivered(TaskView task, CancelReason reason) {
    add(TaskEvent.CANCEL_DELIVERED, task, reason, -1);
  }

  private static long since(@Nullable Times times) {
    return times == null ? -1 : Math.max(0, System.nanoTime() - times.begunAt);
  }
}
