package dev.greenhouse.benchmarks;

import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What a snapshot of 10,000 tasks takes, on a pool, by a thread that is no task.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
@State(Scope.Benchmark)
public class TreeBenchmark {
  private static final int TASKS = 10_000;

  /// What the tasks wait in.
  public enum Wait {
    /// Greenhouse's own sleep, whose words the task knows.
    OURS,
    /// A latch of the JDK: who wants to know asks for the stack.
    THE_JDKS
  }

  @Param private Wait wait = Wait.OURS;

  private final OpenGreenhouse pool = Greenhouse.builder().build();
  private final CountDownLatch never = new CountDownLatch(1);
  private Task<?> main = pool.launch(() -> 0);

  static Case of(String method, Wait wait) {
    return new Case(TreeBenchmark.class, method, "wait=" + wait);
  }

  /// Forks the tasks, and waits until all wait.
  @Setup(Level.Trial)
  public void fork() {
    main =
        pool.launch(
            () -> {
              Nursery.run(
                  nursery -> {
                    for (int i = 0; i < TASKS; i++) {
                      nursery.fork(
                          () -> {
                            if (wait == Wait.OURS) {
                              Task.sleepForever();
                            }
                            never.await();
                          });
                    }
                  });
              return 0;
            });
    while (pool.statistics().waiting() < TASKS + 1) {
      Thread.onSpinWait();
    }
  }

  @Benchmark
  public TaskTree snapshot() {
    return TaskTree.of(pool);
  }

  @Benchmark
  public String snapshotAsText() {
    return TaskTree.of(pool).toText(100);
  }

  @Benchmark
  public TaskTree snapshotWithStacks() {
    return TaskTree.withStacks(pool);
  }

  /// Ends the tasks.
  @TearDown(Level.Trial)
  public void cancel() {
    main.cancel("measured");
    pool.close();
  }
}
