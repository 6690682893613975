package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskFailedException;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Rule 13: a task that never has to wait can't starve a loop. On one carrier only, where a task
/// runs if and only if another one gives way.
@ExtendWith(NothingLeft.class)
@NeedsFlag
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FairnessTest {
  private static final int MANY = 10_000;

  private interface Busy {
    void operation(Nursery nursery, Task<Integer> ended) throws Exception;
  }

  /// How often another task got a turn while one did many operations.
  private static int turnsDuring(Kind kind, Busy busy) throws Throwable {
    var turns = new AtomicInteger();
    var during = new AtomicInteger();
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<Integer> ended = nursery.fork(() -> 1);
            ended.join();
            Task<?> other =
                nursery.fork(
                    () -> {
                      while (true) {
                        turns.incrementAndGet();
                        Task.checkpoint();
                      }
                    });
            try (var empty = Nursery.open("empty")) {
              for (int i = 0; i < MANY; i++) {
                busy.operation(empty, ended);
              }
            }
            during.set(turns.get());
            other.cancel("seen enough");
          }
        });
    return during.get();
  }

  @ParameterizedTest
  @EnumSource(names = {"LOOP", "SEEDED"})
  void manyJoinsOfAnEndedTaskLetOthersRun(Kind kind) throws Throwable {
    assertThat(turnsDuring(kind, (nursery, ended) -> ended.join())).isGreaterThan(10);
  }

  @ParameterizedTest
  @EnumSource(names = {"LOOP", "SEEDED"})
  void manyWaitsForResumedSuspensionsLetOthersRun(Kind kind) throws Throwable {
    int turns =
        turnsDuring(
            kind,
            (nursery, ended) -> {
              var suspension = Suspension.<Integer>create();
              suspension.resume(1);
              suspension.await();
            });
    assertThat(turns).isGreaterThan(10);
  }

  @ParameterizedTest
  @EnumSource(names = {"LOOP", "SEEDED"})
  void manyJoinsOfAnEmptyNurseryLetOthersRun(Kind kind) throws Throwable {
    assertThat(turnsDuring(kind, (nursery, ended) -> nursery.join())).isGreaterThan(10);
  }

  @ParameterizedTest
  @EnumSource(names = {"LOOP", "SEEDED"})
  void manyEmptyNurseriesLetOthersRun(Kind kind) throws Throwable {
    int turns = turnsDuring(kind, (nursery, ended) -> Nursery.run(empty -> {}));
    assertThat(turns).isGreaterThan(10);
  }

  @ParameterizedTest
  @EnumSource(names = {"LOOP", "SEEDED"})
  void manyJoinsOfAFailedTaskLetOthersRun(Kind kind) throws Throwable {
    var failed = new ArrayList<Task<?>>();
    int turns =
        turnsDuring(
            kind,
            (nursery, ended) -> {
              if (failed.isEmpty()) {
                try (var supervised = Nursery.open(NurseryOptions.defaults().supervised(true))) {
                  failed.add(
                      supervised.fork(
                          () -> {
                            throw new IllegalArgumentException();
                          }));
                  joinFailed(failed.getFirst());
                }
              }
              joinFailed(failed.getFirst());
            });
    assertThat(turns).isGreaterThan(10);
  }

  private static void joinFailed(Task<?> task) {
    try {
      task.join();
    } catch (TaskFailedException expected) {
      // that is how it ended
    }
  }
}
