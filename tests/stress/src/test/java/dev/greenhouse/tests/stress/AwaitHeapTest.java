package dev.greenhouse.tests.stress;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.ensurePortal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A million awaits leave nothing on the heap.
@Tag("stress")
class AwaitHeapTest {
  private static final int AWAITS = 1_000_000;
  private static final int WARM_UP = 20_000;

  /// The smallest object that each await might leave takes 16 bytes.
  private static final long MOST_GROWTH = AWAITS * 8L;

  @Test
  void awaitsDoNotGrowTheHeap() throws Exception {
    Bed.LOOP.run(
        () -> {
          ensurePortal();
          awaits(WARM_UP);
          long before = used();
          awaits(AWAITS);
          assertThat(used() - before).as("growth in bytes").isLessThan(MOST_GROWTH);
        });
  }

  /// The other task completes each stage while this one waits, or before.
  private static void awaits(int times) {
    var next = new AtomicReference<CompletableFuture<Integer>>();
    try (var nursery = Nursery.open()) {
      nursery.fork(
          () -> {
            for (int i = 0; i < times; i++) {
              CompletableFuture<Integer> stage;
              while ((stage = next.getAndSet(null)) == null) {
                Task.checkpoint();
              }
              stage.complete(i);
            }
          });
      for (int i = 0; i < times; i++) {
        var stage = new CompletableFuture<Integer>();
        next.set(stage);
        assertThat(await(stage).intValue()).isEqualTo(i);
      }
    }
  }

  private static long used() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
