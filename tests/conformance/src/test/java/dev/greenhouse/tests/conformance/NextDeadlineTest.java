package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.DeadlineTest.HOUR;
import static dev.greenhouse.tests.conformance.DeadlineTest.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance D46, and the deadline in A7: when the next deadline is, for a task and for a
/// greenhouse.
@ExtendWith(NothingLeft.class)
class NextDeadlineTest {
  // D46
  @OnEveryKind
  void theEffectiveDeadlineIsTheEarliestUpToAShield(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          Instant now = clock.instant();
          assertThat(CancelScope.effectiveDeadline()).isEqualTo(Instant.MAX);
          CancelScope.run(
              outer -> {
                outer.deadline(now.plusSeconds(30));
                CancelScope.run(
                    inner -> {
                      inner.deadline(now.plusSeconds(60));
                      assertThat(CancelScope.effectiveDeadline()).isEqualTo(now.plusSeconds(30));
                      inner.deadline(now.plusSeconds(10));
                      assertThat(CancelScope.effectiveDeadline()).isEqualTo(now.plusSeconds(10));
                      inner.deadline(now.plusSeconds(60)).shielded(true);
                      assertThat(CancelScope.effectiveDeadline()).isEqualTo(now.plusSeconds(60));
                      CancelScope.shield(
                          () -> assertThat(CancelScope.effectiveDeadline()).isEqualTo(Instant.MAX));
                      outer.cancel();
                      assertThat(CancelScope.effectiveDeadline()).isEqualTo(now.plusSeconds(60));
                      inner.shielded(false);
                      assertThat(CancelScope.effectiveDeadline()).isEqualTo(Instant.MIN);
                    });
              });
          assertThat(CancelScope.effectiveDeadline()).isEqualTo(Instant.MAX);
        });
  }

  // D46
  @OnEveryKind
  void theEffectiveDeadlineOfATaskIsThatOfWhatItsNurseryWasOpenedIn(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          Instant end = clock.instant().plusSeconds(30);
          CancelScope.moveOnAt(
              end,
              () -> {
                try (var nursery = Nursery.open()) {
                  Task<Instant> task = nursery.fork(() -> CancelScope.effectiveDeadline());
                  assertThat(task.join()).isEqualTo(end);
                }
              });
          boolean ended =
              CancelScope.moveOnAfter(
                  SECOND,
                  () -> {
                    clock.advance(SECOND); // no checkpoint has seen that
                    assertThat(CancelScope.effectiveDeadline()).isEqualTo(Instant.MIN);
                    Task.throwIfCancelled();
                  });
          assertThat(ended).isFalse();
        });
  }

  // A7
  @OnEveryKind
  void statisticsTellTheTimeToTheNextDeadline(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          var greenhouse = (OpenGreenhouse) Task.current().greenhouse();
          assertThat(greenhouse.statistics().nextDeadline()).isEmpty();
          CancelScope.moveOnAfter(
              Duration.ofSeconds(5),
              () -> {
                assertThat(greenhouse.statistics().nextDeadline()).contains(Duration.ofSeconds(5));
                CancelScope.moveOnAfter(
                    HOUR,
                    () -> {
                      clock.advance(SECOND);
                      assertThat(greenhouse.statistics().nextDeadline())
                          .contains(Duration.ofSeconds(4));
                    });
                CancelScope.moveOnAfter(
                    SECOND,
                    () -> assertThat(greenhouse.statistics().nextDeadline()).contains(SECOND));
                clock.advance(HOUR);
                assertThat(greenhouse.statistics().nextDeadline()).contains(Duration.ZERO);
              });
          assertThat(greenhouse.statistics().nextDeadline()).isEmpty();
        });
  }

  // A7: of all tasks
  @OnEveryKind
  void statisticsTellTheNextDeadlineOfAllTasks(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          var greenhouse = (OpenGreenhouse) Task.current().greenhouse();
          try (var nursery = Nursery.open()) {
            Task<?> far =
                nursery.fork(() -> CancelScope.moveOnAfter(HOUR, () -> Task.sleepForever()));
            Task<?> near =
                nursery.fork(() -> CancelScope.moveOnAfter(SECOND, () -> Task.sleepForever()));
            Eventually.waits(far.thread());
            Eventually.waits(near.thread());
            assertThat(greenhouse.statistics().nextDeadline()).contains(SECOND);
            clock.advance(SECOND);
            near.join();
            assertThat(greenhouse.statistics().nextDeadline()).contains(HOUR.minus(SECOND));
            nursery.cancel();
          }
        });
  }
}
