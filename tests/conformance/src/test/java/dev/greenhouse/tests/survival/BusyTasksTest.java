package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ExtendWith;

/// Tasks that compute and never wait: nobody but the housekeeper has a chance to see their
/// deadlines.
@ExtendWith(NothingLeft.class)
class BusyTasksTest {
  private static final Duration SOON = Duration.ofMillis(10);
  private static final Duration LONG_COMPUTATION = Duration.ofMillis(50);
  private static final Duration LATER = Duration.ofHours(1);

  private static void checkForEver() {
    while (true) {
      Task.throwIfCancelled();
    }
  }

  private static void compute(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() - end < 0) {
      Thread.onSpinWait();
    }
  }

  @OnEveryKind
  void oneThatOnlyChecksEndsAtItsDeadline(Kind kind) throws Throwable {
    kind.run(
        () -> assertThat(CancelScope.moveOnAfter(SOON, BusyTasksTest::checkForEver)).isFalse());
  }

  @OnEveryKind
  void theDeadlineMayBeOfAScopeFarOutside(Kind kind) throws Throwable {
    kind.run(
        () ->
            assertThat(
                    CancelScope.moveOnAfter(
                        SOON,
                        () -> {
                          CancelScope.moveOnAfter(
                              LATER,
                              () -> CancelScope.moveOnAfter(LATER, BusyTasksTest::checkForEver));
                        }))
                .isFalse());
  }

  @OnEveryKind
  void theDeadlineMayBeOfItsNurserysOwner(Kind kind) throws Throwable {
    kind.run(
        () ->
            CancelScope.moveOnAfter(
                SOON,
                () -> {
                  try (var nursery = Nursery.open()) {
                    nursery.fork(BusyTasksTest::checkForEver);
                  }
                }));
  }

  @OnEveryKind
  void theDeadlineMayBeSetFromInside(Kind kind) throws Throwable {
    kind.run(
        () ->
            assertThat(
                    CancelScope.run(
                        scope -> {
                          Task.checkpoint();
                          scope.deadline(SOON);
                          checkForEver();
                        }))
                .isFalse());
  }

  @OnEveryKind
  void theDeadlineMayBeSetByAPlainThreadWhileItRuns(Kind kind) throws Throwable {
    kind.run(
        () ->
            assertThat(
                    CancelScope.run(
                        scope -> {
                          Thread.ofPlatform().start(() -> scope.deadline(SOON));
                          checkForEver();
                        }))
                .isFalse());
  }

  @OnEveryKind
  void aPlainThreadCancelsItWhileItRuns(Kind kind) throws Throwable {
    kind.run(
        () ->
            assertThat(
                    CancelScope.run(
                        scope -> {
                          Thread.ofPlatform().start(() -> scope.cancel("by hand"));
                          checkForEver();
                        }))
                .isFalse());
  }

  @OnEveryKind
  void oneThatWaitedBeforeInTheSameScopeEndsToo(Kind kind) throws Throwable {
    kind.run(
        () ->
            assertThat(
                    CancelScope.moveOnAfter(
                        SOON,
                        () -> {
                          Task.checkpoint(); // sets the timer
                          checkForEver();
                        }))
                .isFalse());
  }

  @OnEveryKind
  void oneThatCheckedNothingFor50MillisecondsSeesItsDeadline(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var seen = new AtomicBoolean();
          boolean complete =
              CancelScope.moveOnAfter(
                  SOON,
                  () -> {
                    compute(LONG_COMPUTATION);
                    seen.set(catchThrowable(Task::throwIfCancelled) instanceof Cancelled);
                    Task.throwIfCancelled();
                  });
          assertThat(seen).as("at its first check").isTrue();
          assertThat(complete).isFalse();
        });
  }

  /// Its timer is set by then, and who fires it may be late.
  @OnEveryKind
  void oneThatWaitedAndThenCheckedNothingFor50MillisecondsSeesItAtACheckpoint(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          var seen = new AtomicBoolean();
          boolean complete =
              CancelScope.moveOnAfter(
                  SOON,
                  () -> {
                    CancelScope.shield(() -> Task.checkpoint()); // sets the timer
                    compute(LONG_COMPUTATION);
                    seen.set(catchThrowable(Task::checkpoint) instanceof Cancelled);
                    Task.throwIfCancelled();
                  });
          assertThat(seen).as("at its first checkpoint").isTrue();
          assertThat(complete).isFalse();
        });
  }

  @OnEveryKind
  void oneThatChecksNothingAndEndsKeepsItsValue(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var value =
              CancelScope.moveOnAfter(
                  SOON,
                  () -> {
                    compute(LONG_COMPUTATION);
                    return 42;
                  });
          assertThat(value).contains(42);
          assertThat(Thread.currentThread().isInterrupted()).as("stray interrupt").isFalse();
          Task.checkpoint();
        });
  }

  @OnEveryKind
  void othersMeetTheirDeadlinesBesideIt(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var computing = new CountDownLatch(1);
          try (var nursery = Nursery.open()) {
            Task<Boolean> other =
                nursery.fork(
                    () -> CancelScope.moveOnAfter(SOON.multipliedBy(2), () -> Task.sleepForever()));
            nursery.fork(
                () -> {
                  computing.countDown();
                  CancelScope.moveOnAfter(LONG_COMPUTATION, BusyTasksTest::checkForEver);
                });
            assertThat(other.join()).isFalse();
          }
          assertThat(computing.getCount()).isZero();
        });
  }
}
