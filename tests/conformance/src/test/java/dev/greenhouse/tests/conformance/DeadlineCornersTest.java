package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.CancelScopeTest.assertCancelled;
import static dev.greenhouse.tests.conformance.DeadlineTest.HOUR;
import static dev.greenhouse.tests.conformance.DeadlineTest.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.time.VirtualClock;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtendWith;

/// Deadlines at their edges: too far away to come, of scopes that nobody has entered, and many of
/// them. The plain cases are in [DeadlineTest] and [MovedDeadlineTest].
@ExtendWith(NothingLeft.class)
class DeadlineCornersTest {
  // ---- beyond 146 years

  private static final Duration WITHIN = Duration.ofDays(146 * 365);

  private static final List<Duration> BEYOND =
      List.of(
          Duration.ofDays(147 * 366),
          Duration.ofNanos(Long.MAX_VALUE),
          Duration.ofSeconds(Long.MAX_VALUE));

  private static Optional<Duration> nextDeadline() {
    return Task.current().greenhouse().statistics().nextDeadline();
  }

  // D30: "more than 146 years is as good as none"
  @OnEveryKind
  void aDeadlineThatIsAsGoodAsNoneSetsNoTimer(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          for (Duration ages : BEYOND) {
            CancelScope scope = CancelScope.named("ages").deadline(ages);
            boolean ended =
                scope.run(
                    () ->
                        CancelScope.moveOnAfter(
                            ages,
                            () -> {
                              Task.checkpoint(); // would set the timers
                              assertThat(clock.pendingTimers()).as("timers").isZero();
                              assertThat(scope.deadline()).isEqualTo(Instant.MAX);
                              assertThat(scope).hasToString("CancelScope[ages, active]");
                              assertThat(CancelScope.effectiveDeadline()).isEqualTo(Instant.MAX);
                              assertThat(nextDeadline()).isEmpty();
                              Task.sleep(HOUR);
                            }));
            assertThat(ended).isTrue();
            assertThat(scope.isCancelled()).isFalse();
          }
          assertThat(clock.nanoTime()).isEqualTo(HOUR.multipliedBy(BEYOND.size()).toNanos());
        });
  }

  // D30
  @OnEveryKind
  void aDeadlineThatIsMovedBeyondAllTimeDropsItsTimerAndBackSetsIt(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            CancelScope.run(
                scope -> {
                  for (Duration ages : BEYOND) {
                    scope.deadline(HOUR);
                    Task.checkpoint();
                    assertThat(clock.pendingTimers()).isEqualTo(1);
                    scope.deadline(ages);
                    Task.checkpoint();
                    assertThat(clock.pendingTimers()).isZero();
                  }
                  scope.deadline(HOUR);
                  assertCancelled(Task::sleepForever);
                  assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
                }));
  }

  // D30
  @OnEveryKind
  void aDeadlineInNearly146YearsComesAtItsTime(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          assertThat(CancelScope.moveOnAfter(WITHIN, () -> Task.sleepForever())).isFalse();
          assertThat(clock.nanoTime()).isEqualTo(WITHIN.toNanos());
        });
  }

  // D30: the same for sleeps
  @OnEveryKind
  void aSleepOfAgesSetsNoTimerAndTimeDoesNotJumpToItsEnd(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          for (Duration ages : BEYOND) {
            try (var nursery = Nursery.open()) {
              Task<?> sleeper = nursery.fork(() -> Task.sleep(ages));
              Task.sleep(HOUR); // ends when both sleep
              assertThat(clock.pendingTimers()).as("timers").isZero();
              assertThat(sleeper.outcome()).isEmpty();
              nursery.cancel();
            }
            assertThat(CancelScope.moveOnAfter(HOUR, () -> Task.sleep(ages))).isFalse();
          }
          assertThat(CancelScope.moveOnAfter(HOUR, () -> Task.sleepUntil(Instant.MAX))).isFalse();
          int hours = BEYOND.size() * 2 + 1;
          assertThat(clock.nanoTime()).isEqualTo(HOUR.multipliedBy(hours).toNanos());
        });
  }

  // D30. By the system's clock, whose nanoseconds may be anything.
  @OnEveryKind
  void onARealClockAgesAreNoTimersEither(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (Duration ages : BEYOND) {
            Duration soon = Duration.ofMillis(5);
            assertThat(CancelScope.moveOnAfter(ages, () -> Task.sleep(soon))).isTrue();
            assertThat(CancelScope.moveOnAfter(soon, () -> Task.sleep(ages))).isFalse();
          }
        });
  }

  // ---- of a scope that nobody has entered

  // D43: a plain thread knows no greenhouse whose clock it could be on
  @OnEveryKind
  void onAPlainThreadTheDeadlineOfAScopeThatIsNotEnteredIsNotJudged(Kind kind) throws Throwable {
    var clock = new VirtualClock(); // in the year 2000: all its times are long past elsewhere
    Instant end = clock.instant().plusSeconds(20);
    CancelScope scope = CancelScope.named("prepared").deadline(clock.instant().plusSeconds(10));
    assertThat(scope.isCancelled()).isFalse();
    scope.deadline(end); // looks at the one before
    assertThat(scope.isCancelled()).isFalse();
    try (var greenhouse = VirtualGreenhouse.build(kind, clock)) {
      greenhouse.run(
          () -> {
            assertThat(scope.isCancelled()).isFalse();
            clock.advance(SECOND.multipliedBy(20).minusNanos(1));
            assertThat(scope.isCancelled()).isFalse();
            clock.advance(Duration.ofNanos(1));
          });
      assertThat(scope.isCancelled()).as("nobody has looked who could know").isFalse();
      assertThat(scope.deadline()).isEqualTo(end);
      greenhouse.run(() -> assertThat(scope.isCancelled()).as("in a task").isTrue());
      assertThat(scope.isCancelled()).as("that stays true").isTrue();
      assertThat(scope.reason().orElseThrow().text()).contains("2000-01-01T00:00:20Z");
      greenhouse.run(() -> assertThat(scope.run(Task::checkpoint)).isFalse());
    }
  }

  // D43: the same with a time that is still to come on the system's clock
  @OnEveryKind
  void inATaskItIsJudgedByTheTasksClock(Kind kind) throws Throwable {
    Instant farAhead = Instant.now().plus(Duration.ofDays(36_500));
    var clock = new VirtualClock(farAhead);
    CancelScope scope = CancelScope.named("prepared").deadline(farAhead.minusSeconds(1));
    try (var greenhouse = VirtualGreenhouse.build(kind, clock)) {
      assertThat(scope.isCancelled()).isFalse();
      greenhouse.run(() -> assertThat(scope.isCancelled()).isTrue());
    }
  }

  // ---- many

  private static final int MANY = 100_000;

  /// More than a short can count.
  private static final int SCOPES = 40_000;

  /// Watches of loops and pools, also of other tests.
  private static final int WATCHES = 16;

  /// Timers of a task that has not waited: where nobody looks after it they are set at once.
  private static int timersOf(int deadlines) {
    return Kind.FLAG ? 0 : deadlines;
  }

  @OnEveryKind
  void scopesThatTheTaskNeverWaitsInSetNoTimerAndHideNoDeadlineAround(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          boolean ended =
              CancelScope.moveOnAfter(
                  SECOND,
                  () -> {
                    for (int i = 0; i < SCOPES; i++) {
                      CancelScope.moveOnAfter(HOUR, () -> {});
                    }
                    assertThat(clock.pendingTimers()).isEqualTo(timersOf(1));
                    clock.autojump(true);
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          assertThat(clock.nanoTime()).isEqualTo(SECOND.toNanos());
        });
  }

  @OnEveryKind
  void aDeadlineThatItsTaskMovesAndMovesSetsNoTimerBeforeItWaitsAndThenOne(Kind kind)
      throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          boolean ended =
              CancelScope.moveOnAfter(
                  SECOND,
                  () -> {
                    CancelScope.run(
                        inner -> {
                          for (int i = 0; i < MANY; i++) {
                            inner.deadline(HOUR.plusNanos(i));
                          }
                          assertThat(clock.pendingTimers()).isEqualTo(timersOf(2));
                          Task.checkpoint();
                          assertThat(clock.pendingTimers()).isEqualTo(2);
                          clock.autojump(true);
                          Task.sleepForever();
                        });
                  });
          assertThat(ended).isFalse();
          assertThat(clock.nanoTime()).isEqualTo(SECOND.toNanos());
        });
  }

  @OnEveryKind
  void aShieldThatIsSwitchedAndSwitchedInACancelledScopeLeavesNoTimer(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope outer = CancelScope.named("outer");
          boolean ended =
              outer.run(
                  () ->
                      CancelScope.run(
                          shield -> {
                            outer.cancel();
                            // An interrupt each time would be another test, and take longer.
                            CancelScope.withoutInterrupts(() -> switchOften(shield));
                            Eventually.run(
                                () ->
                                    assertThat(Housekeeper.get().pending())
                                        .as("timers")
                                        .isLessThanOrEqualTo(WATCHES));
                            shield.shielded(false);
                            Task.sleepForever();
                          }));
          assertThat(ended).isFalse();
          assertThat(Thread.currentThread().isInterrupted()).as("stray interrupt").isFalse();
        });
  }

  /// It is a shield at the end.
  private static void switchOften(CancelScope scope) {
    for (int i = 0; i < MANY; i++) {
      scope.shielded(i % 2 == 1);
    }
  }
}
