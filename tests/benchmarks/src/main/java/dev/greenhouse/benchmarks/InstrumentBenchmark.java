package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.Greenhouse;
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

/// What instruments cost: a checkpoint, which is one step, and a nursery of ten tasks on a loop,
/// without and with one instrument. Each variant has a JVM of its own, so none spoils the compiled
/// code of another.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
@State(Scope.Benchmark)
public class InstrumentBenchmark {
  private static final int CHECKPOINTS = 100_000;
  private static final int NURSERIES = 10_000;

  @Param private Instrumented instrumented = Instrumented.NOT;

  private final OpenGreenhouse loop = Greenhouse.builder().singleThreaded().build();

  static Case of(String method, Instrumented by) {
    return new Case(InstrumentBenchmark.class, method, "instrumented=" + by);
  }

  /// Adds the instrument.
  @Setup(Level.Trial)
  public void instrument() {
    if (instrumented != Instrumented.NOT) {
      loop.instruments().add(instrumented.instrument());
    }
  }

  @Benchmark
  @OperationsPerInvocation(CHECKPOINTS)
  public void checkpoint() {
    loop.run(
        () -> {
          for (int i = 0; i < CHECKPOINTS; i++) {
            Task.checkpoint();
          }
        });
  }

  @Benchmark
  @OperationsPerInvocation(NURSERIES)
  public void nurseryOf10() {
    loop.run(() -> Nurseries.openMany(NURSERIES, 10));
  }

  /// Ends the loop.
  @TearDown(Level.Trial)
  public void close() {
    loop.close();
  }
}
