package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import java.util.SplittableRandom;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;

/// A shield that another thread switches on and off, against the cancellation of what is around it.
@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class ShieldRaceTest {
  @Race
  void whoIsNotCoveredInTheEndLeaves(Bed bed) throws Exception {
    try (var toggler = new Canceller(51);
        var canceller = new Canceller(52)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(2_000); i++) {
              Endless wait = Endless.of(i);
              int times = 1 + i % 4;
              boolean ran =
                  CancelScope.run(
                      outer ->
                          CancelScope.run(
                              inner -> {
                                toggler.give(() -> toggle(inner, times));
                                canceller.give(() -> outer.cancel("by hand"));
                                wait.await();
                              }));
              assertThat(ran).isFalse();
              Outside.waits(i);
              toggler.awaitDone();
              canceller.awaitDone();
              Outside.waits(i + 1);
            }
          });
    }
  }

  /// Switches it on and off, so often.
  private static void toggle(CancelScope scope, int times) {
    for (int i = 0; i < times; i++) {
      scope.shielded(true);
      Canceller.spin(20 * i);
      scope.shielded(false);
    }
  }

  @Race
  void whatIsCoveredBeforeTheCancellationGoesOnUndisturbed(Bed bed) throws Exception {
    try (var canceller = new Canceller(53);
        var releaser = new Canceller(54)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(2_000); i++) {
              int n = i;
              boolean ran =
                  CancelScope.run(
                      outer -> {
                        CancelScope.run(
                            inner -> {
                              var shielded = new AtomicBoolean();
                              canceller.give(
                                  () -> {
                                    toggle(inner, n % 3);
                                    inner.shielded(true);
                                    shielded.set(true);
                                    outer.cancel("by hand");
                                    if (n % 5 == 0) {
                                      inner.shielded(true);
                                    }
                                  });
                              waitUntilReleased(releaser, n);
                              canceller.awaitDone();
                              Outside.waits(n);
                              assertThat(shielded).isTrue();
                            });
                        assertThatThrownBy(Task::checkpoint).isInstanceOf(Cancelled.class);
                        Task.throwIfCancelled();
                      });
              assertThat(ran).isFalse();
              Outside.waits(i);
              releaser.awaitDone();
              Outside.waits(i + 1);
            }
          });
    }
  }

  private static void waitUntilReleased(Canceller releaser, int round) throws InterruptedException {
    switch (round % 3) {
      case 0 -> {
        var suspension = Suspension.<Integer>create();
        releaser.give(() -> suspension.resume(round));
        assertThat(suspension.await()).isEqualTo(round);
      }
      case 1 -> {
        var queue = new LinkedBlockingQueue<Integer>();
        releaser.give(() -> queue.add(round));
        assertThat(queue.take()).isEqualTo(round);
      }
      default -> {
        var released = new AtomicBoolean();
        Thread me = Thread.currentThread();
        releaser.give(
            () -> {
              released.set(true);
              LockSupport.unpark(me);
            });
        Thread.sleep(0, 1_000);
        while (!released.get()) {
          LockSupport.park();
          Outside.noInterrupt("behind the shield", round);
        }
      }
    }
  }

  @Race
  void aShieldOfTheTaskItselfKeepsTheInterruptOut(Bed bed) throws Exception {
    try (var canceller = new Canceller(56)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(57);
            for (int i = 0; i < Bed.rounds(2_000); i++) {
              int n = i;
              boolean ran =
                  CancelScope.run(
                      outer -> {
                        canceller.give(() -> outer.cancel("by hand"));
                        Canceller.spin(random.nextInt(300));
                        CancelScope.shield(
                            () -> {
                              Outside.waits(n);
                              Task.checkpoint();
                              Outside.waits(n + 1);
                            });
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
}
