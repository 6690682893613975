package dev.greenhouse.benchmarks;

import java.util.List;
import java.util.stream.Stream;

/// What something may cost on top of what it is added to. Like a [Bound], it holds on the machine
/// that we measure on.
///
/// @param measured with it
/// @param with without it
/// @param limit the difference, in nanoseconds
record Addition(Case measured, Case with, double limit) {
  Stream<Case> cases() {
    return Stream.of(measured, with);
  }

  /// {@return all additions}
  static List<Addition> all() {
    return List.of(toAStep(Instrumented.TIMELINE, 40), toAStep(Instrumented.STALL_WATCH, 5));
  }

  /// A checkpoint is one step.
  private static Addition toAStep(Instrumented by, double limit) {
    return new Addition(
        InstrumentBenchmark.of("checkpoint", by),
        InstrumentBenchmark.of("checkpoint", Instrumented.NOT),
        limit);
  }
}
