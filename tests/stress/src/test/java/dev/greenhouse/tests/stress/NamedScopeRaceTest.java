package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.time.VirtualClock;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;

/// Entering a scope that others have already, against what they do to it.
@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class NamedScopeRaceTest {
  @Race
  void whoeverEntersACancelledScopeLeaves(Bed bed) throws Exception {
    try (var canceller = new Canceller(61)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(62);
            for (int i = 0; i < Bed.rounds(4_000); i++) {
              Endless wait = Endless.of(i);
              CancelScope scope = CancelScope.named("named");
              canceller.give(() -> scope.cancel("by hand"));
              Canceller.spin(random.nextInt(300));
              assertThat(scope.run(wait::await)).isFalse();
              Outside.waits(i);
              canceller.awaitDone();
              Outside.waits(i + 1);
              assertThat(scope.caughtCancellation()).isTrue();
            }
          });
    }
  }

  private static final class Requests implements Instrument {
    final AtomicInteger number = new AtomicInteger();

    @Override
    public void cancelRequested(TaskView task, String scope, CancelReason reason) {
      number.incrementAndGet();
    }
  }

  @Race
  void instrumentsHearOnceOfACancellation(Bed bed) throws Exception {
    var requests = new Requests();
    try (var canceller = new Canceller(63)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(64);
            for (int i = 0; i < Bed.rounds(4_000); i++) {
              CancelScope scope = CancelScope.named("named");
              canceller.give(() -> scope.cancel("by hand"));
              Canceller.spin(random.nextInt(300));
              assertThat(scope.run(Endless.OURS::await)).isFalse();
              canceller.awaitDone();
              assertThat(requests.number.getAndSet(0)).as("requests in round %d", i).isEqualTo(1);
            }
          },
          requests);
    }
  }

  @Race
  void theDeadlineThatWasSetLastCounts(Bed bed) throws Exception {
    var clock = new VirtualClock();
    try (var mover = new Canceller(65)) {
      bed.runBy(
          clock,
          () -> {
            var random = new SplittableRandom(66);
            for (int i = 0; i < Bed.rounds(4_000); i++) {
              int n = i;
              CancelScope scope = CancelScope.named("named");
              mover.give(
                  () -> {
                    for (int hours = 1; hours <= 20; hours++) {
                      scope.deadline(Duration.ofHours(hours));
                    }
                  });
              Canceller.spin(random.nextInt(300));
              scope.run(
                  () -> {
                    mover.awaitDone();
                    assertThat(scope.deadline())
                        .as("deadline in round %d", n)
                        .isEqualTo(clock.instant().plus(Duration.ofHours(20)));
                  });
              assertThat(clock.pendingTimers()).isZero();
            }
          });
    }
  }
}
