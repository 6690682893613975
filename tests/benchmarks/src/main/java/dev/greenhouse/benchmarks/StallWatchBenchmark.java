package dev.greenhouse.benchmarks;

import dev.greenhouse.instrumentation.watch.StallWatch;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What a stall watch costs a step: a checkpoint of one task, and of ten that take turns, without a
/// watch, with empty hooks and with it, on a loop and on a pool. A step with the watch may take at
/// most 5 ns more than one without.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
@State(Scope.Benchmark)
public class StallWatchBenchmark {
  private static final int CHECKPOINTS = 100_000;
  private static final int TASKS = 10;

  /// Who hears of the steps.
  public enum Watched {
    /// Nobody.
    NOT,
    /// Two hooks that do nothing.
    EMPTY,
    /// A stall watch.
    WATCHED
  }

  /// Where the tasks run.
  public enum Place {
    /// A loop.
    LOOP,
    /// A pool with a carrier for each processor.
    POOL
  }

  @Param private Watched watched = Watched.NOT;

  @Param private Place place = Place.LOOP;

  private final StallWatch watch = StallWatch.create();
  private OpenGreenhouse greenhouse = Greenhouse.common();

  /// Opens the greenhouse.
  @Setup(Level.Trial)
  public void open() {
    var builder = Greenhouse.builder();
    greenhouse = (place == Place.LOOP ? builder.singleThreaded() : builder).build();
    switch (watched) {
      case NOT -> {}
      case EMPTY -> greenhouse.instruments().add(Instrumented.EMPTY_STEPS.instrument());
      case WATCHED -> greenhouse.instruments().add(watch);
    }
  }

  @Benchmark
  @OperationsPerInvocation(CHECKPOINTS)
  public void checkpointOfOne() {
    greenhouse.run(() -> checkpoints(CHECKPOINTS));
  }

  @Benchmark
  @OperationsPerInvocation(CHECKPOINTS)
  public void checkpointOfTen() {
    greenhouse.run(
        () -> {
          try (var nursery = Nursery.open()) {
            for (int i = 0; i < TASKS; i++) {
              nursery.fork(() -> checkpoints(CHECKPOINTS / TASKS));
            }
          }
        });
  }

  private static void checkpoints(int count) {
    for (int i = 0; i < count; i++) {
      Task.checkpoint();
    }
  }

  /// Ends what was opened.
  @TearDown(Level.Trial)
  public void close() {
    greenhouse.close();
    watch.close();
  }
}
