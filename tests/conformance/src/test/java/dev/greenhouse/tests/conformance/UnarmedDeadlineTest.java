package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.DeadlineTest.HOUR;
import static dev.greenhouse.tests.conformance.DeadlineTest.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtendWith;

/// A deadline that another thread moves or asks for before the task has waited: no timer is set for
/// it by then. While the task waits is in [MovedDeadlineTest].
@ExtendWith(NothingLeft.class)
class UnarmedDeadlineTest {
  /// Timers of a task that has not waited: where nobody looks after it they are set at once.
  private static final int TIMERS_BEFORE_IT_WAITS = Kind.FLAG ? 0 : 1;

  /// Runs something on another thread while the task computes: it gives no carrier up.
  private static void meanwhile(Runnable what) {
    var thrown = new AtomicReference<Throwable>();
    Thread other =
        Thread.ofPlatform().uncaughtExceptionHandler((t, e) -> thrown.set(e)).start(what);
    while (other.isAlive()) {
      Thread.onSpinWait();
    }
    assertThat(thrown.get()).isNull();
  }

  // Rule 11
  @OnEveryKind
  void itIsMovedEarlierByAnotherThreadBeforeTheTaskWaits(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          Instant start = clock.instant();
          CancelScope scope = CancelScope.named("moved").deadline(HOUR);
          boolean ended =
              scope.run(
                  () -> {
                    meanwhile(() -> scope.deadline(SECOND));
                    assertThat(scope.deadline()).isEqualTo(start.plus(SECOND));
                    assertThat(Task.current().greenhouse().statistics().nextDeadline())
                        .contains(SECOND);
                    meanwhile(() -> clock.advance(SECOND.minusNanos(1)));
                    assertThat(scope.isCancelled()).isFalse();
                    assertThat(clock.pendingTimers()).isEqualTo(1);
                    meanwhile(() -> clock.advance(Duration.ofNanos(1)));
                    assertThat(scope.reason()).as("its timer has fired").isPresent();
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          assertThat(clock.pendingTimers()).isZero();
        });
  }

  // Rule 11
  @OnEveryKind
  void itIsMovedLaterByAnotherThreadBeforeTheTaskWaits(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          CancelScope scope = CancelScope.named("moved").deadline(SECOND);
          boolean ended =
              scope.run(
                  () -> {
                    meanwhile(() -> scope.deadline(HOUR));
                    clock.advance(SECOND);
                    Task.checkpoint();
                    assertThat(clock.pendingTimers()).as("the old one is gone").isEqualTo(1);
                    assertThat(scope.isCancelled()).isFalse();
                    clock.autojump(true);
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
        });
  }

  // Rule 11
  @OnEveryKind
  void itIsTakenAwayByAnotherThreadBeforeTheTaskWaits(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          boolean ended =
              CancelScope.run(
                  scope -> {
                    scope.deadline(SECOND);
                    meanwhile(() -> scope.deadline(Instant.MAX));
                    Task.checkpoint();
                    assertThat(clock.pendingTimers()).isZero();
                    assertThat(scope.deadline()).isEqualTo(Instant.MAX);
                    clock.advance(HOUR);
                    Task.checkpoint();
                  });
          assertThat(ended).isTrue();
        });
  }

  // Rule 11, A7. It counts from the entering and not from the asking, and asking changes nothing.
  @OnEveryKind
  void anotherThreadAsksForItWhileTheTaskComputes(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          var greenhouse = Task.current().greenhouse();
          Instant end = clock.instant().plus(HOUR);
          CancelScope scope = CancelScope.named("asked").deadline(HOUR);
          Runnable ask =
              () -> {
                clock.advance(Duration.ofMinutes(20));
                assertThat(scope.deadline()).isEqualTo(end);
                assertThat(scope.isCancelled()).isFalse();
                assertThat(scope).hasToString("CancelScope[asked, active, deadline in 40 min]");
                assertThat(greenhouse.statistics().nextDeadline()).contains(Duration.ofMinutes(40));
              };
          boolean ended =
              scope.run(
                  () -> {
                    meanwhile(ask);
                    assertThat(clock.pendingTimers())
                        .as("timers")
                        .isEqualTo(TIMERS_BEFORE_IT_WAITS);
                    clock.autojump(true);
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          assertThat(clock.instant()).isEqualTo(end);
          assertThat(clock.pendingTimers()).isZero();
        });
  }

  // A7, D46: the same of a scope that nobody can be handed; a task inside asks, too
  @OnEveryKind
  void theDeadlineOfMoveOnAfterCountsFromTheEnteringForWhoeverAsks(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          var greenhouse = Task.current().greenhouse();
          Instant end = clock.instant().plus(HOUR);
          boolean ended =
              CancelScope.moveOnAfter(
                  HOUR,
                  () -> {
                    clock.advance(Duration.ofMinutes(20));
                    meanwhile(
                        () ->
                            assertThat(greenhouse.statistics().nextDeadline())
                                .contains(Duration.ofMinutes(40)));
                    assertThat(clock.pendingTimers())
                        .as("timers")
                        .isEqualTo(TIMERS_BEFORE_IT_WAITS);
                    assertThat(CancelScope.effectiveDeadline()).isEqualTo(end);
                    try (var nursery = Nursery.open()) {
                      nursery.fork(
                          () -> assertThat(CancelScope.effectiveDeadline()).isEqualTo(end));
                    }
                    clock.autojump(true);
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          assertThat(clock.instant()).isEqualTo(end);
          assertThat(greenhouse.statistics().nextDeadline()).isEmpty();
        });
  }

  // Rule 11. Who moves or asks may come too late.
  @OnEveryKind
  void afterTheTaskHasLeftTheScopeMovingDoesNothing(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          CancelScope scope = CancelScope.named("left").deadline(HOUR);
          assertThat(scope.run(() -> {})).isTrue();
          meanwhile(
              () -> {
                scope.deadline(SECOND);
                assertThat(scope).hasToString("CancelScope[left, left]");
              });
          assertThat(clock.pendingTimers()).isZero();
          clock.advance(HOUR);
          meanwhile(() -> assertThat(scope.isCancelled()).isFalse());
          Task.checkpoint();
        });
  }
}
