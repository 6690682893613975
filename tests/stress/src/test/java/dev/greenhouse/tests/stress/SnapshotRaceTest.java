package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;

/// Who asks a nursery for its tasks, again and again, while tasks around those that stay come and
/// go: the list is longer than what is copied at once.
@Tag("stress")
class SnapshotRaceTest {
  private static final int STAYING = 300;
  private static final int GOING_FOR_EACH = 3;

  @Stress
  void whatStaysIsThereOnceAndInItsOrder(Bed bed) throws Exception {
    var wrong = new AtomicReference<@Nullable Throwable>();
    try (var one = new Canceller(41);
        var another = new Canceller(42)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(100); i++) {
              try (var nursery = Nursery.open()) {
                List<TaskView> staying = new ArrayList<>();
                for (int n = 0; n < STAYING; n++) {
                  staying.add(nursery.fork(() -> Task.sleepForever()));
                  forkSome(nursery);
                }
                Runnable look = () -> look(nursery, staying, wrong);
                one.give(look);
                another.give(look);
                for (int n = 0; n < 20; n++) {
                  forkSome(nursery);
                  Task.checkpoint();
                }
                one.awaitDone();
                another.awaitDone();
                nursery.cancel();
              }
              assertThat(wrong.get()).isNull();
            }
          });
    }
  }

  private static void forkSome(Nursery nursery) {
    for (int n = 0; n < GOING_FOR_EACH; n++) {
      nursery.fork(() -> {});
    }
  }

  private static void look(
      Nursery nursery, List<TaskView> staying, AtomicReference<@Nullable Throwable> wrong) {
    try {
      Set<TaskView> stays = new HashSet<>(staying);
      for (int n = 0; n < 5; n++) {
        List<TaskView> seen = List.copyOf(nursery.children());
        assertThat(seen).doesNotHaveDuplicates();
        assertThat(seen.stream().filter(stays::contains)).containsExactlyElementsOf(staying);
      }
    } catch (Throwable t) {
      wrong.set(t);
    }
  }
}
