package dev.greenhouse.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// Opening a nursery, forking tasks that do nothing, and closing it, beside the same with
/// `StructuredTaskScope`. A number is the time of one nursery with all its tasks.
///
/// Both sides open, fork and wait from a virtual thread that is there already. Raw scopes are
/// measured on the same loop, where the difference is what a nursery adds (a list of tasks,
/// cancellation, outcomes, hooks), and on the JDK's scheduler, where it is what somebody gains or
/// loses who uses nurseries instead. The raw scopes have no name, as most have none; those with a
/// name are here to show what that is worth.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
@State(Scope.Benchmark)
public class NurseryBenchmark {
  private static final int NURSERIES = 10_000;

  @Param({"1", "10", "100"})
  private int tasks;

  @Benchmark
  @OperationsPerInvocation(NURSERIES)
  public void loop(OnLoop place) {
    place.run(() -> Nurseries.openMany(NURSERIES, tasks));
  }

  @Benchmark
  @OperationsPerInvocation(NURSERIES)
  public void pool(OnPool place) {
    place.run(() -> Nurseries.openMany(NURSERIES, tasks));
  }

  @Benchmark
  @OperationsPerInvocation(NURSERIES)
  public void rawOnLoop(OnLoop place) throws Exception {
    place.run(() -> RawScopes.openMany(NURSERIES, tasks));
  }

  @Benchmark
  @OperationsPerInvocation(NURSERIES)
  public void rawOnPool(OnPool place) throws Exception {
    place.run(() -> RawScopes.openMany(NURSERIES, tasks));
  }

  @Benchmark
  @OperationsPerInvocation(NURSERIES)
  public void rawOnJdk(OnJdk place) throws Exception {
    place.run(() -> RawScopes.openMany(NURSERIES, tasks));
  }

  @Benchmark
  @OperationsPerInvocation(NURSERIES)
  public void rawNamedOnLoop(OnLoop place) throws Exception {
    place.run(() -> RawScopes.openManyNamed(NURSERIES, tasks));
  }

  @Benchmark
  @OperationsPerInvocation(NURSERIES)
  public void rawNamedOnJdk(OnJdk place) throws Exception {
    place.run(() -> RawScopes.openManyNamed(NURSERIES, tasks));
  }
}
