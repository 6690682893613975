package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.time.VirtualClock;
import dev.greenhouse.tests.ChildJvm;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Scopes in each other, and one after the other.
@ExtendWith(NothingLeft.class)
class ManyScopesTest {
  private static final Duration LATER = Duration.ofHours(1);
  private static final Duration SOON = Duration.ofMillis(50);

  // ---- in each other

  /// A virtual thread's stack lies on its carrier's while it runs: that of a pool's carrier is as
  /// large as the JVM makes it, that of a loop's larger.
  private static int levels(Kind kind) {
    int onAPool = Kind.FLAG ? 500 : 250; // the JDK's own carriers have less
    return kind == Kind.POOL ? onAPool : 5_000;
  }

  /// The JDK can't unmount a thread with a stack that is large for the heap's regions, or for the
  /// stack of its carrier as long as its code is interpreted.
  private static final int LEVELS_TO_WAIT_IN = 150;

  private interface Innermost {
    void run() throws Exception;
  }

  private static void nest(int levels, Innermost innermost) throws Exception {
    if (levels == 0) {
      innermost.run();
    } else {
      CancelScope.run(scope -> nest(levels - 1, innermost));
    }
  }

  private static void nestWithDeadlines(int levels, Innermost innermost) throws Exception {
    if (levels == 0) {
      innermost.run();
    } else {
      CancelScope.failAfter(LATER, () -> nestWithDeadlines(levels - 1, innermost));
    }
  }

  private static void checkForEver() {
    while (true) {
      Task.throwIfCancelled();
    }
  }

  @OnEveryKind
  void aTaskOpensThousandsInEachOther(Kind kind) throws Throwable {
    var reached = new AtomicInteger();
    kind.run(
        () ->
            nest(
                levels(kind),
                () -> {
                  Task.throwIfCancelled();
                  reached.incrementAndGet();
                }));
    assertThat(reached).hasValue(1);
  }

  /// What a pool's user needs who wants that many: its carriers are made with the JVM's stack size.
  static final class ThousandsOnAPool {
    private ThousandsOnAPool() {}

    public static void main(String[] args) throws Exception {
      try (var greenhouse = Greenhouse.builder().build()) {
        greenhouse.run(() -> nest(5_000, () -> System.out.println("at the bottom")));
      }
    }
  }

  @Test
  void aPoolTakesThousandsInAJvmWithALargerStack() throws Exception {
    var result = ChildJvm.run(List.of("-Xss8m"), ThousandsOnAPool.class);
    assertThat(result.output()).contains("at the bottom");
    assertThat(result.exitCode()).isZero();
  }

  @OnEveryKind
  void cancellingTheOutermostOfThousandsEndsAllByOneException(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var unwound = new AtomicInteger();
          var outermost = CancelScope.named("outermost");
          boolean complete =
              outermost.run(
                  () -> {
                    nest(
                        levels(kind) - 1,
                        () -> {
                          Thread.ofPlatform().start(() -> outermost.cancel("enough"));
                          checkForEver();
                        });
                    unwound.incrementAndGet();
                  });
          assertThat(complete).isFalse();
          assertThat(outermost.caughtCancellation()).isTrue();
          assertThat(unwound).as("absorbed by an inner one").hasValue(0);
          assertIsSoundAgain();
        });
  }

  @OnEveryKind
  void theDeadlineOfTheOutermostOfThousandsEndsAll(Kind kind) throws Throwable {
    kind.run(
        () -> {
          boolean complete =
              CancelScope.moveOnAfter(
                  SOON, () -> nestWithDeadlines(levels(kind) - 1, ManyScopesTest::checkForEver));
          assertThat(complete).isFalse();
          assertIsSoundAgain();
        });
    noTimerIsLeft();
  }

  @OnEveryKind
  void theDeadlineOfTheOutermostEndsAWaitOfTheJdkInside(Kind kind) throws Throwable {
    kind.run(
        () -> {
          boolean complete =
              CancelScope.moveOnAfter(
                  SOON, () -> nestWithDeadlines(LEVELS_TO_WAIT_IN, () -> Thread.sleep(600_000)));
          assertThat(complete).isFalse();
          assertIsSoundAgain();
        });
    noTimerIsLeft();
  }

  @OnEveryKind
  void thoseThatTheTaskWaitedInLeaveNoTimer(Kind kind) throws Throwable {
    kind.run(
        () -> {
          nestWithDeadlines(LEVELS_TO_WAIT_IN, () -> Task.sleep(Duration.ofMillis(1)));
          assertThat(Task.current().greenhouse().statistics().nextDeadline()).isEmpty();
        });
    noTimerIsLeft();
  }

  private static void assertIsSoundAgain() {
    assertThat(Thread.currentThread().isInterrupted()).as("stray interrupt").isFalse();
    Task.checkpoint();
  }

  // ---- one after the other

  private static final int TASKS = 4;
  private static final int OF_EACH = 250_000;
  private static final int WAITS_EVERY = 100;
  private static final int SLEEPS_EVERY = 10_000;

  /// What a few timers and the state of the greenhouse may take; a million deadlines take more.
  private static final long NOISE_BYTES = 16 << 20;

  private static final int WATCHES = 16; // of loops and pools, also of other tests

  private static void openAndLeaveAMillion() {
    try (var nursery = Nursery.open()) {
      for (int t = 0; t < TASKS; t++) {
        nursery.fork(ManyScopesTest::openAndLeaveMany);
      }
    }
  }

  private static void openAndLeaveMany() {
    for (int i = 1; i <= OF_EACH; i++) {
      int n = i;
      CancelScope.moveOnAfter(
          LATER,
          () -> {
            if (n % WAITS_EVERY == 0) {
              Task.checkpoint();
            }
            if (n % SLEEPS_EVERY == 0) {
              Task.sleep(Duration.ofNanos(1));
            }
          });
    }
  }

  private static void noTimerIsLeft() {
    Eventually.run(
        () -> assertThat(Housekeeper.get().pending()).as("timers").isLessThanOrEqualTo(WATCHES));
  }

  private static long liveBytes() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  @OnEveryKind
  void aMillionWithDeadlinesLeaveNoTimerAndNoMemory(Kind kind) throws Throwable {
    kind.run(
        () -> {
          openAndLeaveMany(); // all classes and caches are there afterwards
          long before = liveBytes();
          openAndLeaveAMillion();
          noTimerIsLeft();
          assertThat(Task.current().greenhouse().statistics().nextDeadline()).isEmpty();
          Eventually.run(
              () -> assertThat(liveBytes() - before).as("bytes").isLessThan(NOISE_BYTES));
        });
  }

  @OnEveryKind
  void aMillionWithDeadlinesLeaveNoTimerOfAVirtualClock(Kind kind) throws Throwable {
    var clock = new VirtualClock().autojump(true);
    var builder = Greenhouse.builder().clock(clock);
    var chosen =
        switch (kind) {
          case LOOP -> builder.singleThreaded();
          case POOL -> builder.parallelism(2);
          case SEEDED -> builder.seeded(1);
        };
    try (var greenhouse = NothingLeft.watch(chosen.build())) {
      greenhouse.run(
          () -> {
            openAndLeaveAMillion();
            assertThat(clock.pendingTimers()).isZero();
          });
    }
  }

  @OnEveryKind
  void aDeadlineThatIsMovedAHundredThousandTimesLeavesOneTimer(Kind kind) throws Throwable {
    var clock = new VirtualClock();
    var builder = Greenhouse.builder().clock(clock);
    var chosen =
        switch (kind) {
          case LOOP -> builder.singleThreaded();
          case POOL -> builder.parallelism(2);
          case SEEDED -> builder.seeded(1);
        };
    try (var greenhouse = NothingLeft.watch(chosen.build())) {
      greenhouse.run(
          () -> {
            CancelScope.run(
                scope -> {
                  Thread mover = Thread.ofPlatform().start(() -> moveOften(scope));
                  moveOften(scope);
                  mover.join();
                  Task.checkpoint();
                  assertThat(clock.pendingTimers()).isLessThanOrEqualTo(1);
                });
            assertThat(clock.pendingTimers()).isZero();
          });
    }
  }

  private static void moveOften(CancelScope scope) {
    for (int i = 1; i <= 50_000; i++) {
      scope.deadline(LATER.plusMillis(i));
    }
  }
}
