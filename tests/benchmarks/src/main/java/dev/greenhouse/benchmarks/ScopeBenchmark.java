package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Task;
import java.time.Duration;
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

/// What a scope costs that nobody cancels: to open and leave it, and in each test for cancellation
/// inside. The tests are five scopes deep, without and with a deadline for each; beside them, the
/// test outside of all scopes of [ReadyBenchmark].
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class ScopeBenchmark {
  private static final int SCOPES = 200_000;
  private static final int TESTS = 1_000_000;
  private static final int DEPTH = 5;

  @Benchmark
  @OperationsPerInvocation(SCOPES)
  public void runOnLoop(OnLoop place, Blackhole sink) {
    place.run(() -> scopes(sink));
  }

  @Benchmark
  @OperationsPerInvocation(SCOPES)
  public void runOnPool(OnPool place, Blackhole sink) {
    place.run(() -> scopes(sink));
  }

  @Benchmark
  @OperationsPerInvocation(TESTS)
  public void throwIfCancelledInFive(OnLoop place) {
    place.run(() -> testIn(DEPTH));
  }

  @Benchmark
  @OperationsPerInvocation(TESTS)
  public void throwIfCancelledInFiveWithDeadlines(OnLoop place) {
    place.run(() -> testInTimed(DEPTH));
  }

  private static void scopes(Blackhole sink) {
    for (int i = 0; i < SCOPES; i++) {
      sink.consume(CancelScope.run(scope -> {}));
    }
  }

  private static void testIn(int depth) {
    if (depth == 0) {
      test();
    } else {
      CancelScope.run(scope -> testIn(depth - 1));
    }
  }

  private static void testInTimed(int depth) {
    if (depth == 0) {
      test();
    } else {
      CancelScope.moveOnAfter(Duration.ofHours(depth), () -> testInTimed(depth - 1));
    }
  }

  private static void test() {
    for (int i = 0; i < TESTS; i++) {
      Task.throwIfCancelled();
    }
  }
}
