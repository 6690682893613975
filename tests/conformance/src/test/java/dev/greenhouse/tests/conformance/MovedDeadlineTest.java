package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.CancelScopeTest.assertCancelled;
import static dev.greenhouse.tests.conformance.DeadlineTest.HOUR;
import static dev.greenhouse.tests.conformance.DeadlineTest.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 11 and D44: deadlines are moved at any time, by anybody; and the deadlines of nurseries.
@ExtendWith(NothingLeft.class)
class MovedDeadlineTest {
  // D44
  @OnEveryKind
  void fromInsideItIsMovedBothWays(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Instant start = clock.instant();
          boolean ended =
              CancelScope.run(
                  scope -> {
                    scope.deadline(SECOND);
                    Task.sleep(Duration.ofMillis(999));
                    scope.deadline(start.plus(HOUR)); // later
                    assertThat(scope.deadline()).isEqualTo(start.plus(HOUR));
                    Task.sleep(Duration.ofMinutes(10));
                    scope.deadline(Instant.MAX); // never
                    Task.sleep(HOUR.multipliedBy(2));
                    scope.deadline(SECOND); // earlier, and from now
                    assertThat(scope.deadline()).isEqualTo(clock.instant().plus(SECOND));
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          Duration took = Duration.ofMillis(999).plusMinutes(10).plusHours(2).plus(SECOND);
          assertThat(clock.nanoTime()).isEqualTo(took.toNanos());
        });
  }

  // D44
  @OnEveryKind
  void aDeadlineMovedIntoThePastActsAtTheNextCheckpoint(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock ->
            CancelScope.run(
                scope -> {
                  scope.deadline(HOUR);
                  Task.checkpoint();
                  scope.deadline(Duration.ofSeconds(-1));
                  assertCancelled(Task::checkpoint);
                  assertThat(scope.isCancelled()).isTrue();
                }));
  }

  // D44: "a scope that is cancelled stays so"
  @OnEveryKind
  void movingADeadlineThatHasPassedIsTooLate(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock ->
            CancelScope.run(
                scope -> {
                  scope.deadline(SECOND);
                  clock.advance(SECOND); // no checkpoint has seen that
                  scope.deadline(HOUR);
                  assertThat(scope.isCancelled()).isTrue();
                  assertCancelled(Task::checkpoint);
                }));
  }

  // Rule 11
  @OnEveryKind
  void anotherTaskMovesItEarlierWhileTheOwnerWaits(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          moveWhileItWaits(scope -> scope.deadline(SECOND), false);
          assertThat(clock.nanoTime()).isEqualTo(SECOND.toNanos());
        });
  }

  // Rule 11
  @OnEveryKind
  void anotherTaskMovesItLaterWhileTheOwnerWaits(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          moveWhileItWaits(scope -> scope.deadline(HOUR.multipliedBy(9)), false);
          assertThat(clock.nanoTime()).isEqualTo(HOUR.multipliedBy(9).toNanos());
        });
  }

  // Rule 11
  @OnEveryKind
  void aPlainThreadMovesItBothWaysWhileTheOwnerWaits(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          moveWhileItWaits(scope -> scope.deadline(SECOND), true);
          assertThat(clock.nanoTime()).isEqualTo(SECOND.toNanos());
          moveWhileItWaits(scope -> scope.deadline(HOUR.multipliedBy(9)), true);
          assertThat(clock.nanoTime()).isEqualTo(HOUR.multipliedBy(9).plus(SECOND).toNanos());
        });
  }

  /// A task waits in a scope with a deadline of an hour. Time stands still as long as the mover has
  /// not moved it, as it waits in something of the JDK.
  private static void moveWhileItWaits(Consumer<CancelScope> mover, boolean onPlainThread)
      throws InterruptedException {
    CancelScope scope = CancelScope.named("moved").deadline(HOUR);
    try (var nursery = Nursery.open()) {
      Task<Boolean> waiter = nursery.fork(() -> scope.run(Task::sleepForever));
      Eventually.waits(waiter.thread());
      if (onPlainThread) {
        Thread.ofPlatform().start(() -> mover.accept(scope)).join();
      } else {
        mover.accept(scope);
      }
      assertThat(waiter.join()).as("it ran to its end").isFalse();
    }
  }

  // Rule 11. It is seen at a checkpoint by an owner that is not waiting.
  @OnEveryKind
  void aPlainThreadMovesItToThePastWhileTheOwnerRuns(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock ->
            CancelScope.run(
                scope -> {
                  scope.deadline(HOUR);
                  Thread.ofPlatform().start(() -> scope.deadline(Instant.EPOCH));
                  while (!scope.isCancelled()) {
                    Thread.onSpinWait();
                  }
                  assertCancelled(Task::checkpoint);
                }));
  }

  // D44. A deadline that is set for a scope before somebody enters it, by another thread.
  @OnEveryKind
  void itIsSetOnAPlainThreadBeforeTheEntering(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          CancelScope scope = CancelScope.named("prepared");
          Thread.ofPlatform().start(() -> scope.deadline(HOUR)).join();
          assertThat(scope.run(() -> Task.sleep(HOUR.multipliedBy(2)))).isFalse();
          assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
        });
  }

  // ---- nurseries

  // Rule 11
  @OnEveryKind
  void theDeadlineOfANurseryCancelsItsBodyAndItsTasks(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          var task = new AtomicReference<Task<?>>();
          Nursery.run(
              NurseryOptions.named("beds").deadline(HOUR),
              nursery -> {
                assertThat(nursery.cancelScope().deadline()).isEqualTo(clock.instant().plus(HOUR));
                task.set(nursery.fork(() -> Task.sleepForever()));
                Task.sleepForever();
              });
          assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
          assertThat(task.get().outcome().orElseThrow())
              .isInstanceOfSatisfying(
                  Outcome.WasCancelled.class,
                  w -> assertThat(w.reason().source()).isEqualTo(Source.DEADLINE));
        });
  }

  // Rule 11. In close(), too, where the owner waits in no operation of its own.
  @OnEveryKind
  void theDeadlineOfANurseryEndsItsCloseAndIsNoFailure(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          try (var nursery = Nursery.open(NurseryOptions.named("beds").deadline(HOUR))) {
            nursery.fork(() -> Task.sleepForever());
          }
          assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
          Task.checkpoint();
        });
  }

  // Rule 3: as a nursery that is cancelled by hand
  @OnEveryKind
  void inTheTryFormTheBodyLeavesByCancelled(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Throwable thrown =
              catchThrowable(
                  () -> {
                    try (var nursery = Nursery.open(NurseryOptions.named("beds").deadline(HOUR))) {
                      nursery.join();
                      Task.sleepForever();
                    }
                  });
          assertThat(thrown)
              .isInstanceOfSatisfying(
                  Cancelled.class, c -> assertThat(c.source()).isEqualTo(Source.DEADLINE))
              .hasMessageContainingAll("1 h", "'beds'");
          assertThat(thrown.getSuppressed()).isEmpty();
        });
  }

  // Rule 11
  @OnEveryKind
  void theDeadlineOfANurseryCanBeMovedByItsTasks(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Nursery.run(
              NurseryOptions.named("beds").deadline(HOUR),
              nursery -> {
                nursery.fork(
                    () -> {
                      Task.sleep(SECOND);
                      nursery.cancelScope().deadline(HOUR.multipliedBy(3));
                    });
                Task.sleepForever();
              });
          assertThat(clock.nanoTime()).isEqualTo(HOUR.multipliedBy(3).plus(SECOND).toNanos());
        });
  }

  // D44
  @OnEveryKind
  void aNurseryThatClosedBeforeItsDeadlineLeavesNoTimer(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          try (var nursery = Nursery.open(NurseryOptions.named("beds").deadline(HOUR))) {
            nursery.fork(() -> Task.sleep(SECOND));
          }
          assertThat(clock.pendingTimers()).isZero();
          assertThat(clock.nanoTime()).isEqualTo(SECOND.toNanos());
        });
  }
}
