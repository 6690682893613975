package dev.greenhouse.tests.stress;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import org.junit.jupiter.api.Tag;

/// The end of a task against the cancellation of those who wait for it.
@Tag("stress")
class JoinRaceTest {
  /// The target may end before whoever cancels all of them has come to the joiners. To them it is
  /// their own cancellation all the same: a failure of theirs would leave `Nursery.run`.
  @Race
  void whoIsCancelledWithWhatItJoinsHasNotFailed(Bed bed) throws Exception {
    try (var canceller = new Canceller(41)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(4_000); i++) {
              Nursery.run(
                  nursery -> {
                    Task<?> target = nursery.fork(() -> Task.sleepForever());
                    for (int n = 0; n < 3; n++) {
                      nursery.fork(() -> target.join());
                    }
                    nursery.fork(() -> Nursery.run(inner -> inner.start(status -> target.join())));
                    Task.checkpoint();
                    canceller.give(() -> nursery.cancel("all of them"));
                  });
              canceller.awaitDone();
            }
          });
    }
  }
}
