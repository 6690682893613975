package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.Task;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/// `Task.checkpoint`, which tests for cancellation, yields and tests again, beside the bare yield
/// that it contains. One task or thread is alone on its scheduler, so each yield goes through the
/// queue and comes back to it.
///
/// The barest yield on a loop is that of a thread which is no task: its continuation is queued and
/// run, and nothing else. A task's bare yield is a step, with its state word and the look for
/// hooks. A checkpoint is compared with both.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class CheckpointBenchmark {
  private static final int YIELDS = 100_000;

  @Benchmark
  @OperationsPerInvocation(YIELDS)
  public void loop(OnLoop place) {
    place.run(CheckpointBenchmark::checkpoints);
  }

  @Benchmark
  @OperationsPerInvocation(YIELDS)
  public void pool(OnPool place) {
    place.run(CheckpointBenchmark::checkpoints);
  }

  @Benchmark
  @OperationsPerInvocation(YIELDS)
  public void yieldInTaskOnLoop(OnLoop place) {
    place.run(CheckpointBenchmark::yields);
  }

  @Benchmark
  @OperationsPerInvocation(YIELDS)
  public void yieldInThreadOnLoop(OnLoop place) throws Exception {
    place.run(() -> Thread.startVirtualThread(CheckpointBenchmark::yields).join());
  }

  @Benchmark
  @OperationsPerInvocation(YIELDS)
  public void yieldInTaskOnPool(OnPool place) {
    place.run(CheckpointBenchmark::yields);
  }

  @Benchmark
  @OperationsPerInvocation(YIELDS)
  public void yieldInThreadOnPool(OnPool place) throws Exception {
    place.run(() -> Thread.startVirtualThread(CheckpointBenchmark::yields).join());
  }

  @Benchmark
  @OperationsPerInvocation(YIELDS)
  public void yieldOnJdk(OnJdk place) throws Exception {
    place.run(CheckpointBenchmark::yields);
  }

  private static void checkpoints() {
    for (int i = 0; i < YIELDS; i++) {
      Task.checkpoint();
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // it is what we compare with
  private static void yields() {
    for (int i = 0; i < YIELDS; i++) {
      Thread.yield();
    }
  }
}
