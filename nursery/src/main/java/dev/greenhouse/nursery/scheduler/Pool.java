package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.dispatch.InstrumentSet;
import dev.greenhouse.nursery.time.Clock;

/// Carriers of ours in a `ForkJoinPool`, as many as there are processors or as asked for, and more
/// while some are blocked by what can't be unmounted.
public final class Pool extends Scheduler {
  /// Where threads go that outlive their loop, and tasks whose executor broke.
  private static final class Shared {
    static final Carriers INSTANCE =
        new Carriers(Runtime.getRuntime().availableProcessors(), "greenhouse-common");
  }

  private final Carriers carriers;

  private Pool(
      Carriers carriers, GreenhouseView greenhouse, Clock clock, InstrumentSet instruments) {
    super(true, greenhouse, clock, instruments);
    this.carriers = carriers;
  }

  /// {@return the carriers that all of the JVM shares}
  static Carriers shared() {
    return Shared.INSTANCE;
  }

  /// {@return a pool on the shared carriers}
  public static Pool onShared(GreenhouseView greenhouse, Clock clock, InstrumentSet instruments) {
    return new Pool(shared(), greenhouse, clock, instruments);
  }

  /// {@return a pool with carriers of its own}
  ///
  /// @param parallelism how many
  public static Pool start(
      int parallelism, GreenhouseView greenhouse, Clock clock, InstrumentSet instruments) {
    return new Pool(
        new Carriers(parallelism, "greenhouse-" + greenhouse.name()),
        greenhouse,
        clock,
        instruments);
  }

  @Override
  public boolean isSingle() {
    return false;
  }

  @Override
  public boolean isCarrier(Thread thread) {
    return thread instanceof Carrier;
  }

  @Override
  public int carriers() {
    return carriers.parallelism();
  }

  /// A `ForkJoinPool` spins where others lock.
  @Override
  public boolean startsLate() {
    return true;
  }

  @Override
  protected void submit(Fiber fiber) {
    carriers.take(fiber);
  }

  @Override
  protected void foreign(Runnable continuation) {
    carriers.take(continuation);
  }

  /// The carriers are looked at while they are in a step.
  @Override
  public boolean looksAfterDeadlines() {
    return true;
  }

  @Override
  public void close() {
    if (carriers != shared()) {
      carriers.close();
    }
  }
}
