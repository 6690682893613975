package dev.greenhouse.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/// Forking by the task that opened the nursery, and by another task of the nursery, which
/// `StructuredTaskScope` does not allow. A number is the time of one task, from fork to end, in a
/// nursery of 1,000; both nurseries have equally many tasks. [SideBySide] has the same with 100.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class ForkBenchmark {
  private static final int NURSERIES = 100;
  private static final int TASKS = 1_000;

  @Benchmark
  @OperationsPerInvocation(NURSERIES * TASKS)
  public void byOwnerOnLoop(OnLoop place) {
    place.run(() -> Nurseries.openMany(NURSERIES, TASKS));
  }

  @Benchmark
  @OperationsPerInvocation(NURSERIES * TASKS)
  public void bySiblingOnLoop(OnLoop place) {
    place.run(() -> Nurseries.openManyForkedBySibling(NURSERIES, TASKS));
  }

  @Benchmark
  @OperationsPerInvocation(NURSERIES * TASKS)
  public void byOwnerOnPool(OnPool place) {
    place.run(() -> Nurseries.openMany(NURSERIES, TASKS));
  }

  @Benchmark
  @OperationsPerInvocation(NURSERIES * TASKS)
  public void bySiblingOnPool(OnPool place) {
    place.run(() -> Nurseries.openManyForkedBySibling(NURSERIES, TASKS));
  }
}
