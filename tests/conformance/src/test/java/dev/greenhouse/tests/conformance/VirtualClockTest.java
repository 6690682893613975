package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.DeadlineTest.HOUR;
import static dev.greenhouse.tests.conformance.DeadlineTest.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.time.VirtualClock;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance A5, with the clock that stands still and that jumps.
@ExtendWith(NothingLeft.class)
class VirtualClockTest {
  // A5
  @OnEveryKind
  void itIsTheGreenhousesClockAndStandsStill(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          assertThat(Task.current().greenhouse().clock()).isSameAs(clock);
          assertThat(clock.instant()).isEqualTo(Instant.parse("2000-01-01T00:00:00Z"));
          assertThat(clock.nanoTime()).isZero();
          Thread.sleep(2);
          Task.checkpoint();
          assertThat(clock.nanoTime()).isZero();
        });
  }

  // A5
  @OnEveryKind
  void aMoveIsVisibleAtOnce(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          Instant before = clock.instant();
          clock.advance(HOUR);
          assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
          assertThat(Task.current().greenhouse().clock().instant()).isEqualTo(before.plus(HOUR));
          clock.advance(Duration.ZERO);
          assertThat(clock.instant()).isEqualTo(before.plus(HOUR));
        });
  }

  // A5
  @OnEveryKind
  void advancingEndsTheSleepsThatAreOverAndNoOthers(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          try (var nursery = Nursery.open()) {
            Task<?> first = nursery.fork(() -> Task.sleep(SECOND));
            Task<?> second = nursery.fork(() -> Task.sleep(SECOND.plusNanos(1)));
            Eventually.holds("both sleep", () -> clock.pendingTimers() == 2);
            clock.advance(SECOND.minusNanos(1));
            assertThat(clock.pendingTimers()).isEqualTo(2);
            clock.advance(Duration.ofNanos(1));
            first.join();
            assertThat(second.outcome()).isEmpty();
            assertThat(clock.pendingTimers()).isEqualTo(1);
            clock.advance(HOUR);
            second.join();
          }
        });
  }

  // A5
  @OnEveryKind
  void aPlainThreadMayMoveIt(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          Thread.ofPlatform()
              .start(
                  () -> {
                    Eventually.holds("it sleeps", () -> clock.pendingTimers() == 1);
                    clock.advance(HOUR);
                  });
          Task.sleep(HOUR);
          assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
        });
  }

  // A5
  @OnEveryKind
  void whenAllWaitItJumpsFromTimerToTimer(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Queue<Long> hours = new ConcurrentLinkedQueue<>();
          try (var nursery = Nursery.open()) {
            for (int h : new int[] {7, 3, 5, 100_000, 1}) {
              nursery.fork(
                  () -> {
                    Task.sleep(HOUR.multipliedBy(h));
                    hours.add(Duration.ofNanos(clock.nanoTime()).toHours());
                  });
            }
          }
          assertThat(hours).containsExactly(1L, 3L, 5L, 7L, 100_000L);
        });
  }

  // A5. A thousand tasks that sleep again and again: years in moments, and none is lost.
  @OnEveryKind
  void manyTasksSleepForAges(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          try (var nursery = Nursery.open()) {
            for (int i = 1; i <= 300; i++) {
              int hours = i;
              nursery.fork(
                  () -> {
                    for (int k = 1; k <= 20; k++) {
                      Task.sleep(HOUR.multipliedBy(hours));
                      assertThat(clock.nanoTime())
                          .isEqualTo(HOUR.multipliedBy((long) hours * k).toNanos());
                    }
                  });
            }
          }
          assertThat(clock.nanoTime()).isEqualTo(HOUR.multipliedBy(300 * 20).toNanos());
        });
  }

  // A5
  @OnEveryKind
  void aTaskThatIsBlockedInTheJdkStopsTheJumping(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          var latch = new CountDownLatch(1);
          try (var nursery = Nursery.open()) {
            Task<Long> blocked =
                nursery.fork(
                    () -> {
                      latch.await();
                      return clock.nanoTime();
                    });
            Task<?> sleeper = nursery.fork(() -> Task.sleep(HOUR));
            nursery.fork(
                () -> {
                  Eventually.waits(blocked.thread());
                  Eventually.waits(sleeper.thread());
                  Eventually.holds("the sleeper sleeps", () -> clock.pendingTimers() == 1);
                  Thread.ofPlatform().start(latch::countDown);
                });
            assertThat(blocked.join()).isZero();
            assertThat(sleeper.outcome()).isEmpty();
          }
          assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
        });
  }

  // A5. It begins to jump when it is told to, with everybody asleep, and it stops.
  @OnEveryKind
  void jumpingIsSwitchedAtAnyTime(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          assertThat(clock.toString()).isEqualTo("VirtualClock[2000-01-01T00:00:00Z]");
          Thread.ofPlatform()
              .start(
                  () -> {
                    Eventually.holds("it sleeps", () -> clock.pendingTimers() == 1);
                    clock.autojump(true);
                  });
          Task.sleep(HOUR);
          assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
          assertThat(clock.toString()).isEqualTo("VirtualClock[2000-01-01T01:00:00Z, autojump]");
          clock.autojump(false);
          boolean ended =
              CancelScope.run(
                  scope -> {
                    Thread.ofPlatform()
                        .start(
                            () -> {
                              Eventually.holds("it sleeps", () -> clock.pendingTimers() == 1);
                              scope.cancel();
                            });
                    Task.sleep(HOUR);
                  });
          assertThat(ended).isFalse();
          assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
        });
  }

  // A5
  @OnEveryKind
  void severalGreenhousesShareOneClock(Kind kind) throws Throwable {
    var clock = new VirtualClock();
    Queue<String> order = new ConcurrentLinkedQueue<>();
    try (OpenGreenhouse one = VirtualGreenhouse.build(kind, clock);
        OpenGreenhouse other = VirtualGreenhouse.build(Kind.POOL, clock)) {
      Task<?> a = one.launch(wakingAt(clock, order, "a", 1, 3, 5));
      Task<?> b = other.launch(wakingAt(clock, order, "b", 2, 4, 6));
      Eventually.holds("both sleep", () -> clock.pendingTimers() == 2);
      clock.autojump(true);
      a.join();
      b.join();
      assertThat(order).containsExactly("a1", "b2", "a3", "b4", "a5", "b6");
    }
    assertThat(clock.pendingTimers()).isZero();
  }

  private static Callable<String> wakingAt(
      VirtualClock clock, Queue<String> order, String name, int... hours) {
    Instant start = clock.instant();
    return () -> {
      for (int h : hours) {
        Task.sleepUntil(start.plus(HOUR.multipliedBy(h)));
        order.add(name + Duration.between(start, clock.instant()).toHours());
      }
      return name;
    };
  }

  // A5
  @OnEveryKind
  void aTaskOfAnotherGreenhouseThatIsBlockedInTheJdkStopsTheJumping(Kind kind) throws Throwable {
    var clock = new VirtualClock().autojump(true);
    var latch = new CountDownLatch(1);
    try (OpenGreenhouse one = VirtualGreenhouse.build(kind, clock);
        OpenGreenhouse other = VirtualGreenhouse.build(Kind.POOL, clock)) {
      Task<Long> blocked =
          other.launch(
              () -> {
                latch.await();
                return clock.nanoTime();
              });
      Task<?> sleeper =
          one.launch(
              () -> {
                Task.sleep(HOUR);
                return 1;
              });
      Eventually.waits(blocked.thread());
      Eventually.waits(sleeper.thread());
      Eventually.holds("the sleeper sleeps", () -> clock.pendingTimers() == 1);
      latch.countDown();
      assertThat(blocked.join()).isZero();
      sleeper.join();
    }
    assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
    assertThat(clock.pendingTimers()).isZero();
  }

  // A5. Whatever ends a sleep or leaves a scope takes its timer with it.
  @OnEveryKind
  void nothingOfACancelledSleepOrALeftScopeStaysOnTheClock(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          try (var nursery = Nursery.open()) {
            List<Task<?>> sleepers =
                List.of(
                    nursery.fork(() -> Task.sleep(HOUR)),
                    nursery.fork(() -> CancelScope.moveOnAfter(HOUR, () -> Task.sleepForever())),
                    nursery.fork(() -> CancelScope.failAfter(HOUR, () -> Task.sleepForever())));
            Eventually.holds("all sleep", () -> clock.pendingTimers() == sleepers.size());
            nursery.cancel();
          }
          assertThat(clock.pendingTimers()).isZero();
        });
  }

  // A5 (misuse)
  @OnEveryKind
  void itIsNotMovedBack(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          assertThatThrownBy(() -> clock.advance(Duration.ofNanos(-1)))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessageContainingAll("can't be moved back", "zero or more");
          assertThatThrownBy(() -> clock.advance(Duration.ofDays(36_526)))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessageContainingAll("at once", "100 years or less");
          assertThatThrownBy(() -> clock.advance(null))
              .isInstanceOf(NullPointerException.class)
              .hasMessage("by");
          assertThat(clock.nanoTime()).isZero();
          Task.checkpoint();
        });
  }

  @OnEveryKind
  void whoSleepsBeyondTheEndOfTimeIsTold(Kind kind) throws Throwable {
    try (var log = CapturedLog.begin()) {
      VirtualGreenhouse.jumping(
          kind,
          clock -> {
            var ages = Duration.ofDays(52_900);
            Task.sleep(ages);
            Task.sleep(ages);
            boolean complete =
                CancelScope.run(
                    scope -> {
                      Thread.ofPlatform()
                          .start(
                              () -> {
                                log.await("Virtual time can't jump", "292 years", "new clock");
                                scope.cancel("told");
                              });
                      Task.sleep(ages);
                    });
            assertThat(complete).isFalse();
            assertThat(clock.nanoTime()).isEqualTo(2 * ages.toNanos());
          });
    }
  }

  @Test
  void virtualTimeEndsAndDoesNotBeginAnew() {
    var century = Duration.ofDays(36_500);
    var clock = new VirtualClock();
    clock.advance(century);
    clock.advance(century);
    assertThatThrownBy(() -> clock.advance(century))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("292 years", "new clock");
    assertThat(clock.nanoTime()).isEqualTo(2 * century.toNanos());
  }
}
