package dev.greenhouse.benchmarks;

import static dev.greenhouse.portal.Portal.await;

import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import java.util.concurrent.ExecutionException;
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

/// What a flat task with a portal costs that never waits: its making, its thread, its step, and its
/// completion. A task of the same loop starts a hundred at a time, and awaits the last.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class FlatBenchmark {
  private static final int BATCH = 100;
  private static final int CALLS = 100_000;

  @Benchmark
  @OperationsPerInvocation(CALLS)
  public void runSyncOnOwnLoop(OnFlat place, Blackhole sink) throws Exception {
    run(place.own, sink);
  }

  @Benchmark
  @OperationsPerInvocation(CALLS)
  public void runSyncOnGivenLoop(OnFlat place, Blackhole sink) throws Exception {
    run(place.onGiven, sink);
  }

  private static void run(FlatExecutor flat, Blackhole sink)
      throws InterruptedException, ExecutionException {
    flat.withPortalRunSync(
            () -> {
              for (int i = 0; i < CALLS; i += BATCH) {
                FlatTask<String> last = flat.withPortalRunSync(() -> "value");
                for (int j = 1; j < BATCH; j++) {
                  last = flat.withPortalRunSync(() -> "value");
                }
                sink.consume(await(last));
              }
            })
        .get();
  }
}
