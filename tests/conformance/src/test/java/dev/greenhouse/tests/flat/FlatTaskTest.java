package dev.greenhouse.tests.flat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import dev.greenhouse.tests.NothingLeft;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Flat tasks without portals: steps, results and misuse. None of it needs the flag.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FlatTaskTest {
  @OnEveryLoop
  void isDoneWhenItsStageIs(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var stage = new CompletableFuture<String>();
          var begun = new CountDownLatch(1);
          FlatTask<String> task =
              flat.spawn(
                  () -> {
                    begun.countDown();
                    return stage;
                  });
          begun.await();
          assertThat(task).isNotDone();
          assertThat(flat.tasks()).containsExactly(task);
          stage.complete("ripe");
          assertThat(task.get()).isEqualTo("ripe");
          assertThat(task.join()).isEqualTo("ripe");
          assertThat(flat.spawn(() -> CompletableFuture.completedFuture(null)).get()).isNull();
        });
  }

  @OnEveryLoop
  void runsItsStepsOneAfterTheOtherAndCompletesAfterTheLast(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var seen = new ArrayList<Object>();
          FlatTask<String> task =
              flat.spawn(
                  () -> {
                    FlatTask<?> me = FlatTask.current();
                    for (int i = 0; i < 100; i++) {
                      int n = i;
                      me.execute(
                          () -> {
                            assertThat(FlatTask.current()).isSameAs(me);
                            assertThat(me).isNotDone();
                            seen.add(n);
                          });
                    }
                    seen.add("first");
                    return CompletableFuture.completedFuture("value");
                  });
          assertThat(task.get()).isEqualTo("value");
          assertThat(seen).hasSize(101).startsWith("first", 0, 1).endsWith(99);
        });
  }

  @OnEveryLoop
  void chainOfStagesRunsOnTheTask(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var source = new CompletableFuture<Integer>();
          FlatTask<String> task =
              flat.spawn(
                  () -> {
                    FlatTask<?> me = FlatTask.current();
                    return source
                        .thenApplyAsync(n -> n + FlatTask.current().name(), me)
                        .thenApplyAsync(s -> s + FlatTask.current().name(), me);
                  });
          source.complete(1);
          assertThat(task.get()).isEqualTo("1" + task.name() + task.name());
        });
  }

  @OnEveryLoop
  void manyTasksFromManyThreadsRunOneStepAtATime(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var sum = new long[1]; // no lock: the loop is one
          var tasks = new ArrayList<FlatTask<Integer>>();
          var threads = new ArrayList<Thread>();
          for (int t = 0; t < 4; t++) {
            threads.add(
                Thread.ofPlatform()
                    .start(
                        () -> {
                          for (int i = 0; i < 500; i++) {
                            FlatTask<Integer> task =
                                flat.spawn(
                                    () -> {
                                      sum[0]++;
                                      return CompletableFuture.completedFuture(1);
                                    });
                            synchronized (tasks) {
                              tasks.add(task);
                            }
                          }
                        }));
          }
          for (Thread t : threads) {
            t.join();
          }
          for (FlatTask<Integer> t : tasks) {
            assertThat(t.get()).isEqualTo(1);
          }
          assertThat(sum[0]).isEqualTo(2_000);
        });
  }

  // ---- failures

  private static Throwable failureOf(FlatTask<?> task) {
    Throwable thrown = catchThrowable(task::join);
    assertThat(thrown).isInstanceOf(CompletionException.class);
    return thrown.getCause();
  }

  @OnEveryLoop
  void failsAsItsStageOrItsFirstStepDoes(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var error = new IOException("blight");
          var source = new CompletableFuture<String>();
          FlatTask<String> byStage = flat.spawn(() -> source.thenApply(String::trim));
          source.completeExceptionally(error);
          assertThat(failureOf(byStage)).isSameAs(error);
          FlatTask<String> byStep =
              flat.spawn(
                  () -> {
                    throw error;
                  });
          assertThat(failureOf(byStep)).isSameAs(error);
          assertThat(failureOf(flat.spawn(() -> null)))
              .isInstanceOf(NullPointerException.class)
              .hasMessageContaining("returned null");
          FlatTask<Object> itself = flat.spawn("own tail", () -> cast(FlatTask.current()));
          assertThat(failureOf(itself))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("'own tail' returned the task itself");
          assertThat(flat.spawn(() -> CompletableFuture.completedFuture(1)).get()).isEqualTo(1);
        });
  }

  @SuppressWarnings("unchecked")
  private static FlatTask<Object> cast(FlatTask<?> task) {
    return (FlatTask<Object>) task;
  }

  @OnEveryLoop
  void stepThatThrowsFailsTheTaskAndCancelsWhatItWaitsFor(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var never = new CompletableFuture<String>();
          var ran = new CountDownLatch(1);
          FlatTask<String> task =
              flat.spawn(
                  () -> {
                    FlatTask<?> me = FlatTask.current();
                    me.execute(
                        () -> {
                          throw new IllegalArgumentException("one");
                        });
                    me.execute(
                        () -> {
                          throw new IllegalArgumentException("two");
                        });
                    me.execute(ran::countDown);
                    return never;
                  });
          assertThat(failureOf(task))
              .hasMessage("one")
              .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("two"));
          assertThat(ran.getCount()).isZero();
          assertThat(never).isCancelled();
        });
  }

  @OnEveryLoop
  void failureAfterTheValueWins(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          FlatTask<String> task =
              flat.spawn(
                  () -> {
                    FlatTask.current()
                        .execute(
                            () -> {
                              throw new IllegalArgumentException("late frost");
                            });
                    return CompletableFuture.completedFuture("harvest");
                  });
          assertThat(failureOf(task)).hasMessage("late frost");
        });
  }

  // ---- after the end

  @OnEveryLoop
  void stepForATaskThatIsDoneIsRejected(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          FlatTask<Integer> task = flat.spawn("short", () -> CompletableFuture.completedFuture(1));
          task.get();
          assertThatThrownBy(() -> task.execute(() -> {}))
              .isInstanceOf(RejectedExecutionException.class)
              .hasMessageContainingAll("'short' is done", "spawn another task");
          var dependent = CompletableFuture.completedFuture(1).thenApplyAsync(n -> n + 1, task);
          assertThatThrownBy(dependent::join).hasCauseInstanceOf(RejectedExecutionException.class);
        });
  }

  @Test
  void closedExecutorTakesNoTasks() throws Exception {
    FlatExecutor flat = FlatExecutor.open("shut");
    FlatTask<Integer> task = flat.spawn(() -> CompletableFuture.completedFuture(1));
    flat.close();
    flat.close();
    assertThat(task).isCompletedWithValue(1);
    assertThatThrownBy(() -> flat.spawn(() -> CompletableFuture.completedFuture(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("Flat executor 'shut' is closed", "Open another one");
    assertThat(flat).hasToString("FlatExecutor[shut, flat executor 'shut' is closed]");
  }

  @Test
  void closeWaitsForTheTasksAndTheirDependents() throws Exception {
    var stage = new CompletableFuture<Integer>();
    var dependent = new CompletableFuture<Integer>();
    FlatTask<Integer> task;
    try (FlatExecutor flat = FlatExecutor.open()) {
      task = flat.spawn(() -> stage);
      var _ = task.thenAccept(dependent::complete);
      Thread.ofVirtual().start(() -> stage.complete(7));
    }
    assertThat(task).isCompletedWithValue(7);
    assertThat(dependent).isCompletedWithValue(7);
  }

  @Test
  void interruptedCloseCancelsTheTasksAndKeepsTheInterrupt() throws Exception {
    var never = new CompletableFuture<Integer>();
    var begun = new CountDownLatch(1);
    FlatTask<Integer> task;
    try (FlatExecutor flat = FlatExecutor.open("hurried")) {
      task =
          flat.spawn(
              () -> {
                begun.countDown();
                return never;
              });
      begun.await();
      Thread.currentThread().interrupt();
    }
    assertThat(Thread.interrupted()).isTrue();
    assertThat(never).isCancelled();
    assertThat(task).isCancelled();
    assertThatThrownBy(task::join).cause().hasMessageContaining("'hurried' is being closed");
  }

  // ---- misuse

  @OnEveryLoop
  void waitingOnTheLoopForWhatNeedsTheLoopIsRefused(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          FlatTask<List<Throwable>> task =
              flat.spawn(
                  () -> {
                    FlatTask<Integer> other =
                        flat.spawn("needed", () -> CompletableFuture.completedFuture(1));
                    return CompletableFuture.completedFuture(
                        List.of(
                            catchThrowable(other::join),
                            catchThrowable(other::get),
                            catchThrowable(() -> other.get(1, TimeUnit.SECONDS)),
                            catchThrowable(flat::close)));
                  });
          assertThat(task.get())
              .allSatisfy(e -> assertThat(e).isInstanceOf(IllegalStateException.class));
          assertThat(task.get().get(0))
              .hasMessageContainingAll("join of flat task 'needed'", "would wait in vain");
          assertThat(task.get().get(3)).hasMessageContaining("is being closed in a step");
        });
  }

  @OnEveryLoop
  void nobodyElseCompletesIt(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var stage = new CompletableFuture<Integer>();
          FlatTask<Integer> task = flat.spawn("own way", () -> stage);
          assertThat(
                  List.of(
                      catchThrowable(() -> task.complete(1)),
                      catchThrowable(() -> task.completeExceptionally(new IOException())),
                      catchThrowable(() -> task.completeAsync(() -> 1)),
                      catchThrowable(() -> task.completeAsync(() -> 1, Runnable::run)),
                      catchThrowable(() -> task.orTimeout(1, TimeUnit.NANOSECONDS)),
                      catchThrowable(() -> task.completeOnTimeout(1, 1, TimeUnit.NANOSECONDS)),
                      catchThrowable(() -> task.obtrudeValue(1)),
                      catchThrowable(() -> task.obtrudeException(new IOException()))))
              .allSatisfy(
                  e ->
                      assertThat(e)
                          .isInstanceOf(UnsupportedOperationException.class)
                          .hasMessageContainingAll("'own way' is completed by its own steps"));
          assertThat(task.copy().complete(2)).isTrue();
          assertThat(task.thenApply(n -> n + 1)).isExactlyInstanceOf(CompletableFuture.class);
          stage.complete(3);
          assertThat(task.get()).isEqualTo(3);
        });
  }

  @Test
  void outsideOfStepsThereIsNoCurrentTask() {
    assertThat(FlatTask.currentIfAny()).isEqualTo(Optional.empty());
    assertThatThrownBy(FlatTask::current)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("runs no step of a flat task");
  }

  @Test
  void namesAndStates() throws Exception {
    try (FlatExecutor flat = FlatExecutor.open("field")) {
      var stage = new CompletableFuture<Integer>();
      FlatTask<Integer> named = flat.spawn("row", () -> stage);
      FlatTask<Integer> unnamed = flat.spawn(() -> stage);
      assertThat(unnamed.name()).isEqualTo("field-2");
      assertThat(named).hasToString("FlatTask[row, running]");
      stage.complete(1);
      named.get();
      assertThat(named).hasToString("FlatTask[row, done]");
      assertThat(flat).hasToString("FlatExecutor[field, open]");
      assertThat(flat.name()).isEqualTo("field");
    }
  }
}
