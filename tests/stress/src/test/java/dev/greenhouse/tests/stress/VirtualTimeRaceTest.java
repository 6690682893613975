package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.time.VirtualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;

/// Virtual time against what runs: it stands still while any task can run, and moves on for all who
/// sleep.
@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class VirtualTimeRaceTest {
  private static final Duration AN_HOUR = Duration.ofHours(1);
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);
  private static final Duration SECOND = Duration.ofSeconds(1);

  @Race
  void timeDoesNotJumpWhileTwoTasksWakeEachOther(Bed bed) throws Exception {
    playWhileSomebodySleeps(bed, 3, false);
  }

  @Race
  void timeDoesNotJumpWhileTwoTasksWakeByChanceToo(Bed bed) throws Exception {
    playWhileSomebodySleeps(bed, 20, true);
  }

  private static void playWhileSomebodySleeps(Bed bed, int rounds, boolean wakeByChance)
      throws Exception {
    for (int round = 0; round < Bed.rounds(rounds); round++) {
      var clock = new VirtualClock().autojump(true);
      bed.runBy(
          clock,
          () -> {
            var turns = new SuspensionRaceTest.Turns(wakeByChance);
            Nursery.run(
                nursery -> {
                  nursery.fork(() -> Task.sleep(AN_HOUR));
                  nursery.fork(() -> play(clock, turns, 0));
                  nursery.fork(() -> play(clock, turns, 1));
                });
            assertThat(clock.nanoTime()).isEqualTo(AN_HOUR.toNanos());
          });
      assertThat(clock.pendingTimers()).isZero();
    }
  }

  private static void play(VirtualClock clock, SuspensionRaceTest.Turns turns, int side) {
    turns.play(side, 5_000);
    assertThat(clock.nanoTime()).as("time while two tasks wake each other").isZero();
  }

  @Race
  void timeDoesNotJumpWhileTasksAreJoined(Bed bed) throws Exception {
    var clock = new VirtualClock().autojump(true);
    bed.runBy(
        clock,
        () ->
            Nursery.run(
                nursery -> {
                  nursery.fork(() -> Task.sleep(AN_HOUR));
                  for (int i = 0; i < Bed.rounds(5_000); i++) {
                    int n = i;
                    Task<Integer> task = nursery.fork(() -> value(n));
                    Canceller.spin(n % 64);
                    assertThat(task.join()).isEqualTo(n);
                    assertThat(clock.nanoTime()).as("time after join %d", n).isZero();
                  }
                }));
  }

  private static int value(int n) {
    if (n % 3 == 0) {
      Task.checkpoint();
    }
    return n;
  }

  @Race
  void timeDoesNotJumpWhileNurseriesClose(Bed bed) throws Exception {
    var clock = new VirtualClock().autojump(true);
    bed.runBy(
        clock,
        () ->
            Nursery.run(
                nursery -> {
                  nursery.fork(() -> Task.sleep(AN_HOUR));
                  for (int i = 0; i < Bed.rounds(3_000); i++) {
                    int n = i;
                    try (var inner = Nursery.open()) {
                      inner.fork(() -> value(n));
                      inner.fork(() -> value(n + 1));
                    }
                    assertThat(clock.nanoTime()).as("time after nursery %d", n).isZero();
                  }
                }));
  }

  @Race
  void whoSleepsWakesAtItsTime(Bed bed) throws Exception {
    var clock = new VirtualClock().autojump(true);
    bed.runBy(
        clock,
        () ->
            Nursery.run(
                nursery -> {
                  for (int t = 0; t < 4; t++) {
                    int seed = t;
                    nursery.fork(() -> sleepOften(clock, new SplittableRandom(seed)));
                  }
                }));
    assertThat(clock.pendingTimers()).isZero();
  }

  private static void sleepOften(VirtualClock clock, SplittableRandom random) {
    for (int i = 0; i < Bed.rounds(1_500); i++) {
      long time = 1L + random.nextInt(5);
      long before = clock.nanoTime();
      if (i % 2 == 0) {
        Task.sleep(Duration.ofNanos(time));
      } else {
        assertThat(CancelScope.moveOnAfter(Duration.ofNanos(time), () -> Task.sleepForever()))
            .isFalse();
      }
      assertThat(clock.nanoTime() - before).as("time slept in round %d", i).isEqualTo(time);
    }
  }

  @Race
  void whoSleepsIsWokenByWhoeverAdvances(Bed bed) throws Exception {
    var clock = new VirtualClock();
    try (var advancer = new Canceller(71)) {
      bed.runBy(
          clock,
          () -> {
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              advancer.give(() -> advanceOnceSomebodySleeps(clock));
              if (i % 2 == 0) {
                Task.sleep(SECOND);
              } else {
                assertThat(CancelScope.moveOnAfter(SECOND, () -> Task.sleepForever())).isFalse();
              }
              advancer.awaitDone();
              assertThat(clock.nanoTime()).isEqualTo(SECOND.multipliedBy(i + 1L).toNanos());
              assertThat(clock.pendingTimers()).isZero();
            }
          });
    }
  }

  private static void advanceOnceSomebodySleeps(VirtualClock clock) {
    while (clock.pendingTimers() == 0) {
      Thread.onSpinWait();
    }
    clock.advance(SECOND);
  }

  @Race
  void whoSleepsUntilSomeTimeIsWokenThen(Bed bed) throws Exception {
    var clock = new VirtualClock();
    Instant start = clock.instant();
    var woken = new AtomicInteger();
    try (var advancer = new Canceller(72)) {
      bed.runBy(
          clock,
          () -> {
            var random = new SplittableRandom(73);
            for (int i = 1; i <= Bed.rounds(1_000); i++) {
              int n = i;
              Instant end = start.plus(SECOND.multipliedBy(i));
              advancer.give(() -> advanceUntilItWakes(clock, woken, n));
              Canceller.spin(random.nextInt(300));
              Task.sleepUntil(end);
              woken.set(i);
              assertThat(clock.instant()).as("time when it woke in round %d", i).isEqualTo(end);
              advancer.awaitDone();
              assertThat(clock.pendingTimers()).isZero();
            }
          });
    }
  }

  /// Advances once; or again if that does not wake it, so that the test fails and does not hang.
  private static void advanceUntilItWakes(VirtualClock clock, AtomicInteger woken, int round) {
    while (woken.get() < round) {
      clock.advance(SECOND);
      long end = System.nanoTime() + PATIENCE;
      while (woken.get() < round && System.nanoTime() - end < 0) {
        Thread.onSpinWait();
      }
    }
  }

  @Race
  void whatMustEndAtSomeTimeIsCancelledThenAndNotBefore(Bed bed) throws Exception {
    var clock = new VirtualClock();
    Instant start = clock.instant();
    try (var advancer = new Canceller(74)) {
      bed.runBy(
          clock,
          () -> {
            var random = new SplittableRandom(75);
            for (int i = 1; i <= Bed.rounds(1_000); i++) {
              Instant end = start.plus(SECOND.multipliedBy(2L * i));
              advancer.give(
                  () -> {
                    clock.advance(SECOND);
                    clock.advance(SECOND);
                  });
              Canceller.spin(random.nextInt(300));
              assertThat(CancelScope.moveOnAt(end, () -> Task.sleepForever())).isFalse();
              assertThat(clock.instant()).as("time of the cancellation").isEqualTo(end);
              advancer.awaitDone();
              assertThat(clock.pendingTimers()).isZero();
            }
          });
    }
  }

  @Race
  void timeJumpsToADeadlineThatOthersMoveMeanwhile(Bed bed) throws Exception {
    var clock = new VirtualClock().autojump(true);
    try (var mover = new Canceller(76)) {
      bed.runBy(
          clock,
          () -> {
            for (int i = 0; i < Bed.rounds(5_000); i++) {
              var scope = CancelScope.named("moved").deadline(AN_HOUR);
              mover.give(() -> moveOnce(scope));
              assertThat(scope.run(Task::sleepForever)).isFalse();
              mover.awaitDone();
              assertThat(scope.reason().orElseThrow().source())
                  .as("what ended round %d", i)
                  .isEqualTo(CancelReason.Source.DEADLINE);
              assertThat(clock.pendingTimers()).isZero();
            }
          });
    }
  }

  /// And cancels it if nobody jumps then, so that the test fails and does not hang.
  private static void moveOnce(CancelScope scope) {
    scope.deadline(SECOND);
    long end = System.nanoTime() + PATIENCE;
    while (!scope.isCancelled() && System.nanoTime() - end < 0) {
      Thread.onSpinWait();
    }
    scope.cancel("time stood still");
  }
}
