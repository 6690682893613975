package dev.greenhouse.benchmarks;

import dev.greenhouse.instrumentation.Instrument;
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
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What the hooks of one step that gives way cost by themselves: the instrument is called as a
/// loop's carrier calls it, and no task runs. [InstrumentBenchmark] has the same beside a real
/// step, whose noise is more than the difference between two instruments.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
@State(Scope.Thread)
public class HookBenchmark {
  @Param private Instrumented instrumented = Instrumented.EMPTY_STEPS;

  private final OpenGreenhouse loop = Greenhouse.builder().singleThreaded().build();
  private final Task<?> task = loop.forkSystemTask("watched", Task::sleepForever);
  private Instrument instrument = Instrumented.NOT.instrument();

  static Case of(Instrumented by) {
    return new Case(HookBenchmark.class, "step", "instrumented=" + by);
  }

  /// Lets the instrument meet the task and its loop.
  @Setup(Level.Trial)
  public void meet() {
    instrument = instrumented.instrument();
    instrument.beforeRun(loop);
    instrument.taskSpawned(task);
    instrument.afterIdle(loop);
  }

  @Benchmark
  public void step() {
    instrument.beforeTaskStep(task);
    instrument.taskScheduled(task);
    instrument.afterTaskStep(task);
  }

  /// What a clock costs here: no instrument that reads it can be cheaper.
  @Benchmark
  public long clock() {
    return System.nanoTime();
  }

  /// Ends the task.
  @TearDown(Level.Trial)
  public void close() {
    task.cancel("measured");
    loop.close();
  }
}
