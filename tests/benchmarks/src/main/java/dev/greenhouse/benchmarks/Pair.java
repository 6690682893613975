package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.VoidOp;
import java.util.List;
import java.util.stream.Stream;

/// Two things whose costs are close to each other, to be measured by turns in one JVM.
///
/// @param name what the first is and where, and with what it is compared
/// @param limit how many times the second's cost the first may have
/// @param ours a batch of the first, of about a millisecond
/// @param theirs as much of the second
record Pair(String name, double limit, Batch ours, Batch theirs) {
  /// Work that is measured on a scheduler.
  interface Batch {
    /// Does it, and measures it in there, so that the way to the scheduler does not count.
    long nanos() throws Exception;
  }

  private interface Place {
    void run(VoidOp<Exception> work) throws Exception;
  }

  private static final int TASKS = 4_000; // in a batch, or a little less
  private static final int CHECKPOINTS = 5_000;

  /// {@return all pairs; their loops and pools live as long as the JVM}
  static List<Pair> all() {
    var loop = new OnLoop();
    var pool = new OnPool();
    var jdk = new OnJdk();
    Place onLoop = loop::run;
    Place onPool = pool::run;
    Place onJdk = jdk::run;
    return Stream.of(
            nurseries(onLoop, onLoop, "loop beside raw scope on the same", 1.1, 1.1, 1.1),
            nurseries(onLoop, onJdk, "loop beside raw scope on the JDK's", 0.6, 0.7, 0.8),
            nurseries(onPool, onJdk, "pool beside raw scope on the JDK's", 1.15, 1.15, 1.15),
            fork(onLoop, "loop"),
            fork(onPool, "pool"),
            checkpoint(onLoop),
            hooks(loop, onLoop))
        .flatMap(s -> s)
        .toList();
  }

  private static Stream<Pair> nurseries(
      Place ours, Place theirs, String where, double of1, double of10, double of100) {
    return Stream.of(
        nursery(ours, theirs, 1, where, of1),
        nursery(ours, theirs, 10, where, of10),
        nursery(ours, theirs, 100, where, of100));
  }

  private static Pair nursery(Place ours, Place theirs, int tasks, String where, double limit) {
    int nurseries = TASKS / (tasks + 4);
    return new Pair(
        "nursery of %d on %s".formatted(tasks, where),
        limit,
        timed(ours, () -> Nurseries.openMany(nurseries, tasks)),
        timed(theirs, () -> RawScopes.openMany(nurseries, tasks)));
  }

  private static Stream<Pair> fork(Place place, String where) {
    return Stream.of(100, 1_000)
        .map(
            tasks -> {
              int nurseries = TASKS / tasks;
              return new Pair(
                  "%d forks by sibling beside by owner, on %s".formatted(tasks, where),
                  1.1,
                  timed(place, () -> Nurseries.openManyForkedBySibling(nurseries, tasks)),
                  timed(place, () -> Nurseries.openMany(nurseries, tasks)));
            });
  }

  private static Stream<Pair> checkpoint(Place place) {
    return Stream.of(
        new Pair(
            "checkpoint beside bare yield, on loop",
            1.2,
            timed(place, Pair::checkpoints),
            timed(place, Pair::yields)));
  }

  /// The same loop with and without: what is added is taken out again after each batch. The
  /// compiled code knows both, so the side without may be a little slower than where nobody ever
  /// listens.
  private static Stream<Pair> hooks(OnLoop loop, Place place) {
    return Stream.of(
        hooks(loop, place, Instrumented.SPAWN_AND_EXIT, Comparison.NOTHING_MEASURABLE),
        hooks(loop, place, Instrumented.EMPTY_STEPS, 1.05),
        hooks(loop, place, Instrumented.FLIGHT_RECORDER_OFF, Comparison.NOTHING_MEASURABLE));
  }

  private static Pair hooks(OnLoop loop, Place place, Instrumented instrumented, double limit) {
    Batch without = timed(place, Pair::checkpoints);
    var instrument = instrumented.instrument();
    return new Pair(
        "checkpoint with %s beside without, on loop".formatted(instrumented),
        limit,
        () -> loop.nanosWith(instrument, without),
        without);
  }

  private static void checkpoints() {
    for (int i = 0; i < CHECKPOINTS; i++) {
      Task.checkpoint();
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // it is what we compare with
  private static void yields() throws InterruptedException {
    Thread.startVirtualThread(
            () -> {
              for (int i = 0; i < CHECKPOINTS; i++) {
                Thread.yield();
              }
            })
        .join();
  }

  private static Batch timed(Place place, VoidOp<Exception> work) {
    return () -> {
      long[] nanos = new long[1];
      place.run(
          () -> {
            long begun = System.nanoTime();
            work.run();
            nanos[0] = System.nanoTime() - begun;
          });
      return nanos[0];
    };
  }
}
