package dev.greenhouse.tests.stress;

import static dev.greenhouse.portal.Portal.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import java.util.ArrayList;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Flat tasks against threads that complete, cancel, give steps, and break the loop.
@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
@Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FlatRaceTest {
  private static final long SECONDS = 60;

  private interface Body {
    void run(FlatExecutor flat) throws Exception;
  }

  private static void on(boolean own, Body body) throws Exception {
    if (own) {
      try (FlatExecutor flat = FlatExecutor.open()) {
        body.run(flat);
      }
    } else {
      try (var loop = Executors.newSingleThreadExecutor();
          FlatExecutor flat = FlatExecutor.on(loop)) {
        body.run(flat);
      }
    }
  }

  private static Object outcome(FlatTask<?> task) throws Exception {
    try {
      return task.get(SECONDS, TimeUnit.SECONDS);
    } catch (CancellationException e) {
      return e;
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }

  /// The first step comes to the shared carriers at the same moment as what cancels the task.
  @Test
  void noTaskBeginsWhenTheLoopRejectsItsFirstStep() throws Exception {
    var ran = new AtomicInteger();
    for (int i = 0; i < Bed.rounds(3_000); i++) {
      try (FlatExecutor flat =
          FlatExecutor.on(
              step -> {
                throw new RejectedExecutionException("full");
              })) {
        FlatTask<String> task =
            flat.spawn(
                () -> {
                  ran.incrementAndGet();
                  return CompletableFuture.completedFuture("ran");
                });
        assertThat(outcome(task)).isInstanceOf(IllegalStateException.class);
      }
    }
    assertThat(ran).hasValue(0);
  }

  @ParameterizedTest(name = "own: {0}")
  @ValueSource(booleans = {true, false})
  void completionAgainstCancelHasExactlyOneWinner(boolean own) throws Exception {
    try (var canceller = new Canceller(71);
        var completer = new Canceller(72)) {
      on(
          own,
          flat -> {
            for (int i = 0; i < Bed.rounds(10_000); i++) {
              int n = i;
              var stage = new CompletableFuture<Integer>();
              var told = new AtomicInteger();
              FlatTask<Integer> task =
                  flat.withPortalRunSync(
                      () -> {
                        try {
                          return await(stage);
                        } catch (Cancelled e) {
                          told.incrementAndGet();
                          throw e;
                        }
                      });
              var completed = new AtomicBoolean();
              completer.give(() -> completed.set(stage.complete(n)));
              canceller.give(() -> task.cancel("race"));
              Object end = outcome(task);
              completer.awaitDone();
              canceller.awaitDone();
              if (end instanceof CancellationException) {
                assertThat(task.isCancelled()).isTrue();
              } else {
                assertThat(end).as("round " + n).isEqualTo(n);
                assertThat(completed).isTrue();
                assertThat(told).hasValue(0);
              }
            }
          });
    }
  }

  @ParameterizedTest(name = "own: {0}")
  @ValueSource(booleans = {true, false})
  void cancelReachesEveryKindOfWait(boolean own) throws Exception {
    try (var canceller = new Canceller(73)) {
      on(
          own,
          flat -> {
            for (int i = 0; i < Bed.rounds(5_000); i++) {
              int n = i;
              FlatTask<Integer> task =
                  n % 4 == 3
                      ? flat.spawn(() -> new CompletableFuture<Integer>())
                      : flat.withPortalRunSync(() -> waitFor(n));
              canceller.give(() -> task.cancel("race"));
              assertThat(outcome(task)).as("round " + n).isInstanceOf(CancellationException.class);
              canceller.awaitDone();
            }
          });
    }
  }

  private static Integer waitFor(int n) throws InterruptedException {
    switch (n % 4) {
      case 0 -> await(new CompletableFuture<Integer>());
      case 1 -> new CountDownLatch(1).await();
      default -> {
        try {
          await(new CompletableFuture<Integer>());
        } catch (Cancelled swallowed) {
          Thread.sleep(100_000);
        }
      }
    }
    return n;
  }

  @ParameterizedTest(name = "own: {0}")
  @ValueSource(booleans = {true, false})
  void everyStepThatIsAcceptedRunsOnceAndBeforeTheEnd(boolean own) throws Exception {
    try (var one = new Canceller(74);
        var two = new Canceller(75);
        var canceller = new Canceller(76)) {
      on(
          own,
          flat -> {
            for (int i = 0; i < Bed.rounds(5_000); i++) {
              int n = i;
              var accepted = new AtomicInteger();
              var ran = new AtomicInteger();
              var inside = new AtomicInteger();
              var stage = new CompletableFuture<Integer>();
              FlatTask<Integer> task =
                  n % 2 == 0 ? flat.spawn(() -> stage) : flat.withPortalRun(() -> stage);
              Runnable give =
                  () -> {
                    for (int k = 0; k < 5; k++) {
                      try {
                        task.execute(
                            () -> {
                              assertThat(inside.incrementAndGet()).isEqualTo(1);
                              ran.incrementAndGet();
                              inside.decrementAndGet();
                            });
                        accepted.incrementAndGet();
                      } catch (RejectedExecutionException done) {
                        return;
                      }
                    }
                  };
              one.give(give);
              two.give(give);
              if (n % 3 == 0) {
                canceller.give(() -> task.cancel("race"));
              } else {
                stage.complete(n);
              }
              Object end = outcome(task);
              int ranAtTheEnd = ran.get();
              one.awaitDone();
              two.awaitDone();
              canceller.awaitDone();
              assertThat(ranAtTheEnd).as("round %d, %s", n, end).isEqualTo(accepted.get());
              assertThat(ran).hasValue(accepted.get());
            }
          });
    }
  }

  @ParameterizedTest(name = "own: {0}")
  @ValueSource(booleans = {true, false})
  void manyTasksThatAwaitOneAnother(boolean own) throws Exception {
    on(
        own,
        flat -> {
          for (int round = 0; round < Bed.rounds(20); round++) {
            var tasks = new ArrayList<FlatTask<Integer>>();
            var first = new CompletableFuture<Integer>();
            CompletableFuture<Integer> before = first;
            for (int i = 0; i < 1_000; i++) {
              CompletableFuture<Integer> previous = before;
              int n = i;
              FlatTask<Integer> task =
                  switch (n % 3) {
                    case 0 -> flat.spawn(() -> previous.thenApply(v -> v + 1));
                    case 1 -> flat.withPortalRunSync(() -> await(previous) + 1);
                    default ->
                        flat.withPortalRun(
                            () -> {
                              if (n % 2 == 0) {
                                Thread.sleep(0, 1_000);
                              }
                              return CompletableFuture.completedFuture(await(previous) + 1);
                            });
                  };
              tasks.add(task);
              before = task;
            }
            first.completeAsync(() -> 0);
            assertThat(outcome(tasks.getLast())).isEqualTo(1_000);
            for (int i = 0; i < 1_000; i++) {
              assertThat(outcome(tasks.get(i))).isEqualTo(i + 1);
            }
          }
        });
  }

  @ParameterizedTest(name = "by overlap: {0}")
  @ValueSource(booleans = {true, false})
  void loopThatBreaksAtAnyMomentLeavesNobodyBehind(boolean byOverlap) throws Exception {
    var threads = Executors.newCachedThreadPool();
    for (int round = 0; round < Bed.rounds(30); round++) {
      var well = Executors.newSingleThreadExecutor();
      var left = new AtomicLong(ThreadLocalRandom.current().nextLong(3_000));
      FlatExecutor flat =
          FlatExecutor.on(
              command -> {
                if (left.decrementAndGet() >= 0) {
                  well.execute(command);
                } else if (byOverlap) {
                  threads.execute(command);
                } else {
                  throw new RejectedExecutionException("full");
                }
              });
      var tasks = new ArrayList<FlatTask<Integer>>();
      try {
        for (int i = 0; i < 400; i++) {
          int n = i;
          FlatTask<Integer> before = tasks.isEmpty() ? null : tasks.getLast();
          tasks.add(
              n % 2 == 0 || before == null
                  ? flat.withPortalRunSync(
                      () -> {
                        Thread.yield();
                        Thread.sleep(0, 1_000);
                        return n;
                      })
                  : flat.withPortalRunSync(() -> await(before)));
        }
      } catch (IllegalStateException broken) {
        assertThat(broken).hasMessageContaining("is broken");
      }
      for (FlatTask<Integer> t : tasks) {
        assertThat(outcome(t))
            .satisfiesAnyOf(
                o -> assertThat(o).isInstanceOf(Integer.class),
                o -> assertThat((Throwable) o).hasMessageContaining("is broken"));
      }
      flat.close();
      assertThat(flat.tasks()).isEmpty();
      well.close();
    }
    threads.close();
  }
}
