package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Leaving a scope, or a part of one without interrupts, against an interrupt that comes late.
@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class LeaveRaceTest {
  @Race
  void noInterruptIsSeenOutsideOfAScopeThatWasLeft(Bed bed) throws Exception {
    try (var canceller = new Canceller(41)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(42);
            for (int i = 0; i < Bed.rounds(2_500); i++) {
              int n = i / 4; // independent of the wait outside
              int spins = random.nextInt(300);
              CancelScope.run(
                  scope -> {
                    canceller.give(() -> scope.cancel("by hand"));
                    Canceller.spin(spins);
                    body(n);
                  });
              Outside.waits(i);
              canceller.awaitDone();
              Outside.waits(i + 1);
            }
          });
    }
  }

  private static void body(int kind) throws InterruptedException {
    switch (kind % 6) {
      case 0 -> {}
      case 1 -> Task.throwIfCancelled();
      case 2 -> Thread.sleep(0);
      case 3 -> Task.checkpoint();
      case 4 -> {
        try (var nursery = Nursery.open()) {
          nursery.fork(() -> Thread.sleep(0, 1));
        }
      }
      default -> CancelScope.shield(Thread::onSpinWait);
    }
  }

  @Race
  void noInterruptIsSeenOutsideOfAScopeWithADeadline(Bed bed) throws Exception {
    bed.run(
        () -> {
          var random = new SplittableRandom(43);
          for (int i = 0; i < Bed.rounds(2_500); i++) {
            int n = i / 4;
            int spins = random.nextInt(500);
            CancelScope.moveOnAfter(
                Duration.ofNanos(random.nextInt(20_000)),
                () -> {
                  Canceller.spin(spins);
                  Thread.sleep(0, 1 + spins);
                  body(n);
                });
            Outside.waits(i);
            Canceller.spin(random.nextInt(100));
            Outside.waits(i + 1);
          }
        });
  }

  @Race
  void noInterruptIsSeenInTheOuterOfTwoScopes(Bed bed) throws Exception {
    try (var canceller = new Canceller(44)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(45);
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              int spins = random.nextInt(300);
              boolean ran =
                  CancelScope.run(
                      outer -> {
                        CancelScope.run(
                            inner -> {
                              canceller.give(() -> inner.cancel("the inner one"));
                              Canceller.spin(spins);
                              body(n / 4);
                            });
                        Outside.waits(n);
                        canceller.awaitDone();
                        canceller.give(() -> outer.cancel("the outer one"));
                        Endless.of(n).await();
                      });
              assertThat(ran).isFalse();
              Outside.waits(i);
              canceller.awaitDone();
            }
          });
    }
  }

  @Race
  void noInterruptIsSeenWhereThereShallBeNone(Bed bed) throws Exception {
    try (var canceller = new Canceller(46)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(47);
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              int before = random.nextInt(300);
              boolean ran =
                  CancelScope.run(
                      scope -> {
                        canceller.give(() -> scope.cancel("by hand"));
                        Canceller.spin(before);
                        CancelScope.withoutInterrupts(() -> waitsOften(n));
                        Endless.of(n).await();
                      });
              assertThat(ran).isFalse();
              Outside.waits(i);
              canceller.awaitDone();
              Outside.waits(i + 1);
            }
          });
    }
  }

  private static void waitsOften(int round) {
    for (int k = 0; k < 4; k++) {
      Outside.waits(round + k);
      if (k == 2) {
        CancelScope.withoutInterrupts(() -> Outside.waits(round));
      }
    }
  }

  @Test
  void noInterruptIsSeenByAPlainThreadThatHasClosedItsNursery() throws Exception {
    try (var canceller = new Canceller(48)) {
      var done = new CompletableFuture<Void>();
      Thread thread =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    try {
                      closeOften(canceller);
                      done.complete(null);
                    } catch (Throwable t) {
                      done.completeExceptionally(t);
                    }
                  });
      done.get(Bed.rounds(60), TimeUnit.SECONDS);
      thread.join();
    }
  }

  private static void closeOften(Canceller canceller) {
    var random = new SplittableRandom(49);
    for (int i = 0; i < Bed.rounds(8_000); i++) {
      int n = i / 4;
      int spins = random.nextInt(300);
      Nursery.run(
          nursery -> {
            canceller.give(() -> nursery.cancel("by hand"));
            Canceller.spin(spins);
            if (n % 6 == 4) {
              nursery.fork(() -> body(n));
            } else {
              body(n);
            }
          });
      Outside.waits(i);
      canceller.awaitDone();
      Outside.waits(i + 1);
    }
  }
}
