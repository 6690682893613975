package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.CancelScopeTest.assertCancelled;
import static dev.greenhouse.tests.conformance.DeadlineTest.HOUR;
import static dev.greenhouse.tests.conformance.DeadlineTest.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance K, timeouts. K107 is in [ClockTest] and [DeadlineTest], K108 in [DeadlineTest]; K109
/// does not apply: nobody can wake a `sleepForever` by hand.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TimeoutTest {
  // K103
  @OnEveryKind
  void sleepsLastExactlyAsLongAsAskedInVirtualTime(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Instant start = clock.instant();
          Task.sleep(HOUR);
          assertThat(clock.instant()).isEqualTo(start.plus(HOUR));
          Task.sleepUntil(start.plus(HOUR.multipliedBy(3)));
          assertThat(clock.instant()).isEqualTo(start.plus(HOUR.multipliedBy(3)));
          Task.sleep(Duration.ofNanos(1));
          assertThat(clock.instant()).isEqualTo(start.plus(HOUR.multipliedBy(3)).plusNanos(1));
          Task.sleepUntil(start); // past
          Task.sleep(Duration.ZERO);
          assertThat(clock.instant()).isEqualTo(start.plus(HOUR.multipliedBy(3)).plusNanos(1));
        });
  }

  // K103: sleep(0) lets others run
  @Test
  @NeedsFlag
  void sleepingForNoTimeIsACheckpoint() throws Throwable {
    VirtualGreenhouse.still(
        Kind.LOOP,
        clock -> {
          var ran = new AtomicBoolean();
          try (var nursery = Nursery.open()) {
            nursery.fork(() -> ran.set(true));
            Task.sleep(Duration.ZERO);
            assertThat(ran).isTrue();
          }
        });
  }

  // K104
  @OnEveryKind
  void moveOnGivesTheValueInTimeAndNothingTooLate(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Instant end = clock.instant().plus(HOUR);
          assertThat(CancelScope.moveOnAfter(HOUR, () -> afterSleep(SECOND))).contains("grown");
          assertThat(CancelScope.moveOnAfter(HOUR, () -> Task.sleep(SECOND))).isTrue();
          assertThat(CancelScope.moveOnAt(end, () -> afterSleep(SECOND))).contains("grown");
          assertThat(CancelScope.moveOnAt(end, () -> Task.sleep(SECOND))).isTrue();
          assertThat(clock.nanoTime()).isEqualTo(SECOND.multipliedBy(4).toNanos());

          assertThat(CancelScope.moveOnAt(end, () -> Task.sleep(HOUR))).isFalse();
          assertThat(clock.instant()).isEqualTo(end);
          assertThat(CancelScope.moveOnAt(end, () -> afterSleep(SECOND))).isEmpty();
          assertThat(CancelScope.moveOnAfter(SECOND, () -> afterSleep(HOUR))).isEmpty();
          assertThat(CancelScope.moveOnAfter(SECOND, () -> Task.sleepForever())).isFalse();
          assertThat(clock.instant()).isEqualTo(end.plus(SECOND.multipliedBy(2)));
          Task.checkpoint();
        });
  }

  private static String afterSleep(Duration time) {
    Task.sleep(time);
    return "grown";
  }

  // K104
  @OnEveryKind
  void moveOnWorksInAShieldInACancelledScope(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            CancelScope.run(
                outer -> {
                  outer.cancel();
                  boolean ended =
                      CancelScope.<Boolean, RuntimeException>shield(
                          () -> CancelScope.moveOnAfter(HOUR, () -> Task.sleepForever()));
                  assertThat(ended).isFalse();
                  assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
                  assertCancelled(Task::checkpoint);
                }));
  }

  // K105
  @OnEveryKind
  void failGivesTheValueInTimeAndThrowsTooLate(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Instant end = clock.instant().plus(HOUR);
          String value = CancelScope.failAfter(HOUR, () -> afterSleep(SECOND));
          assertThat(value).isEqualTo("grown");
          assertThat(CancelScope.<String, RuntimeException>failAt(end, () -> afterSleep(SECOND)))
              .isEqualTo("grown");
          CancelScope.failAfter(HOUR, () -> Task.sleep(SECOND));
          CancelScope.failAt(end, () -> Task.sleep(SECOND));
          Object nothing =
              CancelScope.<@Nullable Object, RuntimeException>failAfter(HOUR, () -> null);
          assertThat(nothing).isNull();

          assertTimeout(() -> CancelScope.failAfter(SECOND, () -> Task.sleepForever()));
          assertTimeout(() -> CancelScope.failAfter(SECOND, () -> afterSleep(HOUR)));
          assertTimeout(() -> CancelScope.failAt(end, () -> Task.sleepForever()));
          assertTimeout(() -> CancelScope.failAt(end, () -> afterSleep(HOUR)));
          Task.checkpoint();
        });
  }

  private static void assertTimeout(ThrowingCallable late) {
    TimeoutException thrown = catchThrowableOfType(TimeoutException.class, late);
    assertThat(thrown).isNotNull();
    assertThat(thrown)
        .hasMessageContaining("deadline")
        .hasMessageContaining("'fail")
        .hasMessageContaining("'main'");
    assertThat(thrown.getCause())
        .isInstanceOfSatisfying(
            Cancelled.class, c -> assertThat(c.source()).isEqualTo(Source.DEADLINE));
  }

  // K105
  @OnEveryKind
  void failThrowsInAShieldInACancelledScope(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            CancelScope.run(
                outer -> {
                  outer.cancel();
                  CancelScope.shield(
                      () ->
                          assertTimeout(
                              () -> CancelScope.failAfter(HOUR, () -> Task.sleepForever())));
                  assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
                }));
  }

  // Rule 10. The cause is what the operation threw: here from a call of the JDK.
  @OnEveryKind
  void failAfterKeepsTheInterruptThatEndedTheOperation(Kind kind) throws Throwable {
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
                    clock.advance(SECOND);
                  });
          assertThatThrownBy(
                  () ->
                      CancelScope.failAfter(
                          SECOND,
                          () -> {
                            asleep.set(true);
                            Thread.sleep(600_000);
                          }))
              .isInstanceOf(TimeoutException.class)
              .hasCauseInstanceOf(InterruptedException.class);
        });
  }

  // Rule 10
  @OnEveryKind
  void failAfterThrowsNoTimeoutIfSomethingAroundItWasCancelled(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          boolean ended =
              CancelScope.run(
                  outer -> {
                    outer.deadline(SECOND);
                    CancelScope.failAfter(HOUR, () -> Task.sleepForever());
                  });
          assertThat(ended).isFalse();
          assertThat(clock.nanoTime()).isEqualTo(SECOND.toNanos());
        });
  }

  // Rule 10. Both are over: the outer one gets it.
  @OnEveryKind
  void failAfterThrowsNoTimeoutIfSomethingAroundItIsCancelledMeanwhile(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Throwable thrown =
              catchThrowable(
                  () ->
                      CancelScope.run(
                          outer ->
                              CancelScope.failAfter(
                                  SECOND,
                                  () -> {
                                    assertCancelled(Task::sleepForever); // its deadline
                                    outer.cancel("later");
                                    Task.sleepForever();
                                  })));
          assertThat(thrown).isNull();
        });
  }

  // Rule 10
  @OnEveryKind
  void failuresOfTheOperationComeOutAsTheyAreEvenWhenItIsLate(Kind kind) throws Throwable {
    var own = new TimeoutException("own");
    var drought = new IOException("drought");
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          assertThatThrownBy(() -> CancelScope.failAfter(HOUR, () -> fail(own))).isSameAs(own);
          assertThatThrownBy(() -> CancelScope.failAfter(SECOND, () -> failLate(drought)))
              .isSameAs(drought);
          assertThatThrownBy(() -> CancelScope.moveOnAfter(SECOND, () -> failLate(drought)))
              .isSameAs(drought);
        });
  }

  private static void fail(Exception failure) throws Exception {
    throw failure;
  }

  private static void failLate(Exception failure) throws Exception {
    assertCancelled(Task::sleepForever);
    throw failure;
  }

  // Rule 10. Whoever swallows the cancellation and has a value gives it.
  @OnEveryKind
  void anOperationThatEndsInSpiteOfItsDeadlineHasItsValue(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Optional<String> moved = CancelScope.moveOnAfter(SECOND, TimeoutTest::stubborn);
          assertThat(moved).contains("stubborn");
          assertThat(CancelScope.failAfter(SECOND, TimeoutTest::stubborn)).isEqualTo("stubborn");
          Task.checkpoint();
        });
  }

  private static String stubborn() {
    assertCancelled(Task::sleepForever);
    return "stubborn";
  }

  // Rule 10. A nursery inside is cut off with all its tasks, its failures are not.
  @OnEveryKind
  void aTimeoutCutsOffTheNurseriesInside(Kind kind) throws Throwable {
    var blight = new IOException("blight");
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          assertTimeout(() -> CancelScope.failAfter(SECOND, () -> forkAndJoin(null)));
          assertThatThrownBy(() -> CancelScope.failAfter(SECOND, () -> forkAndJoin(blight)))
              .isInstanceOf(NurseryFailedException.class)
              .hasCause(blight);
        });
  }

  private static void forkAndJoin(@Nullable Exception failure) {
    Nursery.run(
        nursery -> {
          nursery.fork(() -> Task.sleepForever());
          if (failure != null) {
            nursery.fork(() -> failLate(failure));
          }
          nursery.join();
        });
  }
}
