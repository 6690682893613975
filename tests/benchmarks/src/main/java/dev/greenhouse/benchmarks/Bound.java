package dev.greenhouse.benchmarks;

import java.util.List;

/// What something may cost where there is nobody to compare with. It holds on the machine that we
/// measure on, and is no more than a warning on another.
///
/// @param measured what is ours
/// @param limit in nanoseconds
record Bound(Case measured, double limit) {
  /// {@return all bounds}
  static List<Bound> all() {
    return List.of(
        new Bound(CancelBenchmark.of(Sleepers.TASKS_IN_OUR_SLEEP), 600),
        new Bound(CancelBenchmark.of(Sleepers.TASKS_IN_THREAD_SLEEP), 2000),
        new Bound(Case.of(ScopeBenchmark.class, "throwIfCancelledInFive"), 5),
        new Bound(Case.of(ScopeBenchmark.class, "throwIfCancelledInFiveWithDeadlines"), 5),
        new Bound(Case.of(PortalBenchmark.class, "awaitOfCompletedStage"), 15),
        new Bound(Case.of(PortalBenchmark.class, "runSync"), 50),
        new Bound(HookBenchmark.of(Instrumented.TIMELINE), 40),
        new Bound(HookBenchmark.of(Instrumented.STALL_WATCH), 5),
        new Bound(TreeBenchmark.of("snapshot", TreeBenchmark.Wait.OURS), 20_000_000),
        new Bound(TreeBenchmark.of("snapshot", TreeBenchmark.Wait.THE_JDKS), 20_000_000));
  }
}
