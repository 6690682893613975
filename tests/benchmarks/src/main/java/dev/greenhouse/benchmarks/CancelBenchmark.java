package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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

/// Cancelling a nursery in which 10,000 tasks sleep, on a loop, beside a raw scope on the same
/// loop. A number is the time of one task, from `cancel()` until `close()` has returned.
///
/// They are sent to sleep outside of the measurement. That JMH looks at the clock around each call
/// does no harm here: a call takes milliseconds. It contains the way of the signal into the loop
/// and of the end out of it, some 3 ns a task.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
@State(Scope.Benchmark)
public class CancelBenchmark {
  private final OpenGreenhouse loop = Greenhouse.builder().singleThreaded().build();

  @Param private Sleepers sleepers = Sleepers.TASKS_IN_OUR_SLEEP;

  // One of each for every call.
  private CountDownLatch end = new CountDownLatch(1);
  private @Nullable Task<?> owner;

  static Case of(Sleepers sleepers) {
    return new Case(CancelBenchmark.class, "cancelAndClose", "sleepers=" + sleepers);
  }

  /// Sends them to sleep. The last one that counts down sleeps before the loop turns to their
  /// owner.
  @Setup(Level.Invocation)
  public void sendToSleep() throws InterruptedException {
    var ends = new CountDownLatch(1);
    var asleep = new CountDownLatch(Sleepers.COUNT);
    end = ends;
    owner =
        loop.launch(
            () -> {
              sleepers.runUntil(ends, asleep);
              return null;
            });
    asleep.await();
  }

  @Benchmark
  @OperationsPerInvocation(Sleepers.COUNT)
  public void cancelAndClose() {
    end.countDown();
    Objects.requireNonNull(owner).join();
  }

  /// Ends the loop.
  @TearDown(Level.Trial)
  public void close() {
    loop.close();
  }
}
