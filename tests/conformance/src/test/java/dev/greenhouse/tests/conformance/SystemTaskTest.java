package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.SystemTaskFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance E58 and E59: system tasks.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SystemTaskTest {
  private final IOException boom = new IOException("boom");

  private void fails() throws IOException {
    throw boom;
  }

  private void failsAfter(CountDownLatch latch) throws Exception {
    latch.await();
    throw boom;
  }

  private void isTheFailure(Throwable thrown, OpenGreenhouse of) {
    assertThat(thrown)
        .isInstanceOf(SystemTaskFailedException.class)
        .hasMessageContainingAll("'bad'", "'" + of.name() + "'", "boom")
        .cause()
        .isSameAs(boom);
  }

  private void refusesMore(OpenGreenhouse broken) {
    for (ThrowingCallable more :
        List.<ThrowingCallable>of(
            () -> broken.launch(() -> 1), () -> broken.forkSystemTask("another", () -> {}))) {
      assertThatThrownBy(more)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll(
              "system task 'bad' of greenhouse '" + broken.name() + "' failed",
              "boom",
              "Build a new greenhouse")
          .hasRootCause(boom);
    }
    assertThat(broken.toString()).contains("system task 'bad'", "failed");
  }

  // ---- its life

  @OnEveryKind
  void standsInNoNurseryAndServesUntilMainHasEnded(Kind kind) throws Exception {
    var served = new ArrayList<Integer>();
    var reason = new CompletableFuture<Cancelled>();
    Task<?> system;
    try (OpenGreenhouse greenhouse = kind.build()) {
      var orders = new LinkedBlockingQueue<CompletableFuture<Integer>>();
      system =
          greenhouse.forkSystemTask(
              "gardener",
              () -> {
                assertThat(Task.current().parent()).isEmpty();
                try {
                  for (int n = 1; ; n++) {
                    CompletableFuture<Integer> order = orders.take();
                    served.add(n);
                    order.complete(n);
                  }
                } catch (InterruptedException cancelled) {
                  reason.complete(catchThrowableOfType(Cancelled.class, Task::throwIfCancelled));
                  throw cancelled;
                }
              });
      for (int n = 1; n <= 3; n++) {
        int expected = n;
        greenhouse.run(
            () -> {
              var order = new CompletableFuture<Integer>();
              orders.add(order);
              assertThat(order.get()).isEqualTo(expected);
            });
      }
      assertThat(system.outcome()).as("main tasks have ended, the greenhouse is open").isEmpty();
    }
    assertThat(served).containsExactly(1, 2, 3);
    assertThat(reason.join().source()).isEqualTo(Source.SHUTDOWN);
    assertThat(system.outcome().orElseThrow())
        .isInstanceOfSatisfying(
            Outcome.WasCancelled.class,
            w -> assertThat(w.reason().source()).isEqualTo(Source.SHUTDOWN));
  }

  @OnEveryKind
  void isCancelledByCloseOnlyWhenLaunchedTasksHaveEnded(Kind kind) {
    var release = new CountDownLatch(1);
    var mainEnded = new AtomicBoolean();
    var endedBefore = new CompletableFuture<Boolean>();
    try (OpenGreenhouse greenhouse = kind.build()) {
      greenhouse.forkSystemTask(
          "gardener",
          () -> {
            try {
              Task.sleepForever();
            } finally {
              endedBefore.complete(mainEnded.get());
            }
          });
      greenhouse.launch(
          () -> {
            release.await();
            Task.checkpoint();
            mainEnded.set(true);
            return null;
          });
      release.countDown();
    }
    assertThat(endedBefore.join()).isTrue();
  }

  @OnEveryKind
  void oneThatEndsByItselfHarmsNobody(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build()) {
      greenhouse.forkSystemTask("short", () -> {}).join();
      greenhouse.run(Task::checkpoint);
    }
  }

  // ---- its failure

  @OnEveryKind
  void aFailureCancelsMainAndComesOutOfRunOnce(Kind kind) {
    var waits = new CountDownLatch(1);
    var told = new CompletableFuture<Cancelled>();
    Throwable thrown =
        catchThrowable(
            () -> {
              try (OpenGreenhouse greenhouse = kind.build()) {
                greenhouse.forkSystemTask("bad", () -> failsAfter(waits));
                Throwable ofRun =
                    catchThrowable(
                        () ->
                            greenhouse.run(
                                () -> {
                                  waits.countDown();
                                  told.complete(
                                      catchThrowableOfType(Cancelled.class, Task::sleepForever));
                                  Task.checkpoint();
                                }));
                isTheFailure(ofRun, greenhouse);
                refusesMore(greenhouse);
                throw ofRun;
              }
            });
    assertThat(told.join().source()).isEqualTo(Source.BROKEN);
    assertThat(told.join())
        .hasMessageContainingAll("system task 'bad'", "failed: java.io.IOException: boom");
    assertThat(thrown).isInstanceOf(SystemTaskFailedException.class);
    assertThat(thrown.getSuppressed()).singleElement().isInstanceOf(Cancelled.class);
  }

  @OnEveryKind
  void aRunThatComesAfterTheFailureIsTold(Kind kind) {
    Throwable thrown =
        catchThrowable(
            () -> {
              try (OpenGreenhouse greenhouse = kind.build()) {
                Task<?> bad = greenhouse.forkSystemTask("bad", this::fails);
                assertThat(catchThrowable(bad::join)).hasCause(boom);
                greenhouse.run(Task::sleepForever);
              }
            });
    assertThat(thrown).isInstanceOf(SystemTaskFailedException.class).hasCause(boom);
    assertThat(thrown).hasNoSuppressedExceptions();
  }

  @OnEveryKind
  void aRunThatBeginsWhileItFailsIsTold(Kind kind) {
    for (int i = 0; i < 50; i++) {
      assertThatThrownBy(
              () -> {
                try (OpenGreenhouse greenhouse = kind.build()) {
                  greenhouse.forkSystemTask("bad", this::fails);
                  greenhouse.run(Task::sleepForever);
                }
              })
          .isInstanceOf(SystemTaskFailedException.class)
          .hasCause(boom);
    }
  }

  @OnEveryKind
  void mainsOwnFailureCarriesItOnce(Kind kind) {
    var waits = new CountDownLatch(1);
    var own = new IOException("main's");
    Throwable thrown =
        catchThrowable(
            () -> {
              try (OpenGreenhouse greenhouse = kind.build()) {
                greenhouse.forkSystemTask("bad", () -> failsAfter(waits));
                greenhouse.run(
                    () -> {
                      waits.countDown();
                      try {
                        Task.sleepForever();
                      } finally {
                        throwsInstead(own);
                      }
                    });
              }
            });
    assertThat(thrown).isSameAs(own);
    assertThat(thrown.getSuppressed())
        .singleElement()
        .isInstanceOf(SystemTaskFailedException.class)
        .extracting(Throwable::getCause)
        .isSameAs(boom);
  }

  private static void throwsInstead(IOException error) throws IOException {
    throw error;
  }

  @OnEveryKind
  void aMainThatSucceedsAllTheSameLeavesItToClose(Kind kind) {
    var waits = new CountDownLatch(1);
    OpenGreenhouse greenhouse = kind.build();
    greenhouse.forkSystemTask("bad", () -> failsAfter(waits));
    int value =
        greenhouse.<Integer, RuntimeException>call(
            () -> {
              waits.countDown();
              assertThat(catchThrowable(Task::sleepForever)).isInstanceOf(Cancelled.class);
              return 7;
            });
    assertThat(value).isEqualTo(7);
    isTheFailure(catchThrowable(greenhouse::close), greenhouse);
    greenhouse.close(); // told once
  }

  @OnEveryKind
  void whereNobodyRunsCloseIsTold(Kind kind) {
    var waits = new CountDownLatch(1);
    OpenGreenhouse greenhouse = kind.build();
    Task<?> launched =
        greenhouse.launch(
            () -> {
              waits.countDown();
              Task.sleepForever();
              return null;
            });
    greenhouse.forkSystemTask("bad", () -> failsAfter(waits));
    Eventually.holds("it is cancelled", () -> launched.outcome().isPresent());
    assertThat(launched.outcome().orElseThrow())
        .isInstanceOfSatisfying(
            Outcome.WasCancelled.class,
            w -> assertThat(w.reason().source()).isEqualTo(Source.BROKEN));
    refusesMore(greenhouse);
    isTheFailure(catchThrowable(greenhouse::close), greenhouse);
    greenhouse.close();
  }

  @Test
  @NeedsFlag
  void aGuestTellsCloseToo() {
    try (var executor = Executors.newSingleThreadExecutor()) {
      OpenGreenhouse guest = Greenhouse.builder().name("visitor").on(executor).build();
      guest.forkSystemTask("bad", this::fails);
      isTheFailure(catchThrowable(guest::close), guest);
    }
  }

  @OnEveryKind
  void oneThatFailsWhenItIsCancelledByCloseIsTold(Kind kind) {
    OpenGreenhouse greenhouse = kind.build();
    var begun = new CountDownLatch(1);
    greenhouse.forkSystemTask(
        "bad",
        () -> {
          begun.countDown();
          try {
            Task.sleepForever();
          } finally {
            throwsInstead(boom);
          }
        });
    Eventually.holds("it has begun", () -> begun.getCount() == 0);
    isTheFailure(catchThrowable(greenhouse::close), greenhouse);
  }

  @OnEveryKind
  void ofTwoThatFailTheSecondIsLogged(Kind kind) {
    try (var log = CapturedLog.begin()) {
      OpenGreenhouse greenhouse = kind.build();
      greenhouse.forkSystemTask(
          "second",
          () -> {
            try {
              Task.sleepForever();
            } finally {
              throwsInstead(new IOException("the second one's"));
            }
          });
      Task<?> bad = greenhouse.forkSystemTask("bad", this::fails);
      Eventually.holds("it has failed", () -> bad.outcome().isPresent());
      isTheFailure(catchThrowable(greenhouse::close), greenhouse);
      log.await("Another system task of greenhouse '" + greenhouse.name(), "the second one's");
    }
  }

  @OnEveryKind
  void aFailureReachesTasksInNurseries(Kind kind) {
    var waits = new CountDownLatch(3);
    OpenGreenhouse greenhouse = kind.build();
    greenhouse.forkSystemTask("bad", () -> failsAfter(waits));
    isTheFailure(
        catchThrowable(
            () ->
                greenhouse.run(
                    () -> {
                      try (var nursery = Nursery.open()) {
                        for (int i = 0; i < 3; i++) {
                          nursery.fork(
                              () -> {
                                waits.countDown();
                                Task.sleepForever();
                              });
                        }
                      }
                    })),
        greenhouse);
    greenhouse.close();
  }

  @Test
  void theCommonGreenhouseLogsItAndGoesOn() {
    var waits = new CountDownLatch(1);
    try (var log = CapturedLog.begin()) {
      Greenhouse.common().forkSystemTask("bad", () -> failsAfter(waits));
      isTheFailure(
          catchThrowable(
              () ->
                  Greenhouse.common()
                      .run(
                          () -> {
                            waits.countDown();
                            Task.sleepForever();
                          })),
          Greenhouse.common());
      log.await("A system task of the common greenhouse failed", "boom");
      Greenhouse.common().run(Task::checkpoint);
      var later = new IOException("of a later run");
      assertThatThrownBy(() -> Greenhouse.common().run(() -> throwsInstead(later)))
          .isSameAs(later)
          .hasNoSuppressedExceptions();
    }
  }
}
