package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.NurseryFailureTest.fail;
import static dev.greenhouse.tests.conformance.NurseryFailureTest.failWhenCancelled;
import static dev.greenhouse.tests.conformance.NurseryFailureTest.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 3: how the body of a try-form nursery leaves, and what `close()` makes of it.
@ExtendWith(NothingLeft.class)
class BodyThrowsTest {
  /// Longer than `close()` waits before it looks whether the body threw.
  private static final Duration LONGER_THAN_THE_LOOK = Duration.ofMillis(60);

  private final IOException ours = new IOException("ours");
  private final IllegalArgumentException rot = new IllegalArgumentException("rot");

  @OnEveryKind
  void aBodyThatThrowsCancelsItsTasksAndItsExceptionStaysThePrimaryOne(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var task = new CompletableFuture<Task<?>>();
          Throwable thrown =
              catchThrowable(
                  () -> {
                    try (var nursery = Nursery.open()) {
                      task.complete(nursery.fork(() -> Task.sleepForever()));
                      throw ours;
                    }
                  });
          assertThat(thrown).isSameAs(ours).hasNoSuppressedExceptions();
          assertThat(task.getNow(null).outcome().orElseThrow())
              .isInstanceOfSatisfying(
                  Outcome.WasCancelled.class,
                  o -> assertThat(o.reason().source()).isEqualTo(Source.NURSERY_FAILED));
        });
  }

  @OnEveryKind
  void closeAttachesAFreshExceptionWithTheTasksFailuresToTheBodysOwn(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Throwable thrown =
              catchThrowable(
                  () -> {
                    try (var nursery = Nursery.open()) {
                      failWhenCancelled(nursery, rot);
                      throw ours;
                    }
                  });
          assertThat(thrown).isSameAs(ours);
          assertThat(thrown.getSuppressed()).hasSize(1);
          assertThat(((NurseryFailedException) thrown.getSuppressed()[0]).failures())
              .containsExactly(rot);
        });
  }

  @OnEveryKind
  void aBodyInTwoNurseriesThatThrowsCancelsBoth(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Throwable thrown =
              catchThrowable(
                  () -> {
                    try (var one = Nursery.open("one");
                        var two = Nursery.open("two")) {
                      one.fork(() -> Task.sleepForever());
                      two.fork(() -> Task.sleepForever());
                      throw ours;
                    } finally {
                      assertThat(Task.current().nurseries()).isEmpty();
                    }
                  });
          assertThat(thrown).isSameAs(ours);
        });
  }

  @OnEveryKind
  void aBodyThatReturnsDoesNotCancelItsTasks(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (int way = 0; way < 3; way++) {
            var ended = new AtomicBoolean();
            leaveNormally(way, ended);
            assertThat(ended).isTrue();
          }
        });
  }

  private static int leaveNormally(int way, AtomicBoolean ended) {
    while (true) {
      try (var nursery = Nursery.open()) {
        forkSlowTask(nursery, ended);
        if (way == 0) {
          return 0;
        } else if (way == 1) {
          break;
        }
      }
      return 2;
    }
    return 1;
  }

  /// The look comes by time, so here the task has to take some.
  private static void forkSlowTask(Nursery nursery, AtomicBoolean ended) {
    nursery.fork(
        () -> {
          Task.sleep(LONGER_THAN_THE_LOOK);
          ended.set(true);
        });
  }

  @OnEveryKind
  void aNurseryInACatchBlockIsNotTakenForOneWhoseBodyThrew(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var ended = new AtomicBoolean();
          try {
            throw ours;
          } catch (IOException e) {
            try (var cleanup = Nursery.open("cleanup")) {
              forkSlowTask(cleanup, ended);
            }
          }
          assertThat(ended).isTrue();
        });
  }

  /// Hand-written code that looks much like javac's own: the cleanup must not be cut off.
  @OnEveryKind
  void aNurseryWhoseFailureIsAddedAsSuppressedByHandIsNotTakenForOneWhoseBodyThrew(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          var ended = new AtomicBoolean();
          try {
            throw ours;
          } catch (Throwable e) {
            try (var cleanup = Nursery.open("cleanup")) {
              forkSlowTask(cleanup, ended);
            } catch (Throwable x) {
              e.addSuppressed(x);
            }
          }
          assertThat(ended).isTrue();
        });
  }

  @OnEveryKind
  void aBodyThatWaitsInAnOperationOfOursLeavesByTheNurserysFailure(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var inBody = new CompletableFuture<Throwable>();
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open("beds")) {
                      fail(nursery, rot);
                      try {
                        Task.sleepForever();
                      } catch (Throwable t) {
                        inBody.complete(t);
                        throw t;
                      }
                    }
                  });
          assertThat(thrown).isSameAs(inBody.getNow(null)).hasCause(rot);
          assertThat(thrown.getSuppressed()).hasSize(1);
          var fresh = (NurseryFailedException) thrown.getSuppressed()[0];
          assertThat(fresh).isNotSameAs(thrown);
          assertThat(fresh.getCause()).isSameAs(rot);
          assertThat(fresh.failures()).containsExactly(rot);
        });
  }

  // All of a nursery's exceptions share one failures() list
  @OnEveryKind
  void theExceptionThatTheBodyLeftByListsFailuresThatCameLater(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open()) {
                      var ready = new CountDownLatch(1);
                      var bodyLeft = new CountDownLatch(1);
                      nursery.fork(
                          () -> {
                            ready.countDown();
                            try {
                              Task.sleepForever();
                            } catch (Cancelled c) {
                              awaitStubbornly(bodyLeft);
                              throw rot;
                            }
                          });
                      nursery.fork(
                          () -> {
                            ready.await();
                            throw ours;
                          });
                      try {
                        Task.sleepForever();
                      } finally {
                        bodyLeft.countDown();
                      }
                    }
                  });
          assertThat(thrown.getCause()).isSameAs(ours);
          assertThat(thrown.failures()).containsExactly(ours, rot);
          var fresh = (NurseryFailedException) thrown.getSuppressed()[0];
          assertThat(fresh.failures()).containsExactly(ours, rot);
          assertThat(fresh.getCause()).isSameAs(ours);
          assertThat(fresh.getSuppressed()).containsExactly(rot);
        });
  }

  private static void awaitStubbornly(CountDownLatch latch) {
    while (true) {
      try {
        latch.await();
        return;
      } catch (InterruptedException cancelled) {
        // once more
      }
    }
  }

  @OnEveryKind
  void aBodyThatIsCancelledByHandLeavesByCancelled(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Cancelled thrown =
              catchThrowableOfType(
                  Cancelled.class,
                  () -> {
                    try (var nursery = Nursery.open("beds")) {
                      nursery.fork(() -> nursery.cancel("winter"));
                      Task.sleepForever();
                    }
                  });
          assertThat(thrown)
              .hasMessageContaining("winter")
              .hasMessageContaining("'beds'")
              .hasNoSuppressedExceptions();
          assertThat(thrown.source()).isEqualTo(Source.EXPLICIT);
          Task.checkpoint();
        });
  }

  // Thread.sleep is the very thing under test
  @OnEveryKind
  void aBodyInThreadSleepLeavesByInterruptedExceptionWithTheFailureSuppressed(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          InterruptedException thrown =
              catchThrowableOfType(
                  InterruptedException.class,
                  () -> {
                    try (var nursery = Nursery.open()) {
                      fail(nursery, rot);
                      Thread.sleep(3_600_000);
                    }
                  });
          assertThat(thrown.getSuppressed()).hasSize(1);
          assertThat(((NurseryFailedException) thrown.getSuppressed()[0]).failures())
              .containsExactly(rot);
          assertThat(Thread.interrupted()).as("an interrupt of ours left behind").isFalse();
        });
  }

  // The same in the lambda form, where it counts as the cancellation it is
  @OnEveryKind
  void aBodyInThreadSleepInTheLambdaFormAddsNoFailureOfItsOwn(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () ->
                      Nursery.run(
                          nursery -> {
                            fail(nursery, rot);
                            Thread.sleep(3_600_000);
                          }));
          assertThat(thrown.failures()).containsExactly(rot);
          assertThat(Thread.interrupted()).as("an interrupt of ours left behind").isFalse();
        });
  }

  @OnEveryKind
  void cancelOnCloseCancelsWhatStillRuns(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Task<?> task;
          try (var nursery = Nursery.open(NurseryOptions.named("beds").cancelOnClose(true))) {
            task = nursery.fork(() -> Task.sleepForever());
            assertThat(nursery.fork(() -> 3).join()).isEqualTo(3);
          }
          assertThat(task.outcome().orElseThrow()).isInstanceOf(Outcome.WasCancelled.class);
        });
  }
}
