package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.GreenhouseBuilder;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.FreshClass;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.extension.ExtendWith;

/// The warning about tasks that are cancelled and stay.
@ExtendWith(NothingLeft.class)
@SuppressWarnings({"LockNotBeforeTry", "UnnecessaryAsync"})
class StuckReportsTest {
  private static final Duration REPORT_AFTER = Duration.ofMillis(200);
  private static final Duration SOON = Duration.ofMillis(20);
  private static final String STUCK = "is cancelled but still blocked";

  /// What a test does as main task.
  private interface Body {
    void run(CapturedLog log, CompletableFuture<Integer> never) throws Throwable;
  }

  /// The future is completed when the body has ended.
  private static void run(Kind kind, Body body) throws Throwable {
    GreenhouseBuilder builder = Greenhouse.builder().reportStuckAfter(REPORT_AFTER);
    GreenhouseBuilder chosen =
        switch (kind) {
          case LOOP -> builder.singleThreaded();
          case POOL -> builder.parallelism(2);
          case SEEDED -> builder.seeded(1);
        };
    try (var log = CapturedLog.begin();
        OpenGreenhouse greenhouse = NothingLeft.watch(chosen.build())) {
      var never = new CompletableFuture<Integer>();
      greenhouse.run(
          () -> {
            try {
              body.run(log, never);
            } finally {
              never.complete(0);
            }
          });
    }
  }

  /// Gets stuck in a scope of its own until it is reported: whoever was stuck when this begins has
  /// then been looked at often enough to be reported.
  private static void awaitAReportOfAnother(CapturedLog log) {
    var end = new CompletableFuture<Integer>();
    try (var nursery = Nursery.open()) {
      nursery.fork(
          "another",
          () ->
              CancelScope.run(
                  scope -> {
                    scope.cancel("to see a report");
                    end.join();
                  }));
      awaitReport(log, "another");
      end.complete(0);
    }
  }

  private static void awaitReport(CapturedLog log, String task) {
    log.await("Task '" + task + "' " + STUCK);
  }

  private static int reportsOf(CapturedLog log, String task) {
    return log.text().split("Task '" + task + "' " + STUCK, -1).length - 1;
  }

  @OnEveryKind
  void tellsTaskScopeReasonAndStackOnce(Kind kind) throws Throwable {
    run(
        kind,
        (log, never) -> {
          try (var nursery = Nursery.open()) {
            Task<Boolean> stuck =
                nursery.fork("stuck", () -> CancelScope.moveOnAfter(SOON, () -> joins(never)));
            awaitReport(log, "stuck");
            log.await(
                "WARN dev.greenhouse - Task 'stuck' is cancelled but still blocked after 200 ms:"
                    + " deadline of 20 ms passed, in scope 'moveOnAfter'",
                "the stack of task 'stuck' now",
                "CompletableFuture.join",
                "StuckReportsTest.joins");
            awaitAReportOfAnother(log);
            assertThat(reportsOf(log, "stuck")).isEqualTo(1);
            assertThat(reportsOf(log, "another")).isEqualTo(1);
            never.complete(0);
            assertThat(stuck.join()).as("it went on").isTrue();
          }
        });
  }

  /// Initialised by another thread than the one that is stuck.
  static final class WaitsForItsReport {
    static {
      Reported.await();
    }

    private WaitsForItsReport() {}
  }

  /// What a class that is loaded anew shares with the test; public, as that one is in another
  /// package.
  public static final class Reported {
    private static final Semaphore REPORTED = new Semaphore(0);

    private Reported() {}

    public static void await() {
      REPORTED.acquireUninterruptibly();
    }
  }

  // On JDK 25 such a wait is native: no interrupt ends it.
  @OnEveryKind
  void tellsWhoWaitsForAClassThatAnotherThreadInitialises(Kind kind) throws Throwable {
    run(
        kind,
        (log, never) -> {
          var fresh = FreshClass.of(WaitsForItsReport.class);
          Thread other = Thread.ofPlatform().start(fresh::initialise);
          Eventually.waits(other);
          Thread releaser =
              Thread.ofPlatform()
                  .start(
                      () -> {
                        awaitReport(log, "main");
                        Reported.REPORTED.release();
                      });
          boolean complete =
              CancelScope.moveOnAfter(
                  SOON,
                  () -> {
                    fresh.initialise();
                    Task.throwIfCancelled();
                  });
          assertThat(complete).isFalse();
          log.await("FreshClass.initialise");
          releaser.join();
          other.join();
        });
  }

  private static void joins(CompletableFuture<Integer> future) {
    future.join();
  }

  @OnEveryKind
  void tellsTheOutermostScopeAndTheReasonGivenByHand(Kind kind) throws Throwable {
    run(
        kind,
        (log, never) -> {
          var lock = new ReentrantLock();
          var locked = new CountDownLatch(1);
          Thread.ofPlatform()
              .start(
                  () -> {
                    lock.lock();
                    locked.countDown();
                    never.join();
                    lock.unlock();
                  });
          locked.await();
          var outer = CancelScope.named("outer one");
          try (var nursery = Nursery.open()) {
            nursery.fork(
                "stuck",
                () ->
                    outer.run(
                        () ->
                            CancelScope.run(
                                inner -> {
                                  inner.cancel("inside");
                                  outer.cancel("no longer wanted");
                                  lock.lock();
                                  lock.unlock();
                                })));
            awaitReport(log, "stuck");
            log.await("no longer wanted", "in scope 'outer one'");
            never.complete(0);
          }
        });
  }

  @OnEveryKind
  void oneThatSwallowsForAWhileAndLeavesInTimeIsNotReported(Kind kind) throws Throwable {
    run(
        kind,
        (log, never) -> {
          try (var nursery = Nursery.open()) {
            Task<Boolean> slow =
                nursery.fork(
                    "slow",
                    () ->
                        CancelScope.run(
                            scope -> {
                              scope.cancel("by hand");
                              swallow(3);
                            }));
            assertThat(slow.join()).isFalse();
            awaitAReportOfAnother(log);
            assertThat(reportsOf(log, "slow")).isZero();
          }
        });
  }

  /// Leaves the scope, and then blocks in the same task for longer.
  @OnEveryKind
  void oneThatHasLeftTheScopeAndBlocksElsewhereIsNotReported(Kind kind) throws Throwable {
    run(
        kind,
        (log, never) -> {
          try (var nursery = Nursery.open()) {
            nursery.fork(
                "gone on",
                () -> {
                  CancelScope.run(
                      scope -> {
                        scope.cancel("by hand");
                        swallow(3);
                      });
                  return never.join();
                });
            awaitAReportOfAnother(log);
            assertThat(reportsOf(log, "gone on")).isZero();
            never.complete(0);
          }
        });
  }

  private static void swallow(int times) {
    for (int swallowed = 0; swallowed < times; ) {
      try {
        Thread.sleep(600_000);
      } catch (InterruptedException e) {
        swallowed++;
      }
    }
    Task.throwIfCancelled();
  }

  @OnEveryKind
  void aShieldedOneIsNotReported(Kind kind) throws Throwable {
    run(
        kind,
        (log, never) -> {
          try (var outermost = Nursery.open()) {
            outermost.fork(
                "owner",
                () ->
                    Nursery.run(
                        nursery -> {
                          nursery.fork("shielded", () -> CancelScope.shield(() -> never.join()));
                          nursery.fork("stuck", () -> never.join());
                          nursery.cancel("all of it");
                        }));
            awaitReport(log, "stuck");
            awaitAReportOfAnother(log);
            assertThat(reportsOf(log, "shielded")).isZero();
            never.complete(0);
          }
        });
  }

  @OnEveryKind
  void anOwnerThatWaitsInCloseForAStuckChildIsNotReported(Kind kind) throws Throwable {
    run(
        kind,
        (log, never) -> {
          try (var outermost = Nursery.open()) {
            outermost.fork(
                "owner",
                () -> {
                  try (var nursery = Nursery.open()) {
                    nursery.fork("stuck", () -> never.join());
                    nursery.cancel("all of it");
                  }
                });
            outermost.fork(
                "owner inside a scope",
                () ->
                    CancelScope.moveOnAfter(
                        SOON,
                        () -> {
                          try (var nursery = Nursery.open()) {
                            nursery.fork("stuck too", () -> never.join());
                          }
                        }));
            awaitReport(log, "stuck");
            awaitReport(log, "stuck too");
            awaitAReportOfAnother(log);
            assertThat(reportsOf(log, "owner")).isZero();
            assertThat(reportsOf(log, "owner inside a scope")).isZero();
            never.complete(0);
          }
        });
  }

  @OnEveryKind
  void oneThatComputesAndNeverChecksIsReportedToo(Kind kind) throws Throwable {
    run(
        kind,
        (log, never) -> {
          var computing = new CountDownLatch(1);
          // Beside the loop, which has no time for the test itself.
          Thread watcher =
              Thread.ofPlatform()
                  .start(
                      () -> {
                        try {
                          awaitReport(log, "busy");
                        } finally {
                          never.complete(0);
                        }
                      });
          try (var nursery = Nursery.open()) {
            nursery.fork(
                "busy",
                () ->
                    CancelScope.moveOnAfter(
                        SOON,
                        () -> {
                          computing.countDown();
                          while (!never.isDone()) {
                            Thread.onSpinWait();
                          }
                        }));
          }
          watcher.join();
          assertThat(reportsOf(log, "busy")).isEqualTo(1);
        });
  }
}
