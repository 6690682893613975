package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.GreenhouseBuilder;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.nursery.time.Clock;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// What the housekeeper says of those who wait too long, and that it survives clocks that don't
/// work. The reports of single cancelled tasks are in `StuckReportsTest`.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HousekeepingTest {
  private static final Duration SOON = Duration.ofMillis(20);
  private static final Duration REPORT_AFTER = Duration.ofMillis(150);

  private static OpenGreenhouse build(Kind kind, GreenhouseBuilder builder) {
    switch (kind) {
      case LOOP -> builder.singleThreaded();
      case POOL -> builder.parallelism(2);
      case SEEDED -> builder.seeded(1);
    }
    return NothingLeft.watch(builder.build());
  }

  private static OpenGreenhouse reporting(Kind kind) {
    return build(kind, Greenhouse.builder().reportStuckAfter(REPORT_AFTER));
  }

  private static int count(CapturedLog log, String text) {
    return log.text().split(text, -1).length - 1;
  }

  // ---- clocks that throw

  /// Throws when it is told to.
  private abstract static class Fragile implements Clock {
    abstract boolean isBroken();

    @Override
    public long nanoTime() {
      if (isBroken()) {
        throw new IllegalStateException("the clock is broken");
      }
      return System.nanoTime();
    }

    @Override
    public Instant instant() {
      return Instant.now();
    }
  }

  /// Throws on the housekeeper's thread, until it is mended.
  private static final class BrokenForTheHousekeeper extends Fragile {
    volatile boolean mended;

    @Override
    boolean isBroken() {
      return !mended && Thread.currentThread().getName().equals("greenhouse-housekeeper");
    }
  }

  @OnEveryKind
  void theHousekeeperSurvivesAClockThatThrows(Kind kind) throws Throwable {
    var clock = new BrokenForTheHousekeeper();
    // A pool, whose timers are the housekeeper's.
    try (var log = CapturedLog.begin();
        OpenGreenhouse broken = build(Kind.POOL, Greenhouse.builder().clock(clock))) {
      Task<Boolean> late =
          broken.launch(() -> CancelScope.moveOnAfter(SOON, () -> Task.sleepForever()));
      try {
        log.await(
            "Greenhouse made a mistake in a timer, dev.greenhouse.nursery.Deadline",
            "the clock is broken");
        deadlinesStillFire(kind);
        deadlinesStillFire(Kind.POOL);
        assertThat(late.outcome()).as("its own deadline is lost").isEmpty();
      } finally {
        late.cancel("the test has seen enough");
      }
      assertThat(catchThrowable(late::join)).hasMessageContaining("seen enough");
      clock.mended = true;
      broken.run(
          () -> assertThat(CancelScope.moveOnAfter(SOON, () -> Task.sleepForever())).isFalse());
    }
  }

  private static void deadlinesStillFire(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThat(CancelScope.moveOnAfter(SOON, () -> Task.sleepForever())).isFalse();
          assertThat(CancelScope.moveOnAfter(SOON, () -> Thread.sleep(600_000))).isFalse();
          Task.sleep(SOON);
        });
  }

  /// Throws once on the housekeeper's thread, when it is told to.
  private static final class BrokenOnceForTheHousekeeper extends Fragile {
    volatile boolean broken;

    @Override
    boolean isBroken() {
      boolean now = broken && Thread.currentThread().getName().equals("greenhouse-housekeeper");
      if (now) {
        broken = false;
      }
      return now;
    }
  }

  @OnEveryKind
  @NeedsFlag
  void busyTasksAreStillLookedAfterWhenTheClockHasThrown(Kind kind) {
    var clock = new BrokenOnceForTheHousekeeper();
    try (var log = CapturedLog.begin();
        OpenGreenhouse greenhouse = build(kind, Greenhouse.builder().clock(clock))) {
      greenhouse.run(
          () -> {
            workUntilCutOff(); // somebody watches from now on
            clock.broken = true;
            CancelScope.moveOnAfter(
                Duration.ofHours(1),
                () -> {
                  Task.checkpoint();
                  while (clock.broken) {
                    Thread.onSpinWait();
                  }
                });
            workUntilCutOff();
          });
      log.await("the clock is broken");
    }
  }

  private static void workUntilCutOff() {
    assertThat(CancelScope.moveOnAfter(SOON, HousekeepingTest::workForEver)).isFalse();
  }

  private static void workForEver() {
    Task.checkpoint();
    while (true) {
      Task.throwIfCancelled();
    }
  }

  /// Throws once, at a call in a task that can be chosen.
  private static final class BrokenOnce extends Fragile {
    final AtomicInteger callsUntilThen = new AtomicInteger();

    @Override
    boolean isBroken() {
      return Thread.currentThread().isVirtual() && callsUntilThen.getAndDecrement() == 1;
    }
  }

  @OnEveryKind
  void whatAClockThrowsInATaskComesOutAndLeavesNoScope(Kind kind) {
    var clock = new BrokenOnce();
    try (OpenGreenhouse greenhouse = build(kind, Greenhouse.builder().clock(clock))) {
      greenhouse.run(
          () -> {
            int thrown = 0;
            for (int call = 1; call <= 8; call++) {
              clock.callsUntilThen.set(call);
              Throwable t =
                  catchThrowable(
                      () -> CancelScope.moveOnAfter(Duration.ofHours(1), () -> Task.checkpoint()));
              clock.callsUntilThen.set(0);
              if (t != null) {
                thrown++;
                assertThat(t).hasMessage("the clock is broken");
              }
              assertThat(CancelScope.effectiveDeadline()).as("%d", call).isEqualTo(Instant.MAX);
              assertThat(greenhouse.statistics().nextDeadline()).isEmpty();
              assertThat(CancelScope.moveOnAfter(SOON, () -> Task.sleepForever())).isFalse();
            }
            assertThat(thrown).isPositive();
          });
    }
  }

  // ---- cancelled, and still there

  private static final String STUCK = "Task 'stuck' is cancelled but still blocked";

  @OnEveryKind
  void aTaskInSeveralCancelledScopesIsReportedOnceWithTheOutermost(Kind kind) {
    var end = new CompletableFuture<Integer>();
    try (var log = CapturedLog.begin();
        OpenGreenhouse greenhouse = reporting(kind)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork(() -> cancelInEachOther(end));
              try {
                log.await(STUCK + " after 150 ms: by hand, in scope 'outermost'.");
                awaitAReportOfAnother(log); // longer than any other report of the first one takes
                assertThat(count(log, STUCK)).isEqualTo(1);
              } finally {
                end.complete(0); // before the nursery waits
              }
            }
          });
    }
  }

  /// All is cancelled, from inside outwards, before the task gets stuck.
  private static void cancelInEachOther(CompletableFuture<Integer> end) {
    CancelScope outermost = CancelScope.named("outermost");
    outermost.run(
        () ->
            Nursery.run(
                nursery ->
                    nursery.fork(
                        "stuck",
                        () ->
                            CancelScope.run(
                                inner -> {
                                  inner.cancel("inner");
                                  nursery.cancel("nursery");
                                  outermost.cancel("by hand");
                                  end.join();
                                }))));
  }

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
      try {
        log.await("Task 'another' is cancelled but still blocked");
      } finally {
        end.complete(0);
      }
    }
  }

  // ---- waits in class initialisers

  private static final AtomicReference<Suspension<Integer>> WAIT = new AtomicReference<>();

  private static void waitPinned() {
    var suspension = Suspension.<Integer>create();
    WAIT.set(suspension);
    suspension.await();
  }

  private static final class WaitsWhileItIsInitialised {
    static {
      waitPinned();
    }

    static void touch() {}
  }

  private static final class WaitsToo {
    static {
      waitPinned();
    }

    static void touch() {}
  }

  /// Runs something that waits pinned in a loop until that is reported.
  private static void pinALoop(String name, Runnable waits, CapturedLog log, Runnable meanwhile) {
    try (OpenGreenhouse loop =
        NothingLeft.watch(Greenhouse.builder().name(name).singleThreaded().build())) {
      var other = new CompletableFuture<Integer>();
      loop.launch(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("pinned in " + name, waits::run);
              nursery.fork(() -> other.complete(0));
            }
            return null;
          });
      try {
        log.await(
            "Task 'pinned in " + name + "' waits with a class initialiser or native code",
            "the only carrier of greenhouse '" + name + "', and no other task runs",
            "HousekeepingTest.waitPinned");
        assertThat(other).as("another task").isNotDone();
        meanwhile.run();
      } finally {
        Eventually.holds("it waits", () -> WAIT.get() != null);
        WAIT.getAndSet(null).resume(0);
      }
      other.join();
    }
  }

  // Only a loop has but one carrier.
  @NeedsFlag
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aWaitOfOursInAClassInitialiserIsReportedOnceOnALoop() {
    try (var log = CapturedLog.begin()) {
      pinALoop(
          "one",
          WaitsWhileItIsInitialised::touch,
          log,
          () -> {
            Suspension<Integer> first = WAIT.getAndSet(null);
            // Whoever is reported later was looked at later: the first one, too, once more.
            pinALoop("two", WaitsToo::touch, log, () -> {});
            WAIT.set(first);
          });
      assertThat(count(log, "Task 'pinned in one'")).isEqualTo(1);
      assertThat(count(log, "Task 'pinned in two'")).isEqualTo(1);
    }
  }

  // ---- waits in close()

  private static final String WAITS = "close\\(\\) of nursery 'beds' in task 'gardener' has waited";

  private static void waitInClose(String name, int tasks, CompletableFuture<Integer> end) {
    try (var nursery = Nursery.open(name)) {
      for (int i = 1; i <= tasks; i++) {
        nursery.fork("bed " + i, () -> end.join());
      }
    }
  }

  // Rule 3
  @OnEveryKind
  void aCloseThatWaitsTooLongIsReportedOnceWithTheTasksItWaitsFor(Kind kind) {
    var end = new CompletableFuture<Integer>();
    try (var log = CapturedLog.begin();
        OpenGreenhouse greenhouse = reporting(kind)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open("garden")) {
              nursery.fork("gardener", () -> waitInClose("beds", 3, end));
              try {
                log.await(
                    "close() of nursery 'beds' in task 'gardener' has waited 150 ms for 3 tasks:"
                        + " 'bed 1', 'bed 2', 'bed 3'. If its body threw");
                // Of many the first are named.
                nursery.fork("farmer", () -> waitInClose("fields", 25, end));
                log.await("'fields' in task 'farmer' has waited 150 ms for 25 tasks: 'bed 1',");
                log.await("'bed 19', 'bed 20' and 5 more.");
                assertThat(log.text()).doesNotContain("'bed 21'");
                assertThat(count(log, WAITS)).isEqualTo(1);
              } finally {
                end.complete(0); // before the nursery waits
              }
            }
            assertThat(log.text())
                .as("its owner did not wait in close()")
                .doesNotContain("garden'");
          });
    }
  }
}
