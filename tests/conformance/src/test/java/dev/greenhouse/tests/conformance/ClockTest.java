package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.GreenhouseBuilder;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.time.Clock;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance A5 with real and custom clocks. The clock that jumps comes with the virtual clock.
@ExtendWith(NothingLeft.class)
class ClockTest {
  /// The system's clock at another speed and another time of day.
  private record Other(int slowness, Duration offset) implements Clock {
    @Override
    public long nanoTime() {
      return System.nanoTime() / slowness;
    }

    @Override
    public Instant instant() {
      return Instant.now().plus(offset);
    }
  }

  private static OpenGreenhouse build(Kind kind, Clock clock) {
    GreenhouseBuilder builder = Greenhouse.builder().name("other-clock").clock(clock);
    return NothingLeft.watch(
        switch (kind) {
          case LOOP -> builder.singleThreaded().build();
          case POOL -> builder.parallelism(2).build();
          case SEEDED -> builder.seeded(1).build();
        });
  }

  // A5
  @OnEveryKind
  void sleepNeverEndsEarly(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThat(Task.current().greenhouse().clock()).isSameAs(Clock.system());
          for (int micros : new int[] {1, 10, 100, 300, 999, 1_001, 2_500, 12_345}) {
            Duration asked = Duration.ofNanos(micros * 1000L + 7);
            long begin = System.nanoTime();
            Task.sleep(asked);
            assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(asked.toNanos());
          }
        });
  }

  // A5
  @OnEveryKind
  void theInstalledClockIsTheCurrentOneAndItsTimeOfDayCounts(Kind kind) {
    var future = new Other(1, Duration.ofDays(3650));
    try (OpenGreenhouse greenhouse = build(kind, future)) {
      greenhouse.run(
          () -> {
            assertThat(greenhouse.clock()).isSameAs(future);
            Instant end = future.instant().plusMillis(15);
            Task.sleepUntil(end); // and not ten years
            assertThat(future.instant()).isAfterOrEqualTo(end);
            Task.sleepUntil(Instant.now().plusSeconds(3600)); // long past on its clock
          });
    }
  }

  // A5; "on the greenhouse's clock, never shorter"
  @OnEveryKind
  void sleepOnASlowClockNeverEndsEarlyByThatClock(Kind kind) {
    var slow = new Other(3, Duration.ZERO);
    try (OpenGreenhouse greenhouse = build(kind, slow)) {
      greenhouse.run(
          () -> {
            long begin = slow.nanoTime();
            Task.sleep(Duration.ofMillis(20));
            assertThat(slow.nanoTime() - begin)
                .isGreaterThanOrEqualTo(Duration.ofMillis(20).toNanos());
          });
    }
  }

  // K107
  @OnEveryKind
  void aNegativeSleepIsRefusedAndAPastTimeIsACheckpoint(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThatThrownBy(() -> Task.sleep(Duration.ofNanos(-1)))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessageContaining("main");
          Task.sleepUntil(Instant.EPOCH);
          Task.sleep(Duration.ZERO);
        });
  }
}
