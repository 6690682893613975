package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance A7, without the seconds to the next deadline, which come with deadlines.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StatisticsTest {
  // A7
  @OnEveryKind
  void statisticsCountTasksAndNurseries(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var greenhouse = (OpenGreenhouse) Task.current().greenhouse();
          assertThat(greenhouse.statistics().tasks()).isEqualTo(1);
          assertThat(greenhouse.statistics().running()).isEqualTo(1);
          try (var nursery = Nursery.open()) {
            var ready = new CountDownLatch(3);
            for (int i = 0; i < 3; i++) {
              nursery.fork(
                  () -> {
                    ready.countDown();
                    Task.sleepForever();
                  });
            }
            ready.await();
            assertThat(greenhouse.statistics().tasks()).isEqualTo(4);
            assertThat(greenhouse.statistics().nurseries()).isEqualTo(1);
            nursery.cancel();
          }
          assertThat(greenhouse.statistics().tasks()).isEqualTo(1);
          assertThat(greenhouse.statistics().nurseries()).isZero();
        });
  }

  // A7
  @Test
  @NeedsFlag
  void statisticsTellWhoWaitsAndWhoCouldRun() throws Throwable {
    Kind.LOOP.run(
        () -> {
          var greenhouse = (OpenGreenhouse) Task.current().greenhouse();
          try (var nursery = Nursery.open()) {
            nursery.fork(() -> Task.sleepForever());
            Task.checkpoint();
            nursery.fork(() -> {});
            nursery.fork(() -> {});
            var now = greenhouse.statistics();
            assertThat(List.of(now.running(), now.runnable(), now.waiting(), now.carriers()))
                .containsExactly(1, 2, 1, 1);
            nursery.cancel();
          }
        });
  }
}
