package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rules 2 and 3 and conformance B10, B11, B13: what fails, and how it comes out. What `close()`
/// does when the body threw is in [BodyThrowsTest].
@ExtendWith(NothingLeft.class)
@SuppressWarnings("FutureReturnValueIgnored") // only there to be told of the end
class NurseryFailureTest {
  private final IOException blight = new IOException("blight");
  private final IllegalArgumentException rot = new IllegalArgumentException("rot");

  // B10
  @OnEveryKind
  void anExceptionOfTheBodyComesOutInAGroupOfOne(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () ->
                      Nursery.run(
                          nursery -> {
                            throw blight;
                          }));
          assertThat(thrown.getCause()).isSameAs(blight);
          assertThat(thrown.failures()).containsExactly(blight);
          assertThat(thrown).hasNoSuppressedExceptions();
        });
  }

  // B11
  @OnEveryKind
  void anExceptionOfAChildComesOutInAGroupOfOne(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open("beds")) {
                      fail(nursery, blight);
                    }
                  });
          assertThat(thrown).hasMessageContaining("'beds'").hasMessageContaining("blight");
          assertThat(thrown.getCause()).isSameAs(blight);
          assertThat(thrown.failures()).containsExactly(blight);
          assertThat(thrown).hasNoSuppressedExceptions();
        });
  }

  // B13
  @OnEveryKind
  void bodyAndChildFailingAreBothInTheGroupAndNotChained(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () ->
                      Nursery.run(
                          nursery -> {
                            failWhenCancelled(nursery, rot);
                            throw blight;
                          }));
          assertThat(thrown.failures()).containsExactly(blight, rot);
          assertThat(thrown.getCause()).isSameAs(blight);
          assertThat(thrown.getSuppressed()).containsExactly(rot);
          for (Throwable member : thrown.failures()) {
            assertThat(member).hasNoCause().hasNoSuppressedExceptions();
          }
        });
  }

  // B13, rule 2: all of them, in order of arrival, never fewer
  @OnEveryKind
  void allFailuresComeOutInTheOrderOfTheirArrival(Kind kind) throws Throwable {
    var errors = IntStream.range(0, 50).mapToObj(i -> new IOException("no " + i)).toList();
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open()) {
                      var turns =
                          IntStream.rangeClosed(0, 50)
                              .mapToObj(i -> new CountDownLatch(1))
                              .toList();
                      for (int i = 0; i < 50; i++) {
                        int n = i;
                        nursery.fork(
                            () -> {
                              awaitStubbornly(turns.get(n));
                              Task<?> me = Task.current();
                              // The next one's turn comes when this one's failure is known.
                              me.toCompletableFuture()
                                  .whenComplete((v, t) -> turns.get(n + 1).countDown());
                              throw errors.get(n);
                            });
                      }
                      turns.getFirst().countDown();
                    }
                  });
          assertThat(thrown.getCause()).isSameAs(errors.getFirst());
          assertThat(thrown.getSuppressed()).isEqualTo(errors.subList(1, 50).toArray());
          assertThat(thrown.failures()).isEqualTo(errors);
        });
  }

  private static void awaitStubbornly(CountDownLatch latch) {
    while (true) {
      try {
        latch.await();
        return;
      } catch (InterruptedException cancelled) {
        // it fails in its turn, cancelled or not
      }
    }
  }

  // Rule 2: the rest is cancelled before the failed task's outcome is published
  @OnEveryKind
  void childFailureCancelsSiblingsBeforeItsOutcomeIsSeen(Kind kind) {
    var failing = new AtomicReference<Task<?>>();
    var seenAtCancel = new CompletableFuture<Optional<?>>();
    var instrument =
        new Instrument() {
          @Override
          public void cancelRequested(TaskView owner, String scope, CancelReason reason) {
            seenAtCancel.complete(failing.get().outcome());
          }
        };
    try (OpenGreenhouse greenhouse = kind.build(instrument)) {
      greenhouse.run(
          () ->
              failing(
                  () -> {
                    try (var nursery = Nursery.open()) {
                      nursery.fork(() -> Task.sleepForever());
                      var go = new CountDownLatch(1);
                      failing.set(
                          nursery.fork(
                              () -> {
                                go.await();
                                throw blight;
                              }));
                      go.countDown();
                    }
                  }));
    }
    assertThat(failing.get().outcome()).isPresent();
    assertThat(seenAtCancel.join()).isEmpty();
  }

  // Rule 2: Cancelled from the nursery's own cancellation is no failure
  @OnEveryKind
  void aNurseryCancelledByHandDoesNotFail(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            nursery.fork(() -> Task.sleepForever());
            nursery.fork(() -> new CountDownLatch(1).await());
            nursery.fork(() -> Thread.sleep(3_600_000));
            nursery.cancel("enough");
          }
          Nursery.run(
              nursery -> {
                nursery.fork(() -> nursery.cancel("enough"));
                Task.sleepForever();
              });
        });
  }

  // Rule 2: it is absorbed in the void form, but there is no value
  @OnEveryKind
  void callMustHaveAValueSoItsOwnCancellationLeaves(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThatThrownBy(
                  () ->
                      Nursery.call(
                          nursery -> {
                            nursery.cancel("enough");
                            Task.checkpoint();
                            return 1;
                          }))
              .isInstanceOf(Cancelled.class)
              .hasMessageContaining("enough");
          int value =
              Nursery.call(
                  nursery -> {
                    nursery.cancel("enough");
                    return 2;
                  });
          assertThat(value).isEqualTo(2);
        });
  }

  // Rule 3
  @OnEveryKind
  void aCancelledThatEscapesItsScopeIsAFailureThatPointsToNurseryRun(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open()) {
                      nursery.fork(
                          "rose",
                          () -> {
                            try (var inner = Nursery.open("pot")) {
                              inner.cancel("winter");
                              Task.checkpoint();
                            }
                          });
                    }
                  });
          assertThat(thrown.getCause())
              .isInstanceOf(Cancelled.class)
              .hasMessageContaining("Nursery.run")
              .hasMessageContaining("'rose'")
              .hasMessageContaining("'pot'")
              .hasMessageContaining("winter");
        });
  }

  // ---- what the tests share

  interface Code {
    void run() throws Exception;
  }

  static NurseryFailedException failing(Code code) {
    return catchThrowableOfType(NurseryFailedException.class, code::run);
  }

  static void fail(Nursery nursery, Exception error) {
    nursery.fork(
        () -> {
          throw error;
        });
  }

  /// A task that fails in its cleanup.
  static void failWhenCancelled(Nursery nursery, Exception error) {
    nursery.fork(
        () -> {
          try {
            Task.sleepForever();
          } catch (Cancelled c) {
            throw error;
          }
        });
  }
}
