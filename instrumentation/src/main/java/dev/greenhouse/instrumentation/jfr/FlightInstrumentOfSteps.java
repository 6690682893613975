package dev.greenhouse.instrumentation.jfr;

import dev.greenhouse.instrumentation.TaskView;
import org.jspecify.annotations.Nullable;

/// Writes events of steps, too. A step begins and ends on one thread, so its event is that
/// thread's, and used again for the next step.
@SuppressWarnings("ReferenceEquality") // a task is itself
final class FlightInstrumentOfSteps extends FlightInstrument {
  private static final TaskStepEvent STEP = new TaskStepEvent();

  private static final class Step {
    TaskStepEvent event = new TaskStepEvent();
    @Nullable TaskView task;
    int period;
  }

  private final ThreadLocal<Step> steps = ThreadLocal.withInitial(Step::new);

  // A step that began in one recording must not end in the next. Whoever first hears of a step
  // while
  // nobody records changes the period; it does no harm if two do.
  private volatile boolean recording;
  private volatile int period;

  @Override
  public void beforeTaskStep(TaskView task) {
    if (isRecording()) {
      Step step = steps.get();
      step.task = task;
      step.period = period;
      step.event.begin();
    }
  }

  @Override
  public void afterTaskStep(TaskView task) {
    if (!isRecording()) {
      return;
    }
    Step step = steps.get();
    boolean begun = step.task == task && step.period == period;
    step.task = null;
    if (!begun) {
      return;
    }
    TaskStepEvent event = step.event;
    event.end();
    if (event.shouldCommit()) {
      event.isOf(task);
      FlightWriter.write(event);
      step.event = new TaskStepEvent(); // that one is not ours any more
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // see above
  private boolean isRecording() {
    if (STEP.isEnabled()) {
      if (!recording) {
        recording = true;
      }
      return true;
    }
    if (recording) {
      recording = false;
      period++;
    }
    return false;
  }
}
