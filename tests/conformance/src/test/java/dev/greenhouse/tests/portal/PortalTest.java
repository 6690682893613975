package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.bestowPortal;
import static dev.greenhouse.portal.Portal.ensurePortal;
import static dev.greenhouse.portal.Portal.hasPortal;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static dev.greenhouse.portal.Portal.withPortalRunSync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.portal.NoPortalException;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Who has a portal, and for how long: greenback's test_simple, test_with_portal_run, test_bestow,
/// test_misuse, test_checkpoints.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PortalTest {
  private static final CompletableFuture<String> DONE = CompletableFuture.completedFuture("ripe");

  @OnEveryKind
  void withoutAPortalNothingIsAwaitedNotEvenWhatIsDone(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThat(hasPortal()).isFalse();
          assertThatThrownBy(() -> await(DONE))
              .isInstanceOf(NoPortalException.class)
              .hasMessageContaining("Task 'main' has no portal")
              .hasMessageContaining("Portal.withPortalRunTree(op)");
          var started = new boolean[1];
          assertThatThrownBy(
                  () ->
                      await(
                          () -> {
                            started[0] = true;
                            return DONE;
                          }))
              .isInstanceOf(NoPortalException.class);
          assertThat(started[0]).isFalse();
        });
  }

  @Test
  void outsideOfTasksNothingIsAwaited() {
    assertThat(hasPortal()).isFalse();
    assertThatThrownBy(() -> await(DONE))
        .isInstanceOf(NoPortalException.class)
        .hasMessageContaining("is no task of a nursery");
    assertThatThrownBy(() -> withPortalRun(() -> 1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> ensurePortal()).isInstanceOf(IllegalStateException.class);
  }

  @OnEveryKind
  void ensuredPortalLastsAsLongAsItsTaskAndIsNotInherited(Kind kind) throws Throwable {
    kind.run(
        () -> {
          ensurePortal();
          ensurePortal();
          assertThat(hasPortal()).isTrue();
          for (int i = 0; i < 100; i++) {
            var stage = new CompletableFuture<Integer>();
            int n = i;
            try (var nursery = Nursery.open()) {
              nursery.fork(() -> stage.complete(n));
              nursery.fork(() -> assertThat(hasPortal()).isFalse());
              assertThat(await(stage)).isEqualTo(n);
            }
            Task.checkpoint();
          }
        });
  }

  @OnEveryKind
  void ensurePortalIsACheckpointEachTime(Kind kind) throws Throwable {
    kind.run(
        () ->
            assertThat(
                    CancelScope.run(
                        scope -> {
                          ensurePortal();
                          scope.cancel();
                          ensurePortal();
                        }))
                .isFalse());
  }

  @OnEveryKind
  void portalOfACallEndsWithTheCall(Kind kind) throws Throwable {
    kind.run(
        () -> {
          String value =
              withPortalRun(
                  () -> {
                    ensurePortal(); // adds nothing
                    return withPortalRunSync(() -> await(DONE)) + await(DONE);
                  });
          assertThat(value).isEqualTo("riperipe");
          assertThat(hasPortal()).isFalse();
          assertThatThrownBy(
                  () ->
                      withPortalRun(
                          () -> {
                            throw new IOException("rotten");
                          }))
              .isInstanceOf(IOException.class);
          assertThat(hasPortal()).isFalse();
          ensurePortal();
          withPortalRun(() -> assertThat(hasPortal()).isTrue());
          assertThat(hasPortal()).isTrue();
        });
  }

  @OnEveryKind
  void bestowedPortalIsUsable(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var go = new CompletableFuture<String>();
          Task<String> child;
          try (var nursery = Nursery.open()) {
            child =
                nursery.fork(
                    () -> {
                      while (!hasPortal()) {
                        Task.checkpoint();
                      }
                      return await(go);
                    });
            assertThat(hasPortal(child)).isFalse();
            bestowPortal(child);
            bestowPortal(child);
            assertThat(hasPortal(child)).isTrue();
            Task.checkpoint();
            go.complete("go");
          }
          assertThat(child.join()).isEqualTo("go");
          assertThat(hasPortal(child)).isFalse();
          assertThatThrownBy(() -> bestowPortal(child))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("has ended");
          bestowPortal(Task.current());
          assertThat(await(DONE)).isEqualTo("ripe");
        });
  }

  @Test
  void threadThatOpensANurseryIsATaskMeanwhile() {
    try (var nursery = Nursery.open()) {
      assertThat(withPortalRun(() -> await(DONE))).isEqualTo("ripe");
      assertThat(nursery.isOpen()).isTrue();
    }
    assertThat(Greenhouse.common().instruments().list()).isEmpty();
  }
}
