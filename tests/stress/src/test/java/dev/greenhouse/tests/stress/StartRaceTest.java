package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.StartStatus;
import dev.greenhouse.nursery.Task;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;

/// `started`, called by another thread than the new task's, against the cancellation of the
/// starter: the task is the nursery's and lives on, or the starter's and is cancelled with it, and
/// never something between.
@Tag("stress")
class StartRaceTest {
  @Race
  void ofATaskOfTheStartersOwnNursery(Bed bed) throws Exception {
    bed.run(
        () -> {
          try (var teller = new Canceller(81);
              var canceller = new Canceller(82)) {
            for (int i = 0; i < Bed.rounds(3_000); i++) {
              try (var nursery = Nursery.open()) {
                startAndCancel(nursery, teller, canceller);
              }
            }
          }
        });
  }

  @Race
  void ofATaskOfSomebodyElsesNursery(Bed bed) throws Exception {
    bed.run(
        () -> {
          try (var teller = new Canceller(83);
              var canceller = new Canceller(84)) {
            for (int i = 0; i < Bed.rounds(3_000); i++) {
              try (var nursery = Nursery.open()) {
                nursery.fork(() -> startAndCancel(nursery, teller, canceller));
              }
            }
          }
        });
  }

  private static void startAndCancel(Nursery nursery, Canceller teller, Canceller canceller) {
    var scope = CancelScope.named("starter");
    var child = new AtomicReference<@Nullable Task<?>>();
    boolean complete =
        scope.run(
            () -> {
              nursery.<String, RuntimeException>start(
                  status -> {
                    child.set(Task.current());
                    var told = new AtomicReference<Boolean>();
                    canceller.give(() -> scope.cancel("the other side"));
                    teller.give(() -> told.set(tell(status)));
                    while (told.get() == null) {
                      Task.throwIfCancelled();
                    }
                    Task.sleepForever();
                  });
              Task<?> started = child.get();
              canceller.awaitDone();
              teller.awaitDone();
              assertThat(started.outcome()).as("of a task that was started").isEmpty();
              Task.checkpoint();
            });
    assertThat(complete).as("completed in the cancelled scope").isFalse();
    canceller.awaitDone();
    teller.awaitDone();
    nursery.cancel("the round is over");
  }

  private static boolean tell(StartStatus<String> status) {
    try {
      status.started("ready");
      return true;
    } catch (IllegalStateException ended) {
      return false;
    }
  }
}
