package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.hasPortal;
import static dev.greenhouse.portal.Portal.withPortalRunTree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Portals for trees of tasks: greenback's test_with_portal_run_tree, and design rule 18.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PortalTreeTest {
  private static void grow(int depth, AtomicInteger leaves) {
    assertThat(await(CompletableFuture.completedFuture(depth))).isEqualTo(depth);
    if (depth == 0) {
      leaves.incrementAndGet();
      return;
    }
    try (var nursery = Nursery.open()) {
      for (int i = 0; i < 3; i++) {
        nursery.fork(() -> grow(depth - 1, leaves));
      }
    }
  }

  @OnEveryKind
  void everyTaskOfTheTreeHasAPortal(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var leaves = new AtomicInteger();
          withPortalRunTree(() -> grow(3, leaves));
          assertThat(leaves).hasValue(27);
          assertThat(hasPortal()).isFalse();
          assertThat(Task.current().greenhouse().instruments().list()).isEmpty();
        });
  }

  @OnEveryKind
  void tasksInNurseriesAroundTheCallHaveNone(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var around = Nursery.open()) {
            withPortalRunTree(
                () -> {
                  Task<Boolean> outside = around.fork(() -> hasPortal());
                  assertThat(outside.join()).isFalse();
                  assertThat(around.<Boolean, RuntimeException>start(s -> s.started(hasPortal())))
                      .isFalse();
                  try (var inside = Nursery.open()) {
                    assertThat(inside.fork(() -> hasPortal()).join()).isTrue();
                    assertThat(inside.<Boolean, RuntimeException>start(s -> s.started(hasPortal())))
                        .isTrue();
                    Task<Boolean> fromBelow =
                        inside.fork(() -> around.fork(() -> hasPortal()).join());
                    assertThat(fromBelow.join()).isFalse();
                  }
                });
          }
        });
  }

  @OnEveryKind
  void overlappingCallsDoNotLeak(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var first = new CompletableFuture<String>();
            var second = new CompletableFuture<String>();
            nursery.fork(
                () ->
                    withPortalRunTree(
                        () -> {
                          first.complete("open");
                          await(second);
                        }));
            nursery.fork(
                () ->
                    withPortalRunTree(
                        () -> {
                          await(first);
                          withPortalRunTree(() -> assertThat(hasPortal()).isTrue());
                          second.complete("open");
                        }));
            nursery.fork(
                () -> {
                  try (var inner = Nursery.open()) {
                    inner.fork(() -> assertThat(hasPortal()).isFalse());
                  }
                  assertThat(hasPortal()).isFalse();
                });
          }
          assertThat(Task.current().greenhouse().instruments().list()).isEmpty();
        });
  }

  @OnEveryKind
  void callThatFailsLeavesNothing(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThatThrownBy(
                  () ->
                      withPortalRunTree(
                          () -> {
                            throw new IOException("frost");
                          }))
              .isInstanceOf(IOException.class);
          assertThat(hasPortal()).isFalse();
          assertThat(Task.current().greenhouse().instruments().list()).isEmpty();
        });
  }

  @OnEveryKind
  void taskKeepsItsPortalWhenTheCallHasEnded(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var release = new CompletableFuture<String>();
          var left = new Nursery[1];
          Task<?>[] child = new Task<?>[1];
          withPortalRunTree(
              () -> {
                left[0] = Nursery.open();
                child[0] = left[0].fork(() -> await(release));
              });
          assertThat(hasPortal(child[0])).isTrue();
          assertThat(left[0].fork(() -> hasPortal()).join()).isFalse();
          release.complete("go");
          left[0].close();
          assertThat(child[0].join()).isEqualTo("go");
        });
  }
}
