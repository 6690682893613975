package dev.greenhouse.benchmarks;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static dev.greenhouse.portal.Portal.withPortalRunSync;
import static dev.greenhouse.portal.Portal.withPortalRunTree;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.util.concurrent.CompletableFuture;
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

/// What a portal costs, on a loop, where nobody waits for anything: to open one for a call; to
/// await what is there already; and in each checkpoint, which is to be compared with that of
/// [CheckpointBenchmark].
///
/// An await spends the step's budget, so every 129th yields, which is in the number.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class PortalBenchmark {
  private static final int CHECKPOINTS = 100_000;
  private static final int AWAITS = 1_000_000;
  private static final int CALLS = 1_000_000;
  private static final int TREES = 100_000;

  /// In a task that has one.
  @Benchmark
  @OperationsPerInvocation(CHECKPOINTS)
  public void checkpointWithPortal(OnLoop place) {
    place.run(() -> withPortalRun(() -> checkpoints()));
  }

  /// In a task that has none, while another one is inside of `withPortalRunTree`.
  @Benchmark
  @OperationsPerInvocation(CHECKPOINTS)
  public void checkpointBesideTree(OnLoop place) {
    place.run(
        () -> {
          var end = new CompletableFuture<String>();
          try (var nursery = Nursery.open()) {
            nursery.start(
                status ->
                    withPortalRunTree(
                        () -> {
                          status.started();
                          await(end);
                        }));
            checkpoints();
            end.complete("end");
          }
        });
  }

  @Benchmark
  @OperationsPerInvocation(AWAITS)
  public void awaitOfCompletedStage(OnLoop place, Blackhole sink) {
    var stage = CompletableFuture.completedFuture("value");
    place.run(
        () ->
            withPortalRun(
                () -> {
                  for (int i = 0; i < AWAITS; i++) {
                    sink.consume(await(stage));
                  }
                }));
  }

  @Benchmark
  @OperationsPerInvocation(CALLS)
  public void run(OnLoop place, Blackhole sink) {
    place.run(
        () -> {
          for (int i = 0; i < CALLS; i++) {
            sink.consume(withPortalRun(() -> "value"));
          }
        });
  }

  @Benchmark
  @OperationsPerInvocation(CALLS)
  public void runSync(OnLoop place, Blackhole sink) {
    place.run(
        () -> {
          for (int i = 0; i < CALLS; i++) {
            sink.consume(withPortalRunSync(() -> "value"));
          }
        });
  }

  /// Each call adds the instrument and removes it.
  @Benchmark
  @OperationsPerInvocation(TREES)
  public void runTree(OnLoop place, Blackhole sink) {
    place.run(
        () -> {
          for (int i = 0; i < TREES; i++) {
            sink.consume(withPortalRunTree(() -> "value"));
          }
        });
  }

  private static void checkpoints() {
    for (int i = 0; i < CHECKPOINTS; i++) {
      Task.checkpoint();
    }
  }
}
