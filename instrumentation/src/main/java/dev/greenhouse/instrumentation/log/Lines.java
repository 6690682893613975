package dev.greenhouse.instrumentation.log;

import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.log.Ring.Event;
import dev.greenhouse.instrumentation.stock.Label;

/// The texts of a task log.
final class Lines {
  private Lines() {}

  static String of(Event e) {
    return switch (e.kind) {
      case SPAWNED -> name(e) + " spawned in " + place((TaskView) e.subject);
      case SUCCEEDED -> name(e) + " ended" + after(e);
      case FAILED -> name(e) + " failed" + after(e) + ": " + Label.message(e.detail);
      case CANCELLED -> name(e) + " was cancelled" + after(e) + ": " + Label.message(e.detail);
      case CANCEL_REQUESTED ->
          "Scope '%s' of task '%s' was cancelled: %s"
              .formatted(
                  Label.name(e.scope),
                  Label.name(((TaskView) e.subject).name()),
                  Label.message(e.detail));
      case CANCEL_DELIVERED ->
          "Cancellation was raised in task '%s': %s"
              .formatted(Label.name(((TaskView) e.subject).name()), Label.message(e.detail));
      case NURSERY_OPENED ->
          "Nursery '%s' was opened by task '%s'"
              .formatted(
                  Label.name(((NurseryView) e.subject).name()),
                  Label.name(((NurseryView) e.subject).owner().name()));
      case NURSERY_CLOSED ->
          "Nursery '%s' of task '%s' closed%s"
              .formatted(
                  Label.name(((NurseryView) e.subject).name()),
                  Label.name(((NurseryView) e.subject).owner().name()),
                  after(e));
      case SCHEDULED -> name(e) + " was scheduled";
      case STEP_BEGUN -> name(e) + " began a step";
      case STEP_ENDED -> name(e) + " ended a step" + after(e);
    };
  }

  private static String name(Event e) {
    return "Task '" + Label.name(((TaskView) e.subject).name()) + "'";
  }

  private static String place(TaskView task) {
    var nursery = task.parent();
    return nursery.isPresent()
        ? "nursery '" + Label.name(nursery.get().name()) + "'"
        : "greenhouse '" + Label.name(task.greenhouse().name()) + "'";
  }

  /// {@return how long it took, if its beginning was heard, too}
  private static String after(Event e) {
    return e.nanos < 0 ? "" : " after " + Label.duration(e.nanos);
  }
}
