package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.util.ArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
@Timeout(value = 10 * 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ManyRunsTest {
  @Test
  void aHundredLoopsFromEachOfFourThreads() throws Exception {
    fromFourThreads(
        () -> {
          for (int i = 0; i < Bed.rounds(100); i++) {
            int n = i;
            int sum = Greenhouse.call(() -> sum(n));
            assertThat(sum).isEqualTo(n + 2 * 10);
          }
        });
    long loops =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t.getName().startsWith("greenhouse-loop-"))
            .count();
    assertThat(loops).as("loop threads left").isZero();
  }

  @Test
  void aHundredPoolsFromEachOfFourThreads() throws Exception {
    fromFourThreads(
        () -> {
          for (int i = 0; i < Bed.rounds(100); i++) {
            int n = i;
            try (var pool = Greenhouse.builder().parallelism(1 + n % 3).build()) {
              int sum = pool.call(() -> sum(n));
              assertThat(sum).isEqualTo(n + 2 * 10);
            }
          }
        });
  }

  /// On virtual threads as callers.
  @Test
  void loopsCalledOnVirtualThreads() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var all = new ArrayList<Future<Integer>>();
      for (int i = 0; i < Bed.rounds(100); i++) {
        int n = i;
        all.add(threads.submit(() -> Greenhouse.call(() -> sum(n))));
      }
      for (int i = 0; i < all.size(); i++) {
        assertThat(all.get(i).get(60, TimeUnit.SECONDS)).isEqualTo(i + 2 * 10);
      }
    }
  }

  private static int sum(int n) {
    var sum = new AtomicInteger(n);
    try (var nursery = Nursery.open()) {
      for (int i = 0; i < 10; i++) {
        nursery.fork(
            () -> {
              sum.incrementAndGet();
              Thread.sleep(0, 1000);
              Task.checkpoint();
              sum.incrementAndGet();
            });
      }
    }
    return sum.get();
  }

  private interface Job {
    void run() throws Exception;
  }

  private static void fromFourThreads(Job job) throws InterruptedException, ExecutionException {
    try (var threads = Executors.newFixedThreadPool(4)) {
      var all = new ArrayList<Future<?>>();
      for (int i = 0; i < 4; i++) {
        all.add(
            threads.submit(
                () -> {
                  job.run();
                  return null;
                }));
      }
      for (Future<?> f : all) {
        f.get();
      }
    }
  }
}
