package dev.greenhouse.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// What is compared with what.
///
/// @param measured what is ours
/// @param with what it is compared with
/// @param limit how many times the other's cost it may have; infinite if nothing is promised
record Comparison(Case measured, Case with, double limit) {
  private static final double NO_LIMIT = Double.POSITIVE_INFINITY;

  /// Nothing that can be told from noise.
  static final double NOTHING_MEASURABLE = 1.02;

  Stream<Case> cases() {
    return Stream.of(measured, with);
  }

  boolean hasLimit() {
    return limit != NO_LIMIT;
  }

  /// {@return all comparisons, those of the same benchmarks beside each other}
  static List<Comparison> all() {
    var all = new ArrayList<Comparison>();
    nursery(all, 1, 0.6);
    nursery(all, 10, 0.7);
    nursery(all, 100, 0.8);
    fork(all);
    checkpoint(all);
    instrument(all, "checkpoint", NOTHING_MEASURABLE, 1.05, NOTHING_MEASURABLE);
    instrument(all, "nurseryOf10", NO_LIMIT, NO_LIMIT, NO_LIMIT);
    pingPong(all);
    timeout(all);
    cancel(all);
    testInScopes(all);
    portal(all);
    await(all);
    flat(all);
    return List.copyOf(all);
  }

  private static void nursery(List<Comparison> all, int tasks, double limitOfLoopToJdk) {
    var loop = nursery("loop", tasks);
    var pool = nursery("pool", tasks);
    var rawOnJdk = nursery("rawOnJdk", tasks);
    all.add(new Comparison(loop, nursery("rawOnLoop", tasks), 1.1));
    all.add(new Comparison(loop, nursery("rawNamedOnLoop", tasks), NO_LIMIT));
    all.add(new Comparison(loop, rawOnJdk, limitOfLoopToJdk));
    all.add(new Comparison(pool, rawOnJdk, 1.15));
    all.add(new Comparison(pool, nursery("rawNamedOnJdk", tasks), NO_LIMIT));
    all.add(new Comparison(pool, nursery("rawOnPool", tasks), NO_LIMIT));
  }

  private static Case nursery(String method, int tasks) {
    return new Case(NurseryBenchmark.class, method, "tasks=" + tasks);
  }

  private static void fork(List<Comparison> all) {
    for (var place : List.of("OnLoop", "OnPool")) {
      all.add(
          new Comparison(
              Case.of(ForkBenchmark.class, "bySibling" + place),
              Case.of(ForkBenchmark.class, "byOwner" + place),
              1.1));
    }
  }

  private static void checkpoint(List<Comparison> all) {
    var loop = Case.of(CheckpointBenchmark.class, "loop");
    var pool = Case.of(CheckpointBenchmark.class, "pool");
    all.add(new Comparison(loop, Case.of(CheckpointBenchmark.class, "yieldInThreadOnLoop"), 1.2));
    all.add(new Comparison(loop, Case.of(CheckpointBenchmark.class, "yieldInTaskOnLoop"), 1.2));
    for (var yield : List.of("yieldInThreadOnPool", "yieldInTaskOnPool", "yieldOnJdk")) {
      all.add(new Comparison(pool, Case.of(CheckpointBenchmark.class, yield), NO_LIMIT));
    }
  }

  private static void instrument(
      List<Comparison> all,
      String method,
      double spawnAndExit,
      double emptySteps,
      double flightRecorderOff) {
    var without = InstrumentBenchmark.of(method, Instrumented.NOT);
    all.add(
        new Comparison(
            InstrumentBenchmark.of(method, Instrumented.SPAWN_AND_EXIT), without, spawnAndExit));
    all.add(
        new Comparison(
            InstrumentBenchmark.of(method, Instrumented.EMPTY_STEPS), without, emptySteps));
    all.add(
        new Comparison(
            InstrumentBenchmark.of(method, Instrumented.TIMED_STEPS), without, NO_LIMIT));
    all.add(
        new Comparison(InstrumentBenchmark.of(method, Instrumented.TIMELINE), without, NO_LIMIT));
    all.add(
        new Comparison(InstrumentBenchmark.of(method, Instrumented.METRICS), without, NO_LIMIT));
    all.add(
        new Comparison(
            InstrumentBenchmark.of(method, Instrumented.FLIGHT_RECORDER_OFF),
            without,
            flightRecorderOff));
  }

  private static void pingPong(List<Comparison> all) {
    for (var place : List.of("OnLoop", "OnPool")) {
      all.add(
          new Comparison(
              Case.of(PingPongBenchmark.class, "suspension" + place),
              Case.of(PingPongBenchmark.class, "park" + place),
              NO_LIMIT));
    }
    all.add(
        new Comparison(
            Case.of(PingPongBenchmark.class, "suspensionOnPool"),
            Case.of(PingPongBenchmark.class, "parkOnJdk"),
            NO_LIMIT));
  }

  private static void timeout(List<Comparison> all) {
    var valueOnLoop = Case.of(TimeoutBenchmark.class, "valueOnLoop");
    var valueOnPool = Case.of(TimeoutBenchmark.class, "valueOnPool");
    all.add(
        new Comparison(
            valueOnLoop, Case.of(TimeoutBenchmark.class, "kotlinValueInRunBlocking"), 0.15));
    all.add(
        new Comparison(valueOnPool, Case.of(TimeoutBenchmark.class, "kotlinValueOnDefault"), 0.15));
    all.add(new Comparison(valueOnLoop, Case.of(ScopeBenchmark.class, "runOnLoop"), NO_LIMIT));
    all.add(new Comparison(valueOnPool, Case.of(ScopeBenchmark.class, "runOnPool"), NO_LIMIT));
    all.add(
        new Comparison(
            Case.of(TimeoutBenchmark.class, "checkpointOnLoop"),
            Case.of(CheckpointBenchmark.class, "loop"),
            NO_LIMIT));
    all.add(
        new Comparison(
            Case.of(TimeoutBenchmark.class, "checkpointOnPool"),
            Case.of(CheckpointBenchmark.class, "pool"),
            NO_LIMIT));
  }

  private static void cancel(List<Comparison> all) {
    var raw = CancelBenchmark.of(Sleepers.RAW_IN_THREAD_SLEEP);
    all.add(new Comparison(CancelBenchmark.of(Sleepers.TASKS_IN_THREAD_SLEEP), raw, NO_LIMIT));
    all.add(new Comparison(CancelBenchmark.of(Sleepers.TASKS_IN_OUR_SLEEP), raw, NO_LIMIT));
  }

  private static void testInScopes(List<Comparison> all) {
    var outside = Case.of(ReadyBenchmark.class, "throwIfCancelled");
    for (var inside : List.of("throwIfCancelledInFive", "throwIfCancelledInFiveWithDeadlines")) {
      all.add(new Comparison(Case.of(ScopeBenchmark.class, inside), outside, NO_LIMIT));
    }
  }

  private static void portal(List<Comparison> all) {
    var checkpoint = Case.of(CheckpointBenchmark.class, "loop");
    for (var portal : List.of("checkpointWithPortal", "checkpointBesideTree")) {
      all.add(
          new Comparison(Case.of(PortalBenchmark.class, portal), checkpoint, NOTHING_MEASURABLE));
    }
    var runSync = Case.of(PortalBenchmark.class, "runSync");
    for (var run : List.of("run", "runTree")) {
      all.add(new Comparison(Case.of(PortalBenchmark.class, run), runSync, NO_LIMIT));
    }
  }

  private static void await(List<Comparison> all) {
    var checkpoint = Case.of(CheckpointBenchmark.class, "loop");
    var oneToOne = Case.of(AwaitBenchmark.class, "oneToOne");
    var hundredToOne = Case.of(AwaitBenchmark.class, "hundredToOne");
    all.add(new Comparison(oneToOne, checkpoint, 3));
    all.add(new Comparison(hundredToOne, checkpoint, 2));
    all.add(new Comparison(oneToOne, Case.of(AwaitBenchmark.class, "kotlinOneToOne"), 1.5));
    all.add(new Comparison(hundredToOne, Case.of(AwaitBenchmark.class, "kotlinHundredToOne"), 1.5));
    all.add(new Comparison(oneToOne, Case.of(PingPongBenchmark.class, "parkOnLoop"), NO_LIMIT));
    all.add(new Comparison(Case.of(PingPongBenchmark.class, "parkOnLoop"), checkpoint, NO_LIMIT));
  }

  private static void flat(List<Comparison> all) {
    var checkpoint = Case.of(CheckpointBenchmark.class, "loop");
    for (var loop : List.of("runSyncOnOwnLoop", "runSyncOnGivenLoop")) {
      all.add(new Comparison(Case.of(FlatBenchmark.class, loop), checkpoint, 3));
    }
  }
}
