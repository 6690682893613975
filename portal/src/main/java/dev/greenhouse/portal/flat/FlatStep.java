package dev.greenhouse.portal.flat;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.lowlevel.EventLoop;
import dev.greenhouse.nursery.lowlevel.LoopStep;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A step of a [FlatTask]: its first, or one that was given to it.
final class FlatStep extends LoopStep {
  final FlatTask<?> task;
  private final @Nullable Runnable what; // null for the first

  FlatStep(FlatTask<?> task, EventLoop loop, @Nullable Runnable what) {
    super(loop);
    this.task = task;
    this.what = what;
  }

  @Override
  protected void body() throws Exception {
    if (what == null) {
      task.begin();
    } else {
      what.run();
    }
  }

  @Override
  protected void failed(Throwable error) {
    task.stepThrew(error);
  }

  @Override
  protected void ended() {
    if (what == null) {
      task.firstStepEnded();
    } else {
      task.stepEnded(true);
    }
  }

  @Override
  protected @Nullable Object cancelledBy() {
    return task.cancelledBy();
  }

  @Override
  protected RuntimeException cancellation() {
    return Cancelled.of(Objects.requireNonNull(task.cancelledBy()), task.name(), task.name());
  }

  @Override
  protected void interruptedFromOutside() {
    task.cancel(
        new CancelReason(
            Source.INTERRUPT, "a thread of flat task '%s' was interrupted".formatted(task.name())));
  }

  @Override
  public String taskName() {
    return task.name();
  }

  @Override
  public void carryLaterSteps() {
    task.carryLaterSteps();
  }
}
