package dev.greenhouse.instrumentation.log;

import dev.greenhouse.instrumentation.TaskView;
import org.jspecify.annotations.Nullable;

/// A log that hears of steps, too. Apart from the other, because a hook that nobody overrides costs
/// nothing.
final class StepRingLog extends RingLog {
  StepRingLog(Writer writer) {
    super(writer);
  }

  @Override
  public void taskScheduled(TaskView task) {
    add(TaskEvent.SCHEDULED, task, null, -1);
  }

  @Override
  public void beforeTaskStep(TaskView task) {
    add(TaskEvent.STEP_BEGUN, task, null, -1);
    Times times = tasks.get(task);
    if (times != null) {
      times.inStep = true;
      times.stepAt = System.nanoTime();
    }
  }

  @Override
  public void afterTaskStep(TaskView task) {
    Times times = tasks.get(task);
    long nanos = -1;
    if (times != null && times.inStep) {
      nanos = System.nanoTime() - times.stepAt;
      times.inStep = false;
      if (times.exited) {
        tasks.remove(task);
      }
    }
    add(TaskEvent.STEP_ENDED, task, null, nanos);
  }

  @Override
  @Nullable Times forget(TaskView task) {
    Times times = tasks.get(task);
    if (times == null) {
      return null;
    }
    times.exited = true;
    if (!times.inStep) { // it never ran
      tasks.remove(task);
    }
    return times;
  }
}
