package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Task;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import kotlin.coroutines.EmptyCoroutineContext;
import kotlinx.coroutines.Dispatchers;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/// Time limits that are not reached.
///
/// Around a value, which is there at once, beside Kotlin's `withTimeoutOrNull` around a value: on
/// one thread, which is a loop here and `runBlocking` there, and on as many as there are
/// processors. We set no timer unless the task waits; Kotlin always sets one.
///
/// And around a checkpoint, for which the timer is set and dropped again. What that adds is seen
/// beside the bare checkpoint of [CheckpointBenchmark].
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class TimeoutBenchmark {
  private static final int VALUES = 200_000;
  private static final int CHECKPOINTS = 50_000;
  private static final int KOTLIN_VALUES = 50_000;

  private static final Duration TIME = Duration.ofSeconds(10);

  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void valueOnLoop(OnLoop place, Blackhole sink) {
    place.run(() -> values(sink));
  }

  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void valueOnPool(OnPool place, Blackhole sink) {
    place.run(() -> values(sink));
  }

  @Benchmark
  @OperationsPerInvocation(KOTLIN_VALUES)
  public void kotlinValueInRunBlocking(Blackhole sink) throws Exception {
    KotlinTimeouts.callMany(KOTLIN_VALUES, TIME.toMillis(), EmptyCoroutineContext.INSTANCE, sink);
  }

  @Benchmark
  @OperationsPerInvocation(KOTLIN_VALUES)
  public void kotlinValueOnDefault(Blackhole sink) throws Exception {
    KotlinTimeouts.callMany(KOTLIN_VALUES, TIME.toMillis(), Dispatchers.getDefault(), sink);
  }

  @Benchmark
  @OperationsPerInvocation(CHECKPOINTS)
  public void checkpointOnLoop(OnLoop place, Blackhole sink) {
    place.run(() -> checkpoints(sink));
  }

  @Benchmark
  @OperationsPerInvocation(CHECKPOINTS)
  public void checkpointOnPool(OnPool place, Blackhole sink) {
    place.run(() -> checkpoints(sink));
  }

  private static void values(Blackhole sink) {
    for (int i = 0; i < VALUES; i++) {
      sink.consume(CancelScope.moveOnAfter(TIME, () -> "value"));
    }
  }

  private static void checkpoints(Blackhole sink) {
    for (int i = 0; i < CHECKPOINTS; i++) {
      sink.consume(CancelScope.moveOnAfter(TIME, () -> Task.checkpoint()));
    }
  }
}
