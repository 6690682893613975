package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The report of a task that ignores its cancellation, when nobody has said how long that may take.
@Tag("stress")
class StuckForLongTest {
  private static final long LEAST = TimeUnit.SECONDS.toNanos(10);
  private static final long MOST = TimeUnit.SECONDS.toNanos(20);

  @Test
  @Timeout(60)
  void isReportedAfterTenSeconds() throws Exception {
    PrintStream before = System.err;
    var log = new ByteArrayOutputStream();
    var reported = new CompletableFuture<Long>();
    System.setErr(
        new PrintStream(log, true, StandardCharsets.UTF_8) {
          @Override
          public void flush() {
            super.flush();
            if (log.toString(StandardCharsets.UTF_8).contains("still blocked after 10 s")) {
              reported.complete(System.nanoTime());
            }
          }
        });
    try (var greenhouse = Greenhouse.builder().build()) {
      greenhouse.run(
          () -> {
            long begin = System.nanoTime();
            CancelScope.moveOnAfter(Duration.ZERO, () -> reported.join());
            assertThat(reported.join() - begin).isBetween(LEAST, MOST);
          });
    } finally {
      System.setErr(before);
    }
  }
}
