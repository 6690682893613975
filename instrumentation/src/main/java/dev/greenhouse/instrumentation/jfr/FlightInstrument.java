package dev.greenhouse.instrumentation.jfr;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.stock.Label;
import dev.greenhouse.instrumentation.stock.LiveTable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Writes all events but those of steps. Each hook asks first, of an event that is never written,
/// whether any recording wants such events, and makes nothing if none does.
sealed class FlightInstrument implements Instrument permits FlightInstrumentOfSteps {
  private static final int TABLE_BITS = 13;

  private static final TaskSpawnedEvent SPAWNED = new TaskSpawnedEvent();
  private static final TaskExitedEvent EXITED = new TaskExitedEvent();
  private static final NurseryEvent NURSERY = new NurseryEvent();
  private static final CancelRequestedEvent REQUESTED = new CancelRequestedEvent();
  private static final CancelDeliveredEvent DELIVERED = new CancelDeliveredEvent();

  /// An open nursery. The counts are by whoever forks and by tasks that end.
  private static final class Span {
    final NurseryEvent event = new NurseryEvent();
    final AtomicInteger tasks = new AtomicInteger();
    final AtomicInteger failed = new AtomicInteger();
    final AtomicInteger cancelled = new AtomicInteger();
  }

  private final LiveTable<TaskView, TaskExitedEvent> lives = LiveTable.ofTasks(TABLE_BITS);
  private final LiveTable<NurseryView, Span> spans = LiveTable.ofNurseries(TABLE_BITS);

  @Override
  public final void afterRun(GreenhouseView greenhouse) {
    FlightWriter.flush();
  }

  @Override
  public final void taskSpawned(TaskView task) {
    if (EXITED.isEnabled()) {
      var life = new TaskExitedEvent();
      life.begin();
      lives.put(task, life);
    }
    Span span = spanAround(task);
    if (span != null) {
      span.tasks.incrementAndGet();
    }
    if (SPAWNED.isEnabled()) {
      var event = new TaskSpawnedEvent();
      event.isOf(task);
      event.parent = task.parent().map(n -> Label.name(n.owner().name())).orElse("");
      FlightWriter.write(event);
    }
  }

  @Override
  public final void taskExited(TaskView task, Outcome<?> outcome) {
    Span span = spanAround(task);
    if (span != null) {
      switch (outcome) {
        case Outcome.Succeeded<?> _ -> {}
        case Outcome.Failed<?> _ -> span.failed.incrementAndGet();
        case Outcome.WasCancelled<?> _ -> span.cancelled.incrementAndGet();
      }
    }
    if (!EXITED.isEnabled()) {
      return;
    }
    TaskExitedEvent begun = lives.remove(task);
    TaskExitedEvent event = begun == null ? new TaskExitedEvent() : begun;
    event.end();
    if (!event.shouldCommit()) {
      return;
    }
    event.isOf(task);
    switch (outcome) {
      case Outcome.Succeeded<?> _ -> event.outcome = "succeeded";
      case Outcome.Failed<?>(Throwable error) -> {
        event.outcome = "failed";
        event.detail = Label.message(error);
      }
      case Outcome.WasCancelled<?>(CancelReason reason) -> {
        event.outcome = "cancelled";
        event.detail = Label.message(reason);
      }
    }
    FlightWriter.write(event);
  }

  @Override
  public final void nurseryOpened(NurseryView nursery) {
    if (NURSERY.isEnabled()) {
      var span = new Span();
      span.event.begin();
      span.event.outer = outerOf(nursery);
      spans.put(nursery, span);
    }
  }

  @Override
  public final void nurseryClosed(NurseryView nursery) {
    if (!NURSERY.isEnabled()) {
      return;
    }
    Span span = spans.remove(nursery);
    if (span == null) {
      return; // it was opened before the recording, and nothing is known of it
    }
    NurseryEvent event = span.event;
    event.end();
    if (event.shouldCommit()) {
      TaskView owner = nursery.owner();
      event.nursery = Label.name(nursery.name());
      event.owner = Label.name(owner.name());
      event.ownerId = owner.id();
      event.greenhouse = greenhouseOf(owner);
      event.tasks = span.tasks.get();
      event.failed = span.failed.get();
      event.cancelled = span.cancelled.get();
      FlightWriter.write(event);
    }
  }

  @Override
  public final void cancelRequested(TaskView owner, String scope, CancelReason reason) {
    if (REQUESTED.isEnabled()) {
      var event = new CancelRequestedEvent();
      event.scope = Label.name(scope);
      event.task = Label.name(owner.name());
      event.taskId = owner.id();
      event.greenhouse = greenhouseOf(owner);
      event.source = reason.source().name();
      event.reason = Label.message(reason);
      FlightWriter.write(event);
    }
  }

  @Override
  public final void cancelDelivered(TaskView task, CancelReason reason) {
    if (DELIVERED.isEnabled()) {
      var event = new CancelDeliveredEvent();
      event.isOf(task);
      event.source = reason.source().name();
      event.reason = Label.message(reason);
      FlightWriter.write(event);
    }
  }

  private @Nullable Span spanAround(TaskView task) {
    if (!NURSERY.isEnabled()) {
      return null;
    }
    var nursery = task.parent();
    return nursery.isPresent() ? spans.get(nursery.get()) : null;
  }

  private static String outerOf(NurseryView nursery) {
    TaskView owner = nursery.owner();
    String outer = nurseryOf(owner);
    for (NurseryView n : owner.nurseries()) {
      if (n == nursery) {
        break;
      }
      outer = Label.name(n.name());
    }
    return outer;
  }

  static String nameOf(TaskView task) {
    return Label.name(task.name());
  }

  static String nurseryOf(TaskView task) {
    var nursery = task.parent();
    return nursery.isPresent() ? Label.name(nursery.get().name()) : "";
  }

  static String greenhouseOf(TaskView task) {
    return Label.name(task.greenhouse().name());
  }
}
