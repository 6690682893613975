package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import dev.greenhouse.nursery.TaskFailedException;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Waiting for a task or for all tasks of a nursery so far.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JoinTest {
  private static final int MANY = 2_000;

  @OnEveryKind
  void joinGivesTheValueAndTheOutcomeSaysTheSame(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<String> task = nursery.fork(() -> "rose");
            assertThat(task.join()).isEqualTo("rose");
            assertThat(task.join()).isEqualTo("rose");
            assertThat(task.outcome()).contains(new Outcome.Succeeded<>("rose"));
            assertThat(task.toCompletableFuture().getNow(null)).isEqualTo("rose");
          }
        });
  }

  /// On a loop, whoever waits for a monitor on its carrier waits for a task that it must carry.
  @OnEveryKind
  void whatDependsOnTheFutureMayWaitForATaskOfTheSameLoop(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var held = new Semaphore(0);
          var wanted = new Semaphore(0);
          try (var nursery = Nursery.open()) {
            var future =
                nursery
                    .fork(
                        () -> {
                          held.acquire();
                          return "rose";
                        })
                    .toCompletableFuture()
                    .thenApply(
                        value -> {
                          wanted.release();
                          held.acquireUninterruptibly();
                          return value;
                        });
            nursery.fork(
                () -> {
                  held.release();
                  wanted.acquire();
                  held.release();
                });
            assertThat(future.get()).isEqualTo("rose");
          }
        });
  }

  @OnEveryKind
  void joinOfAFailedTaskThrowsTaskFailedException(Kind kind) throws Throwable {
    var blight = new IOException("blight");
    kind.run(
        () -> {
          try (var nursery = Nursery.open(NurseryOptions.defaults().supervised(true))) {
            Task<String> task =
                nursery.fork(
                    "rose",
                    () -> {
                      throw blight;
                    });
            assertThatThrownBy(task::join)
                .isInstanceOf(TaskFailedException.class)
                .hasMessageContaining("'rose'")
                .cause()
                .isSameAs(blight);
            assertThat(task.outcome()).contains(new Outcome.Failed<>(blight));
          }
        });
  }

  // Never the Cancelled of another task
  @OnEveryKind
  void joinOfACancelledTaskThrowsTaskCancelledException(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<?> task = nursery.fork("rose", () -> Task.sleepForever());
            task.cancel("winter");
            task.cancel("spring");
            TaskCancelledException thrown =
                catchThrowableOfType(TaskCancelledException.class, task::join);
            assertThat(thrown).hasMessageContaining("'rose'").hasMessageContaining("winter");
            assertThat(thrown.reason().text()).isEqualTo("winter");
            assertThat(task.outcome().orElseThrow()).isInstanceOf(Outcome.WasCancelled.class);
          }
        });
  }

  // Rule 7: a checkpoint tests for cancellation before it hands out a result
  @OnEveryKind
  void joinOfAnEndedTaskInACancelledScopeRaisesCancelled(Kind kind) throws Throwable {
    kind.run(
        () ->
            Nursery.run(
                nursery -> {
                  Task<Integer> ended = nursery.fork(() -> 1);
                  ended.join();
                  nursery.cancel();
                  assertThatThrownBy(ended::join).isInstanceOf(Cancelled.class);
                  assertThatThrownBy(nursery::join).isInstanceOf(Cancelled.class);
                }));
  }

  @OnEveryKind
  void nurseryJoinWaitsForTheTasksSoFarAndLeavesItOpen(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<?> first = nursery.fork(() -> Task.checkpoint());
            nursery.join();
            assertThat(first.outcome()).isPresent();
            assertThat(nursery.isOpen()).isTrue();
            assertThat(nursery.fork(() -> 2).join()).isEqualTo(2);
          }
        });
  }

  @OnEveryKind
  void aTaskCanNotJoinItselfOrItsNursery(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open("beds")) {
            nursery.fork(
                "rose",
                () -> {
                  assertThatThrownBy(() -> Task.current().join())
                      .isInstanceOf(IllegalStateException.class)
                      .hasMessageContaining("'rose'");
                  assertThatThrownBy(nursery::join)
                      .isInstanceOf(IllegalStateException.class)
                      .hasMessageContaining("'beds'");
                });
          }
        });
  }

  // children() lists "the tasks in the nursery that have not ended". Many times, as on a pool the
  // task's thread may still be about to terminate.
  @OnEveryKind
  void aTaskThatWasJoinedIsNoLongerListedAmongTheChildren(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            for (int i = 0; i < MANY; i++) {
              Task<Integer> task = nursery.fork(() -> 1);
              task.join();
              assertThat(nursery.children()).as("after join no. %s", i).isEmpty();
            }
          }
        });
  }

  // The same for its state
  @OnEveryKind
  void aTaskThatWasJoinedHasEnded(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            for (int i = 0; i < MANY; i++) {
              Task<Integer> task = nursery.fork(() -> 1);
              task.join();
              assertThat(task.state()).as("after join no. %s", i).isEqualTo(TaskState.ENDED);
            }
          }
        });
  }
}
