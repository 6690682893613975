package dev.greenhouse.portal;

import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.LoopStep;
import dev.greenhouse.nursery.lowlevel.Suspension;
import org.jspecify.annotations.Nullable;

/// What portals are in a step on an event loop: the step has one if the loop carries it. A nursery
/// that is open in such a step makes the thread a task, and then the task's portal counts.
final class FlatWorld {
  private FlatWorld() {}

  /// {@return the step of a flat task that runs here; null in a task of a nursery, or elsewhere}
  static @Nullable LoopStep current() {
    LoopStep step = LoopStep.current();
    return step != null && Task.currentIfAny().isEmpty() ? step : null;
  }

  static boolean hasPortal() {
    LoopStep step = current();
    return step != null && step.isCarried();
  }

  /// {@return whether this was a flat task, and is done with}
  @SuppressWarnings("ThreadPriorityCheck") // giving way is what yield is for
  static boolean ensurePortal() {
    LoopStep step = current();
    if (step == null) {
      return false;
    }
    if (!step.isCarried()) {
      throw noPortal(step);
    }
    step.carryLaterSteps();
    Thread.yield();
    Suspension.notNeeded();
    return true;
  }

  /// {@return the current task of a nursery, or null if there is none}
  ///
  /// @throws NoPortalException in a flat task
  static @Nullable Task<?> currentIfNotFlat() {
    LoopStep step = current();
    if (step != null) {
      throw noPortal(step);
    }
    return Task.currentIfAny().orElse(null);
  }

  private static NoPortalException noPortal(LoopStep step) {
    return new NoPortalException(
        "Flat task '%s' has no portal in this step, which runs directly on its loop's thread and can't be suspended or moved. Start the code by FlatExecutor.withPortalRun(fn) or withPortalRunSync(fn), or call FlatTask.ensurePortal() for the task's later steps."
            .formatted(step.taskName()));
  }

  static void refuseTree() {
    LoopStep step = current();
    if (step != null) {
      throw new UnsupportedOperationException(
          "Flat task '%s' is in no tree, and no hook tells of the tasks that it starts, so withPortalRunTree can't give them portals. Start each by FlatExecutor.withPortalRun(fn) or withPortalRunSync(fn), or fork them in nurseries of a greenhouse: Greenhouse.builder().on(executor)."
              .formatted(step.taskName()));
    }
  }

  /// {@return the name of the task, of either kind, that runs here}
  static String nameHere() {
    LoopStep step = current();
    return step != null ? step.taskName() : Task.current().name();
  }
}
