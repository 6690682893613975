package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.NurseryFailureTest.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 5 and conformance C25: whose cancel scopes a child is under before and after started. C27
/// is in [StartMoveTest].
@ExtendWith(NothingLeft.class)
class StartCancellationTest {
  private final IOException blight = new IOException("blight");

  // C25
  @OnEveryKind
  void inACancelledScopeStartedIsIgnoredAndStartRaisesCancelled(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var outer = Nursery.open("outer")) {
            Nursery.run(
                inner -> {
                  inner.cancel("enough");
                  assertThatThrownBy(
                          () ->
                              outer.<String, RuntimeException>start(
                                  status -> {
                                    status.started("ignored");
                                    Task.checkpoint();
                                  }))
                      .isInstanceOf(Cancelled.class)
                      .hasMessageContaining("enough");
                });
            assertThat(outer.cancelScope().isCancelled()).isFalse();
          }
        });
  }

  // C25
  @OnEveryKind
  void inACancelledScopeAChildThatFinishesWithoutACheckpointSucceeds(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var outer = Nursery.open("outer")) {
            Nursery.run(
                inner -> {
                  inner.cancel();
                  String value =
                      outer.<String, RuntimeException>start(status -> status.started("quick"));
                  assertThat(value).isEqualTo("quick");
                });
          }
        });
  }

  // C25
  @OnEveryKind
  void inACancelledScopeALaterErrorOfTheChildStillComesOutOfStart(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var outer = Nursery.open("outer")) {
            Nursery.run(
                inner -> {
                  inner.cancel();
                  assertThatThrownBy(
                          () ->
                              outer.start(
                                  status -> {
                                    status.started();
                                    throw blight;
                                  }))
                      .isSameAs(blight);
                });
            assertThat(outer.cancelScope().isCancelled()).isFalse();
          }
        });
  }

  // Rule 5
  @OnEveryKind
  void untilStartedTheChildIsUnderTheCallersScopes(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var outer = Nursery.open("outer")) {
            var child = new CompletableFuture<Task<?>>();
            Nursery.run(
                inner -> {
                  inner.fork(
                      () -> {
                        child.get();
                        inner.cancel("enough");
                      });
                  assertThatThrownBy(
                          () ->
                              outer.start(
                                  status -> {
                                    child.complete(Task.current());
                                    Task.sleepForever();
                                  }))
                      .isInstanceOf(Cancelled.class)
                      .hasMessageContaining("enough");
                });
            assertThat(child.get().outcome().orElseThrow())
                .isInstanceOf(Outcome.WasCancelled.class);
            assertThat(outer.cancelScope().isCancelled()).isFalse();
          }
        });
  }

  // Rule 5
  @OnEveryKind
  void afterStartedTheChildIsNotUnderTheCallersScopes(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var outer = Nursery.open("outer")) {
            var release = new CountDownLatch(1);
            var child = new CompletableFuture<Task<?>>();
            Nursery.run(
                inner -> {
                  outer.start(
                      status -> {
                        child.complete(Task.current());
                        status.started();
                        release.await();
                        Task.checkpoint();
                      });
                  inner.cancel("enough");
                });
            release.countDown();
            child.get().join(); // and not TaskCancelledException
          }
        });
  }

  // Rule 5, Trio's known deadlock
  @OnEveryKind
  void cancellingTheNurseryReachesAPendingStart(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var starters = Nursery.open("starters")) {
            Task<Throwable> starter;
            try (var target = Nursery.open("target")) {
              var pending = new CountDownLatch(1);
              starter =
                  starters.fork(
                      () ->
                          catchThrowable(
                              () ->
                                  target.start(
                                      status -> {
                                        pending.countDown();
                                        Task.sleepForever();
                                      })));
              pending.await();
              target.cancel("enough");
            }
            assertThat(starter.join())
                .isInstanceOf(TaskCancelledException.class)
                .hasMessageContaining("enough");
          }
        });
  }

  // The same with the nursery's own body as the caller
  @OnEveryKind
  void aTaskThatCancelsTheNurseryReachesAPendingStartOfItsBody(Kind kind) throws Throwable {
    kind.run(
        () ->
            Nursery.run(
                nursery -> {
                  var pending = new CountDownLatch(1);
                  nursery.fork(
                      () -> {
                        pending.await();
                        nursery.cancel("enough");
                      });
                  assertThatThrownBy(
                          () ->
                              nursery.start(
                                  status -> {
                                    pending.countDown();
                                    Thread.sleep(3_600_000);
                                  }))
                      .isInstanceOf(Cancelled.class)
                      .hasMessageContaining("enough");
                }));
  }

  // A task that fails reaches it as well, and the body leaves by the nursery's failure
  @OnEveryKind
  void aSiblingThatFailsReachesAPendingStartOfTheBody(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open("beds")) {
                      var pending = new CountDownLatch(1);
                      nursery.fork(
                          () -> {
                            pending.await();
                            throw blight;
                          });
                      nursery.start(
                          status -> {
                            pending.countDown();
                            Task.sleepForever();
                          });
                    }
                  });
          assertThat(thrown).hasMessageContaining("'beds'");
          assertThat(thrown.failures()).containsExactly(blight);
        });
  }

  // Cancelling the child itself is no cancellation of the caller
  @OnEveryKind
  void aPendingChildThatIsCancelledItselfMakesStartThrowTaskCancelledException(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            assertThatThrownBy(
                    () ->
                        nursery.start(
                            "server",
                            status -> {
                              Task.current().cancel("enough");
                              Task.sleepForever();
                            }))
                .isInstanceOf(TaskCancelledException.class)
                .hasMessageContaining("'server'")
                .hasMessageContaining("enough");
            assertThat(nursery.cancelScope().isCancelled()).isFalse();
          }
        });
  }

  // The grandchildren of a pending child are under the caller's scopes, too
  @OnEveryKind
  void cancellingTheCallerReachesTheGrandchildrenOfAPendingStart(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var outer = Nursery.open("outer")) {
            Throwable thrown = cancelledWithGrandchildren(outer, () -> Task.sleepForever());
            assertThat(thrown).isInstanceOf(Cancelled.class).hasMessageContaining("enough");
          }
        });
  }

  // Here the child has nothing to raise itself: its body is over, and close() is no cancellation
  // point. That it never called started() is still no mistake of its own.
  @OnEveryKind
  void aChildThatEndsQuietlyBecauseTheCallerIsCancelledMakesStartRaiseCancelled(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          try (var outer = Nursery.open("outer")) {
            Throwable thrown = cancelledWithGrandchildren(outer, () -> {});
            assertThat(thrown).isInstanceOf(Cancelled.class).hasMessageContaining("enough");
          }
        });
  }

  private static Throwable cancelledWithGrandchildren(Nursery outer, Runnable end) {
    var asleep = new CountDownLatch(2);
    var thrown = new CompletableFuture<Throwable>();
    Nursery.run(
        inner -> {
          inner.fork(
              () -> {
                asleep.await();
                inner.cancel("enough");
              });
          thrown.complete(
              catchThrowable(
                  () ->
                      outer.start(
                          status ->
                              Nursery.run(
                                  grandchildren -> {
                                    for (int i = 0; i < 2; i++) {
                                      grandchildren.fork(
                                          () -> {
                                            asleep.countDown();
                                            Task.sleepForever();
                                          });
                                    }
                                    end.run();
                                  }))));
        });
    return thrown.getNow(null);
  }
}
