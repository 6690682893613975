package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A stack overflow inside `resume` loses no wake-up on a loop. (On a pool it can: a work queue of
/// the JDK's is in the way.)
@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
@Timeout(value = 10 * 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StackOverflowTest {
  private static final int SLEEPERS = 100;

  @Test
  void insideResumeOnALoopIsMended() throws Exception {
    for (int round = 0; round < Bed.rounds(20); round++) {
      var woken = new AtomicInteger();
      var overflows = new AtomicInteger();
      Bed.LOOP.run(
          () -> {
            try (var nursery = Nursery.open()) {
              var suspensions = new ArrayList<Suspension<Integer>>();
              var sleepers = new ArrayList<Task<?>>();
              for (int i = 0; i < SLEEPERS; i++) {
                sleepers.add(
                    nursery.fork(
                        () -> {
                          var mine = Suspension.<Integer>create();
                          suspensions.add(mine);
                          mine.await();
                          woken.incrementAndGet();
                        }));
              }
              while (suspensions.size() < SLEEPERS
                  || sleepers.stream().anyMatch(t -> t.state() != TaskState.WAITING)) {
                Task.checkpoint();
              }
              var next = new AtomicInteger();
              while (next.get() < SLEEPERS) {
                try {
                  down(suspensions, next, overflows);
                } catch (StackOverflowError e) {
                  overflows.incrementAndGet();
                }
              }
            }
          });
      assertThat(woken).as("round " + round).hasValue(SLEEPERS);
      assertThat(overflows.get()).isPositive();
    }
  }

  /// On the way back from an overflow each frame resumes one, with a little more stack than the
  /// frame below.
  @SuppressWarnings("InfiniteRecursion")
  private static void down(
      List<Suspension<Integer>> suspensions, AtomicInteger next, AtomicInteger overflows) {
    try {
      down(suspensions, next, overflows);
    } finally {
      int i = next.get();
      if (i < suspensions.size()) {
        Suspension<Integer> s = suspensions.get(i);
        try {
          s.resume(i);
        } catch (StackOverflowError e) {
          overflows.set(overflows.get() + 1);
        }
        if (s.isDone()) {
          next.set(i + 1);
        }
      }
    }
  }
}
