package dev.greenhouse.tests.flat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.NothingLeft;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// The failure of a flat task is logged if nobody has looked at it, and can't any more.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SuppressWarnings("FutureReturnValueIgnored") // that is what it is about
class UnseenFailureTest {
  private static final List<Function<FlatTask<String>, ?>> LOOKS_AT_A_FAILED_TASK =
      List.of(
          task -> catchThrowable(task::join),
          task -> catchThrowable(task::get),
          task -> catchThrowable(() -> task.getNow("none")),
          task -> task.exceptionNow(),
          task -> task.isCompletedExceptionally(),
          task -> task.exceptionally(e -> "none"),
          task -> task.whenComplete((value, error) -> {}),
          task -> task.copy(),
          task -> task.minimalCompletionStage(),
          task -> CompletableFuture.completedFuture("other").thenCombine(task, String::concat));

  private static final List<Function<FlatTask<String>, ?>> LOOKS_AT_A_TASK_THAT_RUNS =
      List.of(
          task -> task.thenAccept(value -> {}),
          task -> task.handle((value, error) -> "none"),
          task -> CompletableFuture.allOf(task, new CompletableFuture<>()),
          task -> CompletableFuture.anyOf(task));

  @OnEveryLoop
  void isLoggedOnceTheTaskIsGone(LoopKind kind) throws Throwable {
    try (var log = CapturedLog.begin()) {
      kind.run(
          flat -> {
            awaitGone(List.of(failed(flat, "lost", "late frost")));
            log.await(
                "ERROR", "Flat task 'lost' failed, and nobody has looked at it.", "late frost");
          });
      assertThat(log.text().split("'lost'")).as("said once").hasSize(2);
    }
  }

  @OnEveryLoop
  void isNotLoggedIfSomebodyHasLooked(LoopKind kind) throws Throwable {
    try (var log = CapturedLog.begin()) {
      kind.run(
          flat -> {
            var gone = new ArrayList<WeakReference<FlatTask<?>>>();
            LOOKS_AT_A_FAILED_TASK.forEach(look -> gone.add(lookedAt(flat, look)));
            for (Function<FlatTask<String>, ?> look : LOOKS_AT_A_TASK_THAT_RUNS) {
              gone.add(lookedAtWhileItRuns(flat, look));
            }
            gone.add(cancelled(flat));
            awaitGone(gone);
            for (String sentinel : List.of("first sentinel", "second sentinel")) {
              awaitGone(List.of(failed(flat, sentinel, "sentinel")));
              log.await(sentinel);
            }
          });
      assertThat(log.text()).doesNotContain("'seen'");
    }
  }

  /// In methods of their own, so that no frame keeps the task.
  private static WeakReference<FlatTask<?>> failed(FlatExecutor flat, String name, String why) {
    FlatTask<String> task =
        flat.spawn(name, () -> CompletableFuture.failedFuture(new IOException(why)));
    Eventually.holds("done", task::isDone);
    return new WeakReference<>(task);
  }

  private static WeakReference<FlatTask<?>> lookedAt(
      FlatExecutor flat, Function<FlatTask<String>, ?> look) {
    FlatTask<String> task =
        flat.spawn("seen", () -> CompletableFuture.failedFuture(new IOException("frost")));
    Eventually.holds("done", task::isDone);
    var _ = look.apply(task);
    return new WeakReference<>(task);
  }

  private static WeakReference<FlatTask<?>> lookedAtWhileItRuns(
      FlatExecutor flat, Function<FlatTask<String>, ?> look) throws InterruptedException {
    var stage = new CompletableFuture<String>();
    FlatTask<String> task = flat.spawn("seen", () -> stage);
    var _ = look.apply(task);
    stage.completeExceptionally(new IOException("frost"));
    Eventually.holds("done", task::isDone);
    return new WeakReference<>(task);
  }

  private static WeakReference<FlatTask<?>> cancelled(FlatExecutor flat)
      throws InterruptedException {
    var begun = new CountDownLatch(1);
    FlatTask<String> task =
        flat.spawn(
            "seen",
            () -> {
              begun.countDown();
              return new CompletableFuture<>();
            });
    begun.await();
    task.cancel("enough");
    Eventually.holds("done", task::isDone);
    return new WeakReference<>(task);
  }

  private static void awaitGone(List<WeakReference<FlatTask<?>>> tasks) {
    Eventually.holds(
        "the tasks are garbage",
        () -> {
          System.gc();
          return tasks.stream().allMatch(task -> task.refersTo(null));
        });
  }
}
