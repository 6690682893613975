package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.CancelScopeTest.assertCancelled;
import static dev.greenhouse.tests.conformance.DeadlineTest.HOUR;
import static dev.greenhouse.tests.conformance.DeadlineTest.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.ExtendWith;

/// Winding down: `cancelAfter`, `shouldWindDown` and `moveOnWindDown`.
@ExtendWith(NothingLeft.class)
class WindDownTest {
  @OnEveryKind
  void nobodyIsAskedToWindDownAtFirst(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          assertThat(CancelScope.shouldWindDown()).isFalse();
          assertThat(CancelScope.moveOnWindDown(() -> Task.sleep(SECOND))).isTrue();
          assertThat(CancelScope.moveOnWindDown(() -> 7)).contains(7);
        });
  }

  @OnEveryKind
  void tasksSeeTheRequestAndEndByThemselvesInTime(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          var rounds = new AtomicInteger();
          try (var nursery = Nursery.open()) {
            Task<String> worker =
                nursery.fork(
                    () -> {
                      while (!CancelScope.shouldWindDown()) {
                        rounds.incrementAndGet();
                        Task.sleep(SECOND);
                      }
                      Task.sleep(SECOND); // it may wait in peace
                      return "tidy";
                    });
            Task.sleep(Duration.ofMillis(4_500));
            nursery.cancelAfter(HOUR);
            assertThat(CancelScope.shouldWindDown()).isTrue();
            assertThat(nursery.cancelScope().isCancelled()).isFalse();
            assertThat(worker.join()).isEqualTo("tidy");
          }
          assertThat(rounds).hasValue(5);
          assertThat(clock.nanoTime()).isEqualTo(Duration.ofSeconds(6).toNanos());
          assertThat(CancelScope.shouldWindDown()).isFalse();
        });
  }

  @OnEveryKind
  void whatHasNotEndedWhenTheGraceIsOverIsCancelled(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Task<?> stubborn;
          try (var nursery = Nursery.open("beds")) {
            stubborn = nursery.fork(() -> Task.sleepForever());
            nursery.cancelAfter(HOUR);
            assertThat(nursery.cancelScope().deadline()).isEqualTo(clock.instant().plus(HOUR));
          }
          assertThat(clock.nanoTime()).isEqualTo(HOUR.toNanos());
          assertThat(stubborn.outcome().orElseThrow())
              .isInstanceOfSatisfying(
                  Outcome.WasCancelled.class,
                  w -> {
                    assertThat(w.reason().source()).isEqualTo(Source.SHUTDOWN);
                    assertThat(w.reason().text()).contains("wind down", "grace of 1 h");
                  });
        });
  }

  @OnEveryKind
  void noGraceCancelsAtOnce(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          for (Duration grace : new Duration[] {Duration.ZERO, Duration.ofSeconds(-5)}) {
            boolean ended =
                CancelScope.run(
                    scope -> {
                      scope.cancelAfter(grace);
                      assertThat(scope.isCancelled()).isTrue();
                      Task.sleepForever();
                    });
            assertThat(ended).isFalse();
          }
        });
  }

  @OnEveryKind
  void waitsThatHaveNoReasonToGoOnAreCutOffAtOnce(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          try (var nursery = Nursery.open()) {
            Task<String> server = nursery.fork(() -> waitForTheNextRequest());
            Eventually.waits(server.thread());
            nursery.cancelAfter(HOUR);
            assertThat(server.join()).isEqualTo("no request");
          }
          assertThat(clock.nanoTime()).as("at once, not after the grace").isZero();
        });
  }

  private static String waitForTheNextRequest() {
    boolean request = CancelScope.moveOnWindDown(() -> Task.sleepForever());
    Task.checkpoint(); // the task itself is not cancelled
    return request ? "request" : "no request";
  }

  @OnEveryKind
  void thatReachesTasksFarBelowAndIsAskedByAPlainThread(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          try (var outer = Nursery.open()) {
            Task<String> task =
                outer.fork(
                    () -> {
                      try (var inner = Nursery.open()) {
                        Task<String> server = inner.fork(() -> waitForTheNextRequest());
                        Eventually.waits(server.thread());
                        Thread.ofPlatform().start(() -> outer.cancelAfter(HOUR)).join();
                        return server.join();
                      }
                    });
            assertThat(task.join()).isEqualTo("no request");
          }
          assertThat(clock.nanoTime()).isZero();
        });
  }

  @OnEveryKind
  void whatBeginsToWaitAfterTheRequestIsCutOffAtItsFirstCheckpoint(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock ->
            CancelScope.run(
                scope -> {
                  scope.cancelAfter(HOUR);
                  assertThat(CancelScope.moveOnWindDown(() -> 1)).as("no checkpoint").contains(1);
                  assertThat(CancelScope.moveOnWindDown(() -> Task.sleepForever())).isFalse();
                  Task.checkpoint();
                }));
  }

  @OnEveryKind
  void aShieldKeepsTheRequestOut(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            CancelScope.run(
                scope -> {
                  scope.cancelAfter(HOUR);
                  CancelScope.shield(
                      () -> {
                        assertThat(CancelScope.shouldWindDown()).isFalse();
                        boolean ended = CancelScope.moveOnWindDown(() -> Task.sleep(SECOND));
                        assertThat(ended).isTrue();
                      });
                  assertThat(CancelScope.shouldWindDown()).isTrue();
                }));
  }

  // Rule 11: a shield acts at once
  @OnEveryKind
  void droppingAShieldLetsTheRequestIn(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          CancelScope shield = CancelScope.named("shield").shielded(true);
          try (var nursery = Nursery.open()) {
            Task<String> server =
                nursery.fork(
                    () -> shield.call(WindDownTest::waitForTheNextRequest).orElse("cancelled"));
            Eventually.waits(server.thread());
            nursery.cancelAfter(HOUR);
            assertThat(server.outcome()).isEmpty();
            shield.shielded(false);
            assertThat(server.join()).isEqualTo("no request");
          }
          assertThat(clock.nanoTime()).as("at once, not after the grace").isZero();
        });
  }

  @OnEveryKind
  void theEarlierEndOfSeveralRequestsCounts(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          boolean ended =
              CancelScope.run(
                  scope -> {
                    scope.cancelAfter(HOUR);
                    scope.cancelAfter(SECOND);
                    scope.cancelAfter(HOUR.multipliedBy(2));
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          assertThat(clock.nanoTime()).isEqualTo(SECOND.toNanos());
        });
  }

  @OnEveryKind
  void anEarlierDeadlineStays(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          boolean ended =
              CancelScope.run(
                  scope -> {
                    scope.deadline(SECOND).cancelAfter(HOUR);
                    assertCancelled(Task::sleepForever);
                    assertThat(scope.reason().orElseThrow().source()).isEqualTo(Source.DEADLINE);
                    Task.checkpoint();
                  });
          assertThat(ended).isFalse();
          assertThat(clock.nanoTime()).isEqualTo(SECOND.toNanos());
        });
  }

  // "or cancelled that"
  @OnEveryKind
  void whoIsCancelledShouldWindDownToo(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock ->
            CancelScope.run(
                scope -> {
                  scope.cancel();
                  assertThat(CancelScope.shouldWindDown()).isTrue();
                }));
  }
}
