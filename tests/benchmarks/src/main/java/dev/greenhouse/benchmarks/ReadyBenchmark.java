package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/// Operations that could wait and need not, on a loop: all are checkpoints and test for
/// cancellation. The first two also spend the step's budget, so every 129th yields, which is in the
/// number.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class ReadyBenchmark {
  private static final int OPERATIONS = 1_000_000;

  /// The value of a task that has ended.
  @Benchmark
  @OperationsPerInvocation(OPERATIONS)
  public void joinOfEndedTask(OnLoop place, Blackhole sink) {
    place.run(
        () -> {
          Task<String> ended;
          try (var nursery = Nursery.open()) {
            ended = nursery.fork(() -> "value");
          }
          for (int i = 0; i < OPERATIONS; i++) {
            sink.consume(ended.join());
          }
        });
  }

  /// A suspension is made, resumed and awaited.
  @Benchmark
  @OperationsPerInvocation(OPERATIONS)
  public void awaitOfResumedSuspension(OnLoop place, Blackhole sink) {
    place.run(
        () -> {
          for (int i = 0; i < OPERATIONS; i++) {
            var suspension = Suspension.<String>create();
            suspension.resume("value");
            sink.consume(suspension.await());
          }
        });
  }

  /// The test alone.
  @Benchmark
  @OperationsPerInvocation(OPERATIONS)
  public void throwIfCancelled(OnLoop place) {
    place.run(
        () -> {
          for (int i = 0; i < OPERATIONS; i++) {
            Task.throwIfCancelled();
          }
        });
  }
}
