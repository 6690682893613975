package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.NurseryFailureTest.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.StartBody;
import dev.greenhouse.nursery.StartStatus;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 5 and conformance C22, C23, C26, C28: start and started. Cancellation is in
/// [StartCancellationTest]. C29 is left out: there is no temporary nursery.
@ExtendWith(NothingLeft.class)
class StartTest {
  private final IOException blight = new IOException("blight");

  // C22
  @OnEveryKind
  void startReturnsTheStartedValueAtThatMomentAndTheNurseryWaitsForTheChild(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          var release = new CountDownLatch(1);
          var ended = new AtomicBoolean();
          try (var nursery = Nursery.open()) {
            String value =
                nursery.start(
                    (StartStatus<String> status) -> {
                      status.started("ready");
                      release.await();
                      ended.set(true);
                    });
            assertThat(value).isEqualTo("ready");
            assertThat(ended).isFalse();
            assertThat(nursery.children()).hasSize(1);
            release.countDown();
          }
          assertThat(ended).isTrue();
        });
  }

  // C22
  @OnEveryKind
  void startedWithoutAValueMakesStartReturnNull(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Object value = nursery.start(status -> status.started());
            assertThat(value).isNull();
          }
        });
  }

  // C22: the same body also works called directly
  @OnEveryKind
  void aStartBodyCanBeCalledDirectly(Kind kind) throws Throwable {
    StartBody<Integer, RuntimeException> body =
        status -> {
          status.started(3);
          Task.checkpoint();
        };
    kind.run(
        () -> {
          body.run(StartStatus.ignored());
          try (var nursery = Nursery.open()) {
            int value = nursery.start("server", body);
            assertThat(value).isEqualTo(3);
          }
        });
  }

  // B18, C22
  @OnEveryKind
  void aStartedTaskStandsInTheNurseryWithItsName(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<?> child =
                nursery.<Task<?>, RuntimeException>start(
                    "server", status -> status.started(Task.current()));
            assertThat(child.name()).isEqualTo("server");
            assertThat(child.parent()).containsSame(nursery);
          }
        });
  }

  // Rule 5
  @OnEveryKind
  void anExceptionBeforeStartedComesOutUnwrappedAndLeavesTheNurseryAlone(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<Integer> sibling =
                nursery.fork(
                    () -> {
                      Task.checkpoint();
                      return 1;
                    });
            // The declared type comes out: this does not compile otherwise.
            try {
              nursery.<Integer, IOException>start(
                  status -> {
                    Task.checkpoint();
                    throw blight;
                  });
            } catch (IOException e) {
              assertThat(e).isSameAs(blight);
              assertThat(e).hasNoSuppressedExceptions();
            }
            assertThat(nursery.cancelScope().isCancelled()).isFalse();
            assertThat(sibling.join()).isEqualTo(1);
          }
        });
  }

  @OnEveryKind
  void anExceptionAfterStartedFailsTheNursery(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open()) {
                      var go = new CountDownLatch(1);
                      nursery.start(
                          status -> {
                            status.started();
                            go.await();
                            throw blight;
                          });
                      go.countDown();
                    }
                  });
          assertThat(thrown.failures()).containsExactly(blight);
        });
  }

  // C23
  @OnEveryKind
  void startedTwiceIsAnErrorInTheChild(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var second = new CompletableFuture<Throwable>();
          try (var nursery = Nursery.open()) {
            int value =
                nursery.<Integer, RuntimeException>start(
                    "server",
                    status -> {
                      status.started(1);
                      second.complete(catchThrowable(() -> status.started(2)));
                    });
            assertThat(value).isEqualTo(1);
          }
          assertThat(second.getNow(null))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("twice")
              .hasMessageContaining("'server'");
        });
  }

  // C23
  @OnEveryKind
  void endingWithoutStartedIsAnErrorFromStart(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            assertThatThrownBy(() -> nursery.start("server", status -> Task.checkpoint()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'server'")
                .hasMessageContaining("started()");
            assertThat(nursery.cancelScope().isCancelled()).isFalse();
          }
        });
  }

  @OnEveryKind
  void startedAfterTheEndIsAnError(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var leaked = new CompletableFuture<StartStatus<Integer>>();
            assertThatThrownBy(
                    () -> nursery.<Integer, RuntimeException>start("server", leaked::complete))
                .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> leaked.getNow(null).started(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'server'")
                .hasMessageContaining("ended");
          }
        });
  }

  // "Usually called by the new task itself; any thread may"
  @OnEveryKind
  void anotherThreadMayCallStarted(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            int value =
                nursery.<Integer, RuntimeException>start(
                    status -> {
                      Thread.ofPlatform().start(() -> status.started(9));
                      Task.sleepForever();
                    });
            assertThat(value).isEqualTo(9);
            nursery.cancel();
          }
        });
  }

  // C26
  @OnEveryKind
  void startOnAClosedNurseryFailsAtOnce(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Nursery closed;
          try (var nursery = Nursery.open("beds")) {
            closed = nursery;
          }
          var ran = new AtomicBoolean();
          assertThatThrownBy(
                  () ->
                      closed.start(
                          status -> {
                            ran.set(true);
                            status.started();
                          }))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("'beds'");
          assertThat(ran).isFalse();
        });
  }

  @OnEveryKind
  void startOnAPlainThreadIsRefused(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var thrown = new CompletableFuture<Throwable>();
            Thread.ofPlatform()
                .start(
                    () ->
                        thrown.complete(
                            catchThrowable(() -> nursery.start(status -> status.started()))));
            assertThat(thrown.get())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no task");
          }
        });
  }

  // C28
  @OnEveryKind
  void aPendingStartKeepsItsTargetOpenEvenIfTheChildFinallyFails(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var starters = Nursery.open("starters")) {
            var pending = new CountDownLatch(1);
            var release = new CountDownLatch(1);
            var openAtTheEnd = new CompletableFuture<Boolean>();
            Task<Throwable> starter;
            try (var target = Nursery.open("target")) {
              starter =
                  starters.fork(
                      () ->
                          catchThrowable(
                              () ->
                                  target.start(
                                      status -> {
                                        pending.countDown();
                                        release.await();
                                        openAtTheEnd.complete(target.isOpen());
                                        throw blight;
                                      })));
              pending.await();
              starters.fork(() -> release.countDown());
            }
            assertThat(openAtTheEnd.getNow(null)).isTrue();
            assertThat(starter.join()).isSameAs(blight);
          }
        });
  }

  // Forking goes on while a start is pending, and the started child is the nursery's
  @OnEveryKind
  void aStartByATaskThatIsNotTheOwnerWorks(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            int value =
                nursery
                    .fork(
                        () ->
                            nursery.<Integer, RuntimeException>start(
                                status -> {
                                  assertThat(Task.current().parent()).containsSame(nursery);
                                  status.started(4);
                                }))
                    .join();
            assertThat(value).isEqualTo(4);
          }
        });
  }
}
