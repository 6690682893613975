package dev.greenhouse.guide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.watch.Stall;
import dev.greenhouse.instrumentation.watch.StallTotals;
import dev.greenhouse.instrumentation.watch.StallWatch;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The blocks of `docs/guide/stalls.md`. Without the flag there is nothing to see.
@EnabledIfSystemProperty(named = "greenhouse.test.flag", matches = "true")
@Timeout(60)
class StallsTest {
  private static final long LIMIT = TimeUnit.SECONDS.toNanos(20);

  private final Logger logger = LoggerFactory.getLogger("garden");
  private final PrintStream before = System.err;
  private final ByteArrayOutputStream logged = new ByteArrayOutputStream();

  @BeforeEach
  void captureLog() {
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void releaseLog() {
    System.setErr(before);
  }

  /// Goes on until it is reported.
  private void dig() {
    long start = System.nanoTime();
    while (!text().contains("Task 'digging' has held") && System.nanoTime() - start < LIMIT) {
      Thread.onSpinWait();
    }
  }

  private String text() {
    return logged.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aWatchIsAdded() {
    // region stall-watch
    try (var watch = StallWatch.create();
        var garden =
            Greenhouse.builder().singleThreaded().name("garden").instrument(watch).build()) {
      garden.run(() -> Nursery.run(nursery -> nursery.fork("digging", () -> dig())));
    }
    // endregion
    assertThat(text())
        .containsPattern(
            "WARN dev.greenhouse.stalls - Task 'digging' has held the loop of greenhouse 'garden'"
                + " for \\d+ ms, and nobody else runs there meanwhile. Thread"
                + " 'greenhouse-loop-garden' is at:")
        .contains("\tat " + StallsTest.class.getName() + ".dig(");
  }

  @Test
  void stallsGoToAConsumer() {
    // region stall-consumer
    var stalls = new ConcurrentLinkedQueue<Stall>();
    try (var watch =
            StallWatch.builder()
                .threshold(Duration.ofMillis(20)) // 100 ms unless said otherwise
                .logger(logger)
                .onStall(stalls::add)
                .build();
        var garden = Greenhouse.builder().name("garden").instrument(watch).build()) {
      garden.run(() -> Nursery.run(nursery -> nursery.fork("digging", () -> dig())));
      StallTotals totals = watch.totals();
      assertThat(totals.stalls()).isPositive();
    }
    // endregion
    assertThat(stalls).anyMatch(stall -> stall.task().name().equals("digging"));
    assertThat(text()).contains("WARN garden - Task 'digging' has held a carrier of");
  }
}
