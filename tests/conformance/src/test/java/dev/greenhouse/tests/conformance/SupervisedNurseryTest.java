package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.NurseryFailureTest.fail;
import static dev.greenhouse.tests.conformance.NurseryFailureTest.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskFailedException;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 6: supervised nurseries.
@ExtendWith(NothingLeft.class)
class SupervisedNurseryTest {
  private static final NurseryOptions SUPERVISED =
      NurseryOptions.named("supervised").supervised(true);

  private final IOException blight = new IOException("blight");
  private final IllegalArgumentException rot = new IllegalArgumentException("rot");

  @OnEveryKind
  void aFailureDoesNotCancelItsSiblings(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open(SUPERVISED)) {
                      var failed = new CompletableFuture<Throwable>();
                      Task<String> sibling =
                          nursery.fork(
                              () -> {
                                failed.get();
                                Task.checkpoint();
                                return "alive";
                              });
                      nursery.fork(
                          () -> {
                            try (var inner = Nursery.open()) {
                              inner.fork(() -> failed.complete(rot));
                            }
                            throw blight;
                          });
                      assertThat(sibling.join()).isEqualTo("alive");
                      assertThat(nursery.cancelScope().isCancelled()).isFalse();
                    }
                  });
          assertThat(thrown.failures()).containsExactly(blight);
        });
  }

  @OnEveryKind
  void joinObservesAFailure(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open(SUPERVISED)) {
            Task<?> task = failingTask(nursery, blight);
            assertThatThrownBy(task::join).isInstanceOf(TaskFailedException.class).hasCause(blight);
          }
        });
  }

  @OnEveryKind
  void askingForTheFutureObservesAFailure(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open(SUPERVISED)) {
            CompletableFuture<?> future = failingTask(nursery, blight).toCompletableFuture();
            assertThatThrownBy(future::get).hasCause(blight);
          }
        });
  }

  @OnEveryKind
  void theHandlerObservesEachFailureInTheFailingTask(Kind kind) throws Throwable {
    var seen = new ArrayList<Throwable>();
    kind.run(
        () -> {
          try (var nursery =
              Nursery.open(
                  SUPERVISED.onFailure(
                      (task, error) -> {
                        assertThat(Task.current()).isSameAs(task);
                        synchronized (seen) {
                          seen.add(error);
                        }
                      }))) {
            fail(nursery, blight);
            fail(nursery, rot);
          }
        });
    assertThat(seen).containsExactlyInAnyOrder(blight, rot);
  }

  @OnEveryKind
  void whatTheHandlerThrowsIsAttachedToTheFailureWhichIsThenNotObserved(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery =
                        Nursery.open(
                            SUPERVISED.onFailure(
                                (task, error) -> {
                                  throw rot;
                                }))) {
                      fail(nursery, blight);
                    }
                  });
          assertThat(thrown.getCause()).isSameAs(blight);
          assertThat(blight.getSuppressed()).containsExactly(rot);
        });
  }

  @OnEveryKind
  void onlyWhatNobodyObservedIsThrownAtTheEnd(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open(SUPERVISED)) {
                      Task<?> observed = failingTask(nursery, blight);
                      fail(nursery, rot);
                      assertThatThrownBy(observed::join).hasCause(blight);
                    }
                  });
          assertThat(thrown.failures()).containsExactly(rot);
          assertThat(thrown.getCause()).isSameAs(rot);
        });
  }

  // "The first 100 and a count, so that a server does not grow"
  @OnEveryKind
  void ofMoreThanAHundredFailuresTheFirstHundredAndTheirNumberComeOut(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var errors = new ArrayList<Throwable>();
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open(SUPERVISED)) {
                      failInTurn(nursery, 150, errors);
                    }
                  });
          assertThat(thrown.failures()).isEqualTo(errors.subList(0, 100));
          assertThat(thrown.getSuppressed()).hasSize(99);
          assertThat(thrown).hasMessageContaining("150").hasMessageContaining("100");
        });
  }

  // Nothing is ever lost: those beyond the first hundred count, even if the first are observed
  @OnEveryKind
  void failuresBeyondTheHundredthAreReportedWhenTheFirstHundredWereObserved(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open(SUPERVISED)) {
                      List<Task<?>> tasks = failInTurn(nursery, 150, new ArrayList<>());
                      for (Task<?> task : tasks.subList(0, 100)) {
                        assertThatThrownBy(task::join).isInstanceOf(TaskFailedException.class);
                      }
                    }
                  });
          assertThat(thrown).as("50 failures that nobody observed").isNotNull();
          assertThat(thrown).hasMessageContaining("50");
        });
  }

  // So that observed ones don't use up the hundred
  @OnEveryKind
  void observedFailuresMakeRoomForLaterOnes(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var later = new ArrayList<Throwable>();
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var nursery = Nursery.open(SUPERVISED)) {
                      for (Task<?> task : failInTurn(nursery, 100, new ArrayList<>())) {
                        assertThatThrownBy(task::join).isInstanceOf(TaskFailedException.class);
                      }
                      failInTurn(nursery, 30, later);
                    }
                  });
          assertThat(thrown.failures()).isEqualTo(later);
        });
  }

  // One after the other; waits without observing.
  private static List<Task<?>> failInTurn(Nursery nursery, int n, List<Throwable> errors) {
    var tasks = new ArrayList<Task<?>>();
    for (int i = 0; i < n; i++) {
      var error = new IOException("no " + i);
      errors.add(error);
      Task<?> task = failingTask(nursery, error);
      tasks.add(task);
      while (task.outcome().isEmpty()) {
        Task.checkpoint();
      }
    }
    return tasks;
  }

  @OnEveryKind
  void theFailuresOfAnExceptionThatWasThrownDoNotVanishWhenObservedLater(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          var nursery = Nursery.open(SUPERVISED);
          Task<?> task = failingTask(nursery, blight);
          NurseryFailedException thrown = failing(nursery::close);
          assertThat(thrown.failures()).containsExactly(blight);
          assertThatThrownBy(task::join).hasCause(blight);
          assertThat(thrown.failures()).containsExactly(blight);
        });
  }

  @OnEveryKind
  void aFailingBodyStillCancelsTheTasks(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () ->
                      Nursery.run(
                          SUPERVISED,
                          nursery -> {
                            nursery.fork(() -> Task.sleepForever());
                            throw blight;
                          }));
          assertThat(thrown.failures()).containsExactly(blight);
        });
  }

  @Test
  void aHandlerWithoutSupervisionIsRefused() {
    assertThatThrownBy(() -> new NurseryOptions("beds", false, false, null, (t, e) -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'beds'")
        .hasMessageContaining("supervised(true)");
  }

  private static Task<?> failingTask(Nursery nursery, Exception error) {
    return nursery.fork(
        () -> {
          throw error;
        });
  }
}
