package dev.greenhouse.tests.flat;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.awaitFuture;
import static dev.greenhouse.portal.Portal.ensurePortal;
import static dev.greenhouse.portal.Portal.hasPortal;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static dev.greenhouse.portal.Portal.withPortalRunSync;
import static dev.greenhouse.portal.Portal.withPortalRunTree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.portal.Ambient;
import dev.greenhouse.portal.NoPortalException;
import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/// What is refused in and around flat tasks, and what the texts say: greenback's test_misuse and
/// test_aio_context_without_active_task.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FlatMisuseTest {
  private static final CompletableFuture<String> DONE = CompletableFuture.completedFuture("ripe");

  @OnEveryLoop
  void directStepAwaitsNothingNotEvenWhatIsDone(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var started = new AtomicBoolean();
          var future = new FutureTask<>(() -> 1);
          Flow.Publisher<String> publisher = s -> started.set(true);
          FlatTask<List<Throwable>> task =
              flat.spawn(
                  "weeder",
                  () -> {
                    assertThat(hasPortal()).isFalse();
                    return CompletableFuture.completedFuture(
                        List.of(
                            catchThrowable(() -> await(DONE)),
                            catchThrowable(() -> await(DONE, Exception.class)),
                            catchThrowable(
                                () ->
                                    await(
                                        () -> {
                                          started.set(true);
                                          return DONE;
                                        })),
                            catchThrowable(() -> await(publisher)),
                            catchThrowable(() -> awaitFuture(future)),
                            catchThrowable(() -> ensurePortal()),
                            catchThrowable(() -> withPortalRun(() -> started.set(true))),
                            catchThrowable(() -> withPortalRun(() -> 1)),
                            catchThrowable(() -> withPortalRunSync(() -> started.set(true))),
                            catchThrowable(() -> withPortalRunSync(() -> 1))));
                  });
          assertThat(task.get())
              .hasSize(10)
              .allSatisfy(
                  e ->
                      assertThat(e)
                          .isInstanceOf(NoPortalException.class)
                          .hasMessageContainingAll(
                              "Flat task 'weeder' has no portal in this step",
                              "directly on its loop's thread",
                              "FlatExecutor.withPortalRun(fn)",
                              "FlatTask.ensurePortal()"));
          assertThat(started).isFalse();
        });
  }

  @OnEveryLoop
  void treesAreRefused(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          assertThatThrownBy(() -> flat.withPortalRunTree(() -> DONE))
              .isInstanceOf(UnsupportedOperationException.class)
              .hasMessageContainingAll(
                  "Flat executor '" + flat.name() + "' has no tree",
                  "withPortalRunSync(fn)",
                  "Greenhouse.builder().on(executor)");
          FlatTask<Throwable> direct =
              flat.spawn(
                  "twig",
                  () ->
                      CompletableFuture.completedFuture(
                          catchThrowable(() -> withPortalRunTree(() -> 1))));
          assertRefusedTree(direct);
        });
  }

  @NeedsFlag
  @OnEveryLoop
  void treesAreRefusedInAPortalToo(LoopKind kind) throws Throwable {
    kind.run(
        flat ->
            assertRefusedTree(
                flat.withPortalRunSync(
                    "twig", () -> catchThrowable(() -> withPortalRunTree(() -> 1)))));
  }

  private static void assertRefusedTree(FlatTask<Throwable> twig) throws Exception {
    assertThat(twig.get())
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContainingAll(
            "Flat task 'twig' is in no tree", "FlatExecutor.withPortalRun(fn)", "nurseries");
  }

  @Test
  void callbackOfTheLoopIsNoTask() throws Exception {
    try (var loop = Executors.newSingleThreadExecutor();
        var flat = FlatExecutor.on(loop)) {
      assertThat(flat.spawn(() -> CompletableFuture.completedFuture(Ambient.current())).get())
          .isEqualTo(Ambient.FLAT_TASK);
      loop.submit(
              () -> {
                assertThat(hasPortal()).isFalse();
                assertThat(Ambient.current()).isEqualTo(Ambient.NEITHER);
                assertThat(FlatTask.currentIfAny()).isEmpty();
                assertThatThrownBy(() -> await(DONE))
                    .isInstanceOf(NoPortalException.class)
                    .hasMessageContaining("is no task of a nursery");
              })
          .get();
    }
  }

  @OnEveryLoop
  void dependentsOfATaskRunOnTheLoopAndInNoTask(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var gate = new CompletableFuture<Integer>();
          FlatTask<Integer> task = flat.spawn(() -> gate);
          CompletableFuture<Ambient> dependent = task.thenApply(n -> Ambient.current());
          CompletableFuture<Thread> thread = task.thenApply(n -> Thread.currentThread());
          gate.complete(1);
          assertThat(dependent.get()).isEqualTo(Ambient.NEITHER);
          assertThat(thread.get()).isNotSameAs(Thread.currentThread());
        });
  }

  @Test
  void nullIsRefusedAtOnce() {
    try (var flat = FlatExecutor.open()) {
      assertThatThrownBy(() -> flat.spawn(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> flat.withPortalRun(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> FlatExecutor.on(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> FlatExecutor.open(null)).isInstanceOf(NullPointerException.class);
      var stage = new CompletableFuture<Integer>();
      FlatTask<Integer> task = flat.spawn(() -> stage);
      assertThatThrownBy(() -> task.execute(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> task.cancel((String) null)).isInstanceOf(NullPointerException.class);
      stage.complete(1);
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "greenhouse.test.flag", matches = "false")
  void withoutTheFlagPortalsNameTheLine() throws Exception {
    String line = "--add-opens java.base/java.lang=ALL-UNNAMED";
    try (var flat = FlatExecutor.open()) {
      var stage = new CompletableFuture<Integer>();
      FlatTask<Integer> task = flat.spawn(() -> stage);
      assertThat(
              List.of(
                  catchThrowable(() -> flat.withPortalRun(() -> DONE)),
                  catchThrowable(() -> flat.withPortalRunSync(() -> 1)),
                  catchThrowable(() -> flat.withPortalRunSync(() -> {})),
                  catchThrowable(task::ensurePortal)))
          .allSatisfy(
              e ->
                  assertThat(e)
                      .isInstanceOf(IllegalStateException.class)
                      .hasMessageContainingAll(
                          "A portal on an event loop needs threads on a scheduler of its own",
                          line,
                          "Add-Opens: java.base/java.lang"));
      assertThat(flat.tasks()).containsExactly(task);
      stage.complete(1);
      assertThat(task.get()).isEqualTo(1);
    }
  }

  @Test
  void ambientTellsTheWorlds() throws Exception {
    assertThat(Ambient.current()).isEqualTo(Ambient.NEITHER);
    try (var greenhouse = Kind.POOL.build()) {
      greenhouse.run(() -> assertThat(Ambient.current()).isEqualTo(Ambient.NURSERY_TASK));
    }
    assertThat(Greenhouse.common().roots()).isEmpty();
  }
}
