package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.NothingLeft;
import java.io.IOException;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// A channel whose close, which an interrupt runs, does not come back.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HangingCloseTest {
  private static final class Channel extends AbstractInterruptibleChannel {
    final CountDownLatch mayClose = new CountDownLatch(1);

    void use(CountDownLatch begun) throws IOException {
      begin();
      try {
        begun.countDown();
        while (mayClose.getCount() > 0) {
          Thread.onSpinWait();
        }
      } finally {
        end(false);
      }
    }

    @Override
    protected void implCloseChannel() {
      while (mayClose.getCount() > 0) {
        Thread.onSpinWait();
      }
    }
  }

  // Until the task is reported, it has been looked at dozens of times.
  @Test
  void holdsOneThreadHoweverOftenTheTaskIsLookedAt() throws Exception {
    var channel = new Channel();
    var begun = new CountDownLatch(1);
    try (var log = CapturedLog.begin();
        var greenhouse =
            NothingLeft.watch(
                Greenhouse.builder().reportStuckAfter(Duration.ofMillis(600)).build())) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open();
                AutoCloseable _ = channel.mayClose::countDown) {
              Task<?> user = nursery.fork("user", () -> channel.use(begun));
              begun.await();
              user.cancel("enough");
              log.await("Task 'user' is cancelled but still blocked");
              long held =
                  Thread.getAllStackTraces().keySet().stream()
                      .filter(t -> t.getName().startsWith("greenhouse-interrupter-"))
                      .filter(t -> Arrays.toString(t.getStackTrace()).contains(".interrupt("))
                      .count();
              assertThat(held).isEqualTo(1);
            }
          });
    }
  }
}
