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

/// Two that wake each other in turns. A number is the time of one round trip: two wake-ups and two
/// waits.
///
/// Tasks make a `Suspension` for each wait, which carries a value and can be cancelled. Beside it,
/// the bare `LockSupport.park` and `unpark`, on which it is built, of two virtual threads that are
/// no tasks: of the loop's, of the pool's, and of the JDK's scheduler.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class PingPongBenchmark {
  private static final int ROUND_TRIPS = 50_000;

  @Benchmark
  @OperationsPerInvocation(ROUND_TRIPS)
  public void suspensionOnLoop(OnLoop place) {
    place.run(() -> new SuspensionPingPong(ROUND_TRIPS).run());
  }

  @Benchmark
  @OperationsPerInvocation(ROUND_TRIPS)
  public void suspensionOnPool(OnPool place) {
    place.run(() -> new SuspensionPingPong(ROUND_TRIPS).run());
  }

  @Benchmark
  @OperationsPerInvocation(ROUND_TRIPS)
  public void parkOnLoop(OnLoop place) throws Exception {
    place.run(() -> new ParkPingPong(ROUND_TRIPS).run());
  }

  @Benchmark
  @OperationsPerInvocation(ROUND_TRIPS)
  public void parkOnPool(OnPool place) throws Exception {
    place.run(() -> new ParkPingPong(ROUND_TRIPS).run());
  }

  @Benchmark
  @OperationsPerInvocation(ROUND_TRIPS)
  public void parkOnJdk(OnJdk place) throws Exception {
    place.run(() -> new ParkPingPong(ROUND_TRIPS).run());
  }
}
