package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.instrumentation.dispatch.InstrumentSet;
import dev.greenhouse.nursery.time.Clock;

/// No scheduler at all: plain virtual threads, for a JVM that was started without the flag.
public final class JdkThreads extends Scheduler {
  /// Makes one.
  public JdkThreads(Clock clock, InstrumentSet instruments) {
    super(clock, instruments);
  }

  @Override
  public boolean carries() {
    return false;
  }

  @Override
  public boolean isSingle() {
    return false;
  }

  @Override
  public int carriers() {
    return 0;
  }

  @Override
  protected void submit(Fiber fiber) {
    throw new AssertionError("a plain thread was handed to a scheduler");
  }

  @Override
  protected void foreign(Runnable continuation) {
    throw new AssertionError("a plain thread was handed to a scheduler");
  }

  @Override
  public void close() {}
}
