package dev.greenhouse.nursery.scheduler;

import java.io.Serial;
import java.util.concurrent.ForkJoinTask;
import org.jspecify.annotations.Nullable;

/// A fiber in the form that a `ForkJoinPool` takes, used again for each step. It never completes.
final class PoolStep extends ForkJoinTask<@Nullable Void> {
  @Serial private static final long serialVersionUID = 1;

  private final transient Fiber fiber;

  PoolStep(Fiber fiber) {
    this.fiber = fiber;
  }

  @Override
  public @Nullable Void getRawResult() {
    return null;
  }

  @Override
  protected void setRawResult(@Nullable Void value) {}

  @Override
  protected boolean exec() {
    Carrier carrier = (Carrier) Thread.currentThread();
    carrier.beginStep(fiber);
    fiber.takeStep();
    carrier.endStep();
    return false;
  }
}
