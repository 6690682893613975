package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.CancelScopeTest.assertCancelled;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance D43 to D45, K107 and K108: the deadline of a scope. Moving it is in
/// [MovedDeadlineTest].
@ExtendWith(NothingLeft.class)
class DeadlineTest {
  static final Duration SECOND = Duration.ofSeconds(1);
  static final Duration HOUR = Duration.ofHours(1);

  // D44
  @OnEveryKind
  void aScopeHasNoDeadlineUnlessItIsGivenOne(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          assertThat(CancelScope.named("new").deadline()).isEqualTo(Instant.MAX);
          CancelScope.run(
              scope -> {
                assertThat(scope.deadline()).isEqualTo(Instant.MAX);
                Task.sleep(Duration.ofDays(10_000));
                assertThat(scope.isCancelled()).isFalse();
              });
        });
  }

  // D44
  @OnEveryKind
  void aDeadlineCancels(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          var seen = new AtomicReference<CancelScope>();
          boolean ended =
              CancelScope.run(
                  scope -> {
                    seen.set(scope.deadline(HOUR));
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
          assertThat(seen.get().isCancelled()).isTrue();
          assertThat(seen.get().caughtCancellation()).isTrue();
          assertThat(seen.get().reason().orElseThrow().source()).isEqualTo(Source.DEADLINE);
        });
  }

  // D44
  @OnEveryKind
  void aScopeThatWasLeftBeforeItsDeadlineIsNotCancelledByIt(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          var left = new AtomicReference<CancelScope>();
          boolean ended =
              CancelScope.run(
                  scope -> {
                    left.set(scope.deadline(HOUR));
                    Task.sleep(SECOND); // the timer is set
                  });
          assertThat(ended).isTrue();
          assertThat(clock.pendingTimers()).as("no timer is left behind").isZero();
          Task.sleep(HOUR);
          assertThat(left.get().isCancelled()).isFalse();
        });
  }

  // D45
  @OnEveryKind
  void aCheckpointNoticesADeadlineThoughTheTaskHasNeverWaited(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock ->
            CancelScope.run(
                scope -> {
                  scope.deadline(SECOND);
                  Task.checkpoint();
                  clock.advance(SECOND.minusNanos(1));
                  Task.checkpoint();
                  clock.advance(Duration.ofNanos(1));
                  assertCancelled(Task::checkpoint);
                }));
  }

  // D44. Blocking calls of the JDK, which time does not jump over.
  @OnEveryKind
  void aDeadlineEndsBlockingCallsOfTheJdk(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          Thread me = Thread.currentThread();
          var asleep = new AtomicBoolean();
          Thread.ofPlatform()
              .start(
                  () -> {
                    Eventually.holds("it begins to sleep", asleep::get);
                    Eventually.waits(me);
                    clock.advance(HOUR);
                  });
          boolean ended =
              CancelScope.moveOnAfter(
                  HOUR,
                  () -> {
                    asleep.set(true);
                    Thread.sleep(600_000);
                  });
          assertThat(ended).isFalse();
          assertThat(me.isInterrupted()).isFalse();
        });
  }

  // D43
  @OnEveryKind
  void aPassedDeadlineOfAScopeThatIsNotEnteredReadsAsCancelledAndThatStays(Kind kind)
      throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          CancelScope scope = CancelScope.named("late").deadline(clock.instant().plusSeconds(1));
          assertThat(scope.isCancelled()).isFalse();
          clock.advance(SECOND);
          assertThat(scope.isCancelled()).isTrue();
          scope.deadline(Instant.MAX);
          assertThat(scope.isCancelled()).isTrue();
          assertThat(scope.run(Task::checkpoint)).isFalse();

          CancelScope unasked = CancelScope.named("unasked").deadline(clock.instant());
          unasked.deadline(clock.instant().plusSeconds(60)); // too late, though nobody asked
          assertThat(unasked.isCancelled()).isTrue();
        });
  }

  // K107, D30: a negative sleep is an error, see ClockTest
  @OnEveryKind
  void aDeadlineThatIsNotPositiveIsOverAtOnce(Kind kind) throws Throwable {
    Duration longAgo = Duration.ofDays(-1_000_000);
    VirtualGreenhouse.still(
        kind,
        clock -> {
          for (Duration time : new Duration[] {Duration.ZERO, Duration.ofNanos(-1), longAgo}) {
            var reached = new AtomicBoolean();
            boolean ended =
                CancelScope.moveOnAfter(
                    time,
                    () -> {
                      reached.set(true); // it runs to its first checkpoint
                      Task.checkpoint();
                    });
            assertThat(ended).as("%s", time).isFalse();
            assertThat(reached).isTrue();
            assertThat(CancelScope.named("x").deadline(time).run(Task::sleepForever)).isFalse();
          }
          assertThat(CancelScope.moveOnAt(Instant.MIN, () -> Task.checkpoint())).isFalse();
          assertThat(CancelScope.moveOnAfter(longAgo, () -> 1)).as("no checkpoint").contains(1);
        });
  }

  // D30
  @OnEveryKind
  void theMostNegativeDeadlineIsOverAtOnce(Kind kind) throws Throwable {
    Duration most = Duration.ofSeconds(Long.MIN_VALUE);
    VirtualGreenhouse.still(
        kind,
        clock -> assertThat(CancelScope.moveOnAfter(most, () -> Task.sleepForever())).isFalse());
  }

  // D30: deadlines beyond what a long can hold
  @OnEveryKind
  void aDeadlineBeyondAllTimeNeverComes(Kind kind) throws Throwable {
    Duration ages = Duration.ofSeconds(Long.MAX_VALUE);
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          assertThat(CancelScope.moveOnAfter(ages, () -> Task.sleep(HOUR))).isTrue();
          assertThat(CancelScope.moveOnAt(Instant.MAX, () -> Task.sleep(HOUR))).isTrue();
          CancelScope.run(
              scope -> {
                scope.deadline(ages).deadline(Instant.MAX.minusSeconds(1));
                Task.sleep(HOUR);
                assertThat(scope.isCancelled()).isFalse();
              });
          assertThat(CancelScope.named("x").deadline(ages).run(() -> Task.sleep(HOUR))).isTrue();
          assertThat(clock.nanoTime()).isEqualTo(HOUR.multipliedBy(4).toNanos());
        });
  }

  // K108
  @OnEveryKind
  void aRelativeDeadlineCountsFromTheEntering(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          CancelScope scope = CancelScope.named("patient").deadline(HOUR);
          Task.sleep(HOUR.multipliedBy(5));
          assertThat(scope.isCancelled()).isFalse();
          assertThatThrownBy(scope::deadline)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContainingAll("'patient'", "1 h", "not yet", "Enter it first");
          Instant entered = clock.instant();
          boolean ended =
              scope.run(
                  () -> {
                    assertThat(scope.deadline()).isEqualTo(entered.plus(HOUR));
                    Task.sleep(Duration.ofMinutes(20));
                    assertThat(scope.deadline()).isEqualTo(entered.plus(HOUR));
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          assertThat(clock.instant()).isEqualTo(entered.plus(HOUR));
        });
  }
}
