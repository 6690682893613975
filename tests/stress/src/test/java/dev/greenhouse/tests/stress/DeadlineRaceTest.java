package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.nursery.time.VirtualClock;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;

/// Moving a deadline from other threads, against leaving the scope, setting its timer and firing
/// it.
@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class DeadlineRaceTest {
  private static final Duration AN_HOUR = Duration.ofHours(1);
  private static final Duration SHORT = Duration.ofMillis(5);
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  @Race
  void noTimerIsLeftInVirtualTime(Bed bed) throws Exception {
    var clock = new VirtualClock();
    try (var one = new Canceller(91);
        var two = new Canceller(92)) {
      bed.runBy(
          clock,
          () -> {
            var random = new SplittableRandom(93);
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              int spins = random.nextInt(400);
              CancelScope.run(
                  scope -> {
                    one.give(() -> move(scope, n));
                    two.give(() -> moveOrAdvance(scope, clock, n));
                    if (n % 2 == 0) {
                      scope.deadline(AN_HOUR); // its timer is set when the task first waits
                    }
                    Canceller.spin(spins);
                    if (n % 3 == 0) {
                      Task.checkpoint();
                    } else if (n % 3 == 1) {
                      Thread.sleep(0, 1);
                    }
                  });
              Outside.waits(i);
              one.awaitDone();
              two.awaitDone();
              Outside.waits(i + 1);
              assertThat(clock.pendingTimers()).as("timers after round %d", i).isZero();
            }
          });
    }
  }

  private static void move(CancelScope scope, int round) {
    for (int k = 0; k <= round % 4; k++) {
      scope.deadline(k % 2 == 0 ? AN_HOUR : AN_HOUR.plusMinutes(k));
    }
  }

  private static void moveOrAdvance(CancelScope scope, VirtualClock clock, int round) {
    switch (round % 4) {
      case 0 -> scope.deadline(SHORT);
      case 1 -> clock.advance(Duration.ofMinutes(20));
      case 2 -> scope.cancelAfter(AN_HOUR);
      default -> {
        scope.deadline(SHORT);
        clock.advance(SHORT);
      }
    }
  }

  @Race
  void noTimerIsLeftWithTheHousekeeper(Bed bed) throws Exception {
    int before = Housekeeper.get().pending();
    try (var one = new Canceller(94);
        var two = new Canceller(95)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(96);
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              int spins = random.nextInt(400);
              CancelScope.run(
                  scope -> {
                    one.give(() -> move(scope, n));
                    two.give(() -> scope.deadline(Duration.ofNanos(n % 5 * 2_000L)));
                    if (n % 2 == 0) {
                      scope.deadline(AN_HOUR);
                    }
                    Canceller.spin(spins);
                    Thread.sleep(0, 1);
                  });
              Outside.waits(i);
              one.awaitDone();
              two.awaitDone();
              Outside.waits(i + 1);
            }
          });
    }
    // What is not a deadline ends by itself: sweeps of cancelled scopes, looks at the carriers.
    long end = System.nanoTime() + PATIENCE;
    while (Housekeeper.get().pending() > before && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    assertThat(Housekeeper.get().pending()).as("timers").isLessThanOrEqualTo(before);
  }

  @Race
  void aDeadlineThatWasMovedAwayInTimeDoesNotCancel(Bed bed) throws Exception {
    try (var mover = new Canceller(97)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(98);
            int inTime = 0;
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              long nanos = 500L + random.nextInt(60_000);
              var moved = new AtomicBoolean();
              boolean ran =
                  CancelScope.run(
                      scope -> {
                        var suspension = Suspension.<Integer>create();
                        mover.give(
                            () -> {
                              long start = System.nanoTime();
                              scope.deadline(Duration.ofNanos(nanos));
                              Canceller.spin(n % 300);
                              scope.deadline(AN_HOUR);
                              moved.set(System.nanoTime() - start < nanos);
                              suspension.resume(n);
                            });
                        suspension.await();
                        Thread.sleep(0, 50_000); // beyond the old deadline, which may still fire
                      });
              mover.awaitDone();
              Outside.waits(i);
              assertThat(ran || !moved.get()).as("round %d", i).isTrue();
              inTime += moved.get() ? 1 : 0;
            }
            assertThat(inTime).isPositive();
          });
    }
  }

  @Race
  void aDeadlineThatWasMovedAwayInTimeDoesNotCancelWhoeverLooks(Bed bed) throws Exception {
    var clock = new VirtualClock();
    try (var mover = new Canceller(99);
        var looker = new Canceller(100)) {
      bed.runBy(
          clock,
          () -> {
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              boolean ran =
                  CancelScope.run(
                      scope -> {
                        scope.deadline(SHORT);
                        var done = new AtomicBoolean();
                        var suspension = Suspension.<Integer>create();
                        looker.give(
                            () -> {
                              while (!done.get()) {
                                scope.isCancelled();
                              }
                            });
                        mover.give(
                            () -> {
                              scope.deadline(AN_HOUR);
                              clock.advance(SHORT);
                              done.set(true);
                              suspension.resume(0);
                            });
                        suspension.await();
                        looker.awaitDone();
                        Task.checkpoint();
                        assertThat(scope.isCancelled()).isFalse();
                      });
              assertThat(ran).as("round %d", i).isTrue();
              mover.awaitDone();
              Outside.waits(i);
              assertThat(clock.pendingTimers()).isZero();
            }
          });
    }
  }

  @Race
  void theLastDeadlineAlwaysCancelsWhoeverWaits(Bed bed) throws Exception {
    try (var mover = new Canceller(101)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(102);
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              Duration last = Duration.ofNanos(random.nextInt(30_000));
              boolean ran =
                  CancelScope.run(
                      scope -> {
                        if (n % 2 == 0) {
                          scope.deadline(AN_HOUR);
                        }
                        mover.give(
                            () -> {
                              move(scope, n / 4);
                              scope.deadline(last);
                            });
                        Canceller.spin(n % 300);
                        Endless.of(n).await();
                      });
              assertThat(ran).isFalse();
              Outside.waits(i);
              mover.awaitDone();
              Outside.waits(i + 1);
            }
          });
    }
  }

  /// The owner leaves at once or waits for a moment; in every other pair of rounds it waits for
  /// ever, and what is done meanwhile ends that.
  @Race
  void aDeadlineThatOthersTouchBeforeTheTaskWaitsIsNeverEarlyAndNeverMissed(Bed bed)
      throws Exception {
    var clock = new VirtualClock();
    try (var other = new Canceller(103)) {
      bed.runBy(
          clock,
          () -> {
            var random = new SplittableRandom(104);
            Greenhouse greenhouse = Task.current().greenhouse();
            var wrong = new AtomicReference<Throwable>();
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              int spins = random.nextInt(400);
              boolean ends = n % 4 >= 2;
              CancelScope named = CancelScope.named("named").deadline(AN_HOUR);
              var handed = new AtomicReference<CancelScope>(named);
              Optional<Integer> result =
                  switch (random.nextInt(3)) {
                    case 0 ->
                        named.call(
                            () -> {
                              other.give(
                                  () -> wrong.set(catchThrowable(() -> touch(named, clock, n))));
                              return leaveOrWait(n, spins, ends);
                            });
                    case 1 ->
                        CancelScope.call(
                            scope -> {
                              handed.set(scope.deadline(AN_HOUR));
                              other.give(
                                  () -> wrong.set(catchThrowable(() -> touch(scope, clock, n))));
                              return leaveOrWait(n, spins, ends);
                            });
                    default -> // nobody is handed this one
                        CancelScope.moveOnAfter(
                            AN_HOUR,
                            () -> {
                              handed.set(null);
                              other.give(
                                  () ->
                                      wrong.set(
                                          catchThrowable(
                                              () -> askOrPass(greenhouse, clock, ends))));
                              return leaveOrWait(n, spins, ends);
                            });
                  };
              other.awaitDone();
              Outside.waits(i);
              assertThat(wrong.get()).as("seen in round %d", i).isNull();
              assertThat(result.isEmpty()).as("cut off in round %d", i).isEqualTo(ends);
              CancelScope scope = handed.get();
              assertThat(scope == null ? ends : scope.isCancelled())
                  .as("cancelled in round %d", i)
                  .isEqualTo(ends);
              assertThat(clock.pendingTimers()).as("timers after round %d", i).isZero();
            }
          });
    }
  }

  private static int leaveOrWait(int round, int spins, boolean forEver)
      throws InterruptedException {
    Canceller.spin(spins);
    if (forEver) {
      Endless.of(round / 4).await();
    } else if (round % 3 == 1) {
      Task.checkpoint();
    } else if (round % 3 == 2) {
      Thread.sleep(0, 1);
    }
    return round;
  }

  private static void touch(CancelScope scope, VirtualClock clock, int round) {
    switch (round % 4) {
      case 0 -> {
        assertThat(scope.deadline()).isEqualTo(clock.instant().plus(AN_HOUR));
        assertThat(scope.isCancelled()).isFalse();
        assertThat(scope.toString()).startsWith("CancelScope[").doesNotContain("cancelled");
      }
      case 1 -> scope.deadline(AN_HOUR.plus(SHORT));
      case 2 -> {
        scope.deadline(SHORT);
        clock.advance(SHORT);
      }
      default -> scope.deadline(Duration.ZERO);
    }
  }

  private static void askOrPass(Greenhouse greenhouse, VirtualClock clock, boolean pass) {
    assertThat(greenhouse.statistics().nextDeadline().orElse(AN_HOUR)).isEqualTo(AN_HOUR);
    if (pass) {
      clock.advance(AN_HOUR);
    }
  }
}
