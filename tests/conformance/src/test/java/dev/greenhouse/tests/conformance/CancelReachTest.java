package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance D38 and D39: what the cancellation of a scope reaches, and what passes it.
@ExtendWith(NothingLeft.class)
class CancelReachTest {
  // D38
  @OnEveryKind
  void cancellationReachesAllDescendantsThroughNestedNurseries(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var asleep = new CountDownLatch(4 * 3 * 2);
          var leaves = new ArrayList<Task<?>>();
          boolean ended =
              CancelScope.run(
                  scope -> {
                    try (var top = Nursery.open("top")) {
                      for (int i = 0; i < 4; i++) {
                        top.fork(() -> grow(3, 2, asleep, leaves));
                      }
                      asleep.await();
                      scope.cancel("winter");
                    }
                    Task.checkpoint();
                  });
          assertThat(ended).isFalse();
          assertThat(leaves).hasSize(24);
          for (Task<?> leaf : leaves) {
            assertThat(leaf.outcome().orElseThrow())
                .isInstanceOfSatisfying(
                    Outcome.WasCancelled.class,
                    w -> assertThat(w.reason().text()).isEqualTo("winter"));
          }
        });
  }

  private static void grow(int width, int depth, CountDownLatch asleep, List<Task<?>> leaves) {
    try (var nursery = Nursery.open()) {
      for (int i = 0; i < width; i++) {
        if (depth > 1) {
          nursery.fork(() -> grow(2, 1, asleep, leaves));
        } else {
          Task<?> leaf =
              nursery.fork(
                  () -> {
                    asleep.countDown();
                    Task.sleepForever();
                  });
          synchronized (leaves) {
            leaves.add(leaf);
          }
        }
      }
    }
  }

  // D38
  @OnEveryKind
  void aTaskForkedIntoACancelledScopesNurseryLaterIsCancelled(Kind kind) throws Throwable {
    kind.run(
        () ->
            CancelScope.run(
                scope -> {
                  try (var nursery = Nursery.open()) {
                    scope.cancel();
                    Task<?> late = nursery.fork(() -> Task.sleepForever());
                    CancelScope.shield(
                        () ->
                            assertThatThrownBy(late::join)
                                .isInstanceOf(TaskCancelledException.class));
                    assertThat(late.outcome().orElseThrow())
                        .isInstanceOf(Outcome.WasCancelled.class);
                  }
                }));
  }

  // D38
  @OnEveryKind
  void aScopeInsideOfANurseryDoesNotReachTheNurserysTasks(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          try (var nursery = Nursery.open()) {
            Task<Integer> outside =
                nursery.fork(
                    () -> {
                      Task.sleep(Duration.ofHours(1));
                      return 1;
                    });
            boolean ended =
                CancelScope.run(
                    scope -> {
                      // Forked inside, but the nursery is outside, and so is the task.
                      nursery.fork(() -> Task.sleep(Duration.ofHours(1)));
                      scope.cancel();
                      Task.sleepForever();
                    });
            assertThat(ended).isFalse();
            assertThat(outside.join()).isEqualTo(1);
            nursery.join();
          }
        });
  }

  // D39
  @OnEveryKind
  void whatIsNoCancellationPassesACancelledScopeAndDoesNotCountAsCaught(Kind kind)
      throws Throwable {
    var drought = new IOException("drought");
    kind.run(
        () -> {
          var seen = new AtomicReference<CancelScope>();
          Throwable thrown =
              catchThrowable(
                  () ->
                      CancelScope.run(
                          scope -> {
                            seen.set(scope);
                            scope.cancel();
                            throw drought;
                          }));
          assertThat(thrown).isSameAs(drought);
          assertThat(seen.get().isCancelled()).isTrue();
          assertThat(seen.get().caughtCancellation()).isFalse();
        });
  }

  // D39: a group without its cancellations
  @OnEveryKind
  void onlyTheFailuresOfANurseryPassACancelledScope(Kind kind) throws Throwable {
    var blight = new IOException("blight");
    kind.run(
        () -> {
          var seen = new AtomicReference<CancelScope>();
          NurseryFailedException thrown =
              catchThrowableOfType(
                  NurseryFailedException.class,
                  () ->
                      CancelScope.run(
                          scope -> {
                            seen.set(scope);
                            Nursery.run(
                                nursery -> {
                                  nursery.fork(() -> Task.sleepForever());
                                  nursery.fork(() -> failWhenCancelled(blight));
                                  scope.cancel();
                                  Task.sleepForever();
                                });
                          }));
          assertThat(thrown.failures()).containsExactly(blight);
          assertThat(seen.get().caughtCancellation()).isFalse();
        });
  }

  private static void failWhenCancelled(IOException failure) throws IOException {
    try {
      Task.sleepForever();
    } catch (Cancelled expected) {
      throw failure;
    }
  }

  // B15, where the cancellation came before the nursery
  @OnEveryKind
  void childOfANurseryThatIsOpenedInACancelledScopeIsToldAtItsFirstCheckpoint(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          var told = new AtomicInteger();
          for (int i = 0; i < 100; i++) {
            CancelScope.run(
                scope -> {
                  scope.cancel();
                  try (var nursery = Nursery.open()) {
                    nursery.fork(
                        () -> {
                          try {
                            Task.throwIfCancelled();
                          } catch (Cancelled expected) {
                            told.incrementAndGet();
                            throw expected;
                          }
                        });
                  }
                });
          }
          assertThat(told).hasValue(100);
        });
  }
}
