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
import org.openjdk.jmh.infra.Blackhole;

/// An `await` of a stage that another task on the same loop completes, beside Kotlin's `await` of
/// the same on one thread. A number is the time of one await, with the making of its stage.
///
/// One to one, the completing task gives way after each stage: two switches for one await, as in
/// the bare round trip of [PingPongBenchmark]. With 100 that await, it completes 100 stages and
/// gives way once.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class AwaitBenchmark {
  private static final int AWAITS = 100_000;
  private static final int MANY = 100;

  @Benchmark
  @OperationsPerInvocation(AWAITS)
  public void oneToOne(OnLoop place, Blackhole sink) {
    place.run(() -> new Awaiters(1, AWAITS, sink).run());
  }

  @Benchmark
  @OperationsPerInvocation(AWAITS)
  public void hundredToOne(OnLoop place, Blackhole sink) {
    place.run(() -> new Awaiters(MANY, AWAITS / MANY, sink).run());
  }

  @Benchmark
  @OperationsPerInvocation(AWAITS)
  public void kotlinOneToOne(Blackhole sink) throws InterruptedException {
    new KotlinAwaiters(1, AWAITS, sink).run();
  }

  @Benchmark
  @OperationsPerInvocation(AWAITS)
  public void kotlinHundredToOne(Blackhole sink) throws InterruptedException {
    new KotlinAwaiters(MANY, AWAITS / MANY, sink).run();
  }
}
