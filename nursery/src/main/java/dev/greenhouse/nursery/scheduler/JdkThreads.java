package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.dispatch.InstrumentSet;
import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import dev.greenhouse.nursery.time.Clock;
import java.util.concurrent.atomic.AtomicBoolean;

/// No scheduler at all: plain virtual threads, for a JVM that was started without the flag.
public final class JdkThreads extends Scheduler {
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private JdkThreads(GreenhouseView greenhouse, Clock clock, InstrumentSet instruments) {
    super(false, greenhouse, clock, instruments);
  }

  /// Makes one, and says once in the log what is missing.
  public static JdkThreads warned(
      GreenhouseView greenhouse, Clock clock, InstrumentSet instruments) {
    if (WARNED.compareAndSet(false, true)) {
      Reports.warn(
          "Greenhouse runs on plain virtual threads: steps are only seen at its own operations, and"
              + " cancellation reaches the JDK's blocking calls more slowly. "
              + VirtualThreads.remedy());
    }
    return new JdkThreads(greenhouse, clock, instruments);
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
