package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.GreenhouseBuilder;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Design, section 3: a seeded loop picks the next task by its seed.
@NeedsFlag
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SeededTest {
  private static final int TASKS = 6;
  private static final int ROUNDS = 5;

  /// {@return which task took each step}
  private static List<Integer> order(GreenhouseBuilder builder) {
    var order = new ArrayList<Integer>();
    try (OpenGreenhouse greenhouse = NothingLeft.watch(builder.build())) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              for (int task = 0; task < TASKS; task++) {
                int me = task;
                nursery.fork(() -> takeTurns(me, order));
              }
            }
          });
    }
    return order;
  }

  private static void takeTurns(int me, List<Integer> order) {
    for (int round = 0; round < ROUNDS; round++) {
      order.add(me);
      Task.checkpoint();
    }
  }

  private static List<Integer> seeded(long seed) {
    return order(Greenhouse.builder().seeded(seed));
  }

  @Test
  void theSameSeedGivesTheSameOrder() {
    for (long seed : new long[] {0, 1, -1, 42, Long.MIN_VALUE, Long.MAX_VALUE}) {
      List<Integer> first = seeded(seed);
      assertThat(first).hasSize(TASKS * ROUNDS);
      for (int again = 0; again < 5; again++) {
        assertThat(seeded(seed)).as("seed %d", seed).isEqualTo(first);
      }
    }
  }

  @Test
  void otherSeedsGiveOtherOrders() {
    Set<List<Integer>> orders = new HashSet<>();
    for (long seed = 0; seed < 20; seed++) {
      orders.add(seeded(seed));
    }
    assertThat(orders).hasSize(20);
  }

  @Test
  void theOrderIsNotThatOfALoop() {
    List<Integer> loop = order(Greenhouse.builder().singleThreaded());
    for (int step = 0; step < loop.size(); step++) {
      assertThat(loop.get(step)).isEqualTo(step % TASKS);
    }
    assertThat(seeded(7)).isNotEqualTo(loop).containsExactlyInAnyOrderElementsOf(loop);
  }
}
