package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;

/// Asking to wind down, against entering what ends then.
@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class WindDownRaceTest {
  private static final Duration AN_HOUR = Duration.ofHours(1);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  @Race
  void whoWaitsUntilThenIsAlwaysToldOnce(Bed bed) throws Exception {
    try (var asker = new Canceller(81)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(82);
            for (int i = 0; i < Bed.rounds(2_000); i++) {
              int n = i;
              int spins = random.nextInt(300);
              boolean ran =
                  CancelScope.run(
                      scope -> {
                        asker.give(() -> scope.cancelAfter(AN_HOUR));
                        Canceller.spin(spins);
                        assertThat(CancelScope.moveOnWindDown(() -> Endless.of(n).await()))
                            .isFalse();
                        Outside.waits(n);
                        assertThat(CancelScope.shouldWindDown()).isTrue();
                        asker.awaitDone();
                        Outside.waits(n + 1);
                        Task.checkpoint();
                        assertThat(scope.isCancelled()).isFalse();
                      });
              assertThat(ran).isTrue();
              Outside.waits(i);
            }
          });
    }
  }

  @Race
  void tasksThatAreForkedMeanwhileAreTold(Bed bed) throws Exception {
    try (var asker = new Canceller(83)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(84);
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              int spins = random.nextInt(300);
              var tasks = new ArrayList<Task<?>>();
              Nursery.run(
                  nursery -> {
                    asker.give(() -> nursery.cancelAfter(AN_HOUR));
                    Canceller.spin(spins);
                    tasks.add(nursery.fork(() -> waitBelow(n, 0)));
                    tasks.add(nursery.fork(() -> waitBelow(n + 1, 1)));
                  });
              Outside.waits(i);
              asker.awaitDone();
              Outside.waits(i + 1);
              for (Task<?> task : tasks) {
                assertThat(task.outcome().orElseThrow()).isInstanceOf(Outcome.Succeeded.class);
              }
            }
          });
    }
  }

  private static void waitBelow(int round, int levels) throws InterruptedException {
    if (levels > 0) {
      try (var nursery = Nursery.open()) {
        nursery.fork(() -> waitBelow(round, levels - 1));
      }
    } else {
      assertThat(CancelScope.moveOnWindDown(() -> Endless.of(round).await())).isFalse();
      Outside.waits(round);
    }
  }

  @Race
  void whoIsCoveredNoLongerIsTold(Bed bed) throws Exception {
    try (var asker = new Canceller(85);
        var toggler = new Canceller(86)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              // Long, and no hang: who is not told would wait for the end of the grace.
              boolean told =
                  CancelScope.moveOnAfter(PATIENCE, () -> waitBehindAShield(asker, toggler, n));
              assertThat(told).as("told in round %d", i).isTrue();
              Outside.waits(i);
              asker.awaitDone();
              toggler.awaitDone();
              Outside.waits(i + 1);
            }
          });
    }
  }

  private static void waitBehindAShield(Canceller asker, Canceller toggler, int round)
      throws InterruptedException {
    CancelScope.run(
        scope ->
            CancelScope.run(
                shield -> {
                  shield.shielded(true);
                  asker.give(() -> scope.cancelAfter(AN_HOUR));
                  toggler.give(() -> shield.shielded(false));
                  CancelScope.moveOnWindDown(() -> Endless.of(round).await());
                }));
  }

  @Race
  void theGraceEndsOrSomebodyCancels(Bed bed) throws Exception {
    try (var asker = new Canceller(87);
        var canceller = new Canceller(88)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              boolean ran =
                  CancelScope.run(
                      scope -> {
                        asker.give(() -> scope.cancelAfter(Duration.ofNanos(n % 7 * 1_000L)));
                        if (n % 2 == 0) {
                          canceller.give(() -> scope.cancel("by hand"));
                        }
                        // What ends here is the outermost of the scopes that are cancelled by then.
                        CancelScope.moveOnWindDown(() -> Endless.of(n).await());
                        Endless.of(n + 1).await();
                      });
              assertThat(ran).isFalse();
              Outside.waits(i);
              asker.awaitDone();
              canceller.awaitDone();
              Outside.waits(i + 1);
            }
          });
    }
  }
}
