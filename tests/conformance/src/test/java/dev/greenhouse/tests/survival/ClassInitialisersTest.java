package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.FreshClass;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.extension.ExtendWith;

/// A thread that waits inside a class initialiser can't be unmounted: its carrier waits, and on a
/// loop nobody else runs. No step ends, so only whoever cancels and the housekeeper reach it.
@ExtendWith(NothingLeft.class)
class ClassInitialisersTest {
  private static final Duration SOON = Duration.ofMillis(20);

  /// Initialised by each test anew, as each has a loader of its own.
  static final class WaitsForTheJdk {
    static final Object TAKEN;

    static {
      try {
        TAKEN = new LinkedBlockingQueue<>().take();
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted", e);
      }
    }

    private WaitsForTheJdk() {}
  }

  static final class SwallowsAndWaitsAgain {
    static final int SWALLOWED;

    static {
      int swallowed = 0;
      while (swallowed < 20) {
        try {
          Thread.sleep(600_000);
        } catch (InterruptedException e) {
          swallowed++;
        }
      }
      SWALLOWED = swallowed;
      Task.throwIfCancelled();
    }

    private SwallowsAndWaitsAgain() {}
  }

  static final class WaitsForOurs {
    static {
      Task.sleepForever();
    }

    private WaitsForOurs() {}
  }

  private static void byHand(Kind kind, Class<?> waits) throws Throwable {
    kind.run(
        () -> {
          var scope = CancelScope.named("initialising");
          var begins = new CountDownLatch(1);
          Thread thread = Thread.currentThread();
          Thread.ofPlatform()
              .start(
                  () -> {
                    Eventually.holds("it begins", () -> begins.getCount() == 0);
                    Eventually.waits(thread);
                    scope.cancel("by hand");
                  });
          boolean complete =
              scope.run(
                  () -> {
                    begins.countDown();
                    FreshClass.initialise(waits);
                  });
          assertThat(complete).isFalse();
          assertThat(scope.caughtCancellation()).isTrue();
          assertIsSoundAgain();
        });
  }

  private static void byDeadline(Kind kind, Class<?> waits) throws Throwable {
    kind.run(
        () -> {
          assertThat(CancelScope.moveOnAfter(SOON, () -> FreshClass.initialise(waits))).isFalse();
          assertIsSoundAgain();
        });
  }

  private static void assertIsSoundAgain() throws InterruptedException {
    assertThat(Thread.currentThread().isInterrupted()).as("stray interrupt").isFalse();
    Thread.sleep(0); // would throw
    Task.checkpoint();
  }

  @OnEveryKind
  void aWaitOfTheJdkIsEndedByHand(Kind kind) throws Throwable {
    byHand(kind, WaitsForTheJdk.class);
  }

  @OnEveryKind
  void aWaitOfTheJdkIsEndedByADeadline(Kind kind) throws Throwable {
    byDeadline(kind, WaitsForTheJdk.class);
  }

  @OnEveryKind
  void oneThatSwallowsAndWaitsAgainIsEndedByHand(Kind kind) throws Throwable {
    byHand(kind, SwallowsAndWaitsAgain.class);
  }

  @OnEveryKind
  void oneThatSwallowsAndWaitsAgainIsEndedByADeadline(Kind kind) throws Throwable {
    byDeadline(kind, SwallowsAndWaitsAgain.class);
  }

  @OnEveryKind
  void aWaitOfOursIsEndedByHand(Kind kind) throws Throwable {
    byHand(kind, WaitsForOurs.class);
  }

  @OnEveryKind
  void aWaitOfOursIsEndedByADeadline(Kind kind) throws Throwable {
    byDeadline(kind, WaitsForOurs.class);
  }
}
