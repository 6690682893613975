package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@NeedsFlag
@ExtendWith(NothingLeft.class)
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class IdleLoopTest {
  private static final long OBSERVED_MILLIS = 300;
  private static final long NEAR_ZERO = TimeUnit.MILLISECONDS.toNanos(10);

  @Test
  void aLoopWhoseTasksAllWaitUsesNoProcessor() throws Exception {
    var carrier = new CompletableFuture<Thread>();
    var instrument =
        new Instrument() {
          @Override
          public void beforeTaskStep(TaskView task) {
            carrier.complete(Thread.currentThread());
          }
        };
    try (var loop = Greenhouse.builder().singleThreaded().instrument(instrument).build()) {
      Task<?> main =
          loop.launch(
              () -> {
                Task.sleepForever();
                return null;
              });
      assertIdle(carrier.get());
      main.cancel("enough");
      Eventually.holds("main ends", () -> main.outcome().isPresent());
      assertIdle(carrier.get()); // with no task at all
    }
    assertThat(carrier.get().join(java.time.Duration.ofSeconds(5))).as("ends with it").isTrue();
  }

  private static void assertIdle(Thread thread) throws InterruptedException {
    Eventually.waits(thread);
    var threads = ManagementFactory.getThreadMXBean();
    long before = threads.getThreadCpuTime(thread.threadId());
    assertThat(new CountDownLatch(1).await(OBSERVED_MILLIS, TimeUnit.MILLISECONDS)).isFalse();
    long used = threads.getThreadCpuTime(thread.threadId()) - before;
    assertThat(used).as("nanoseconds of processor time").isLessThan(NEAR_ZERO);
    assertThat(thread.getState()).isEqualTo(Thread.State.WAITING);
  }
}
