package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskFailedException;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.Serial;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NothingLeft.class)
class HardFailuresTest {
  @OnEveryKind
  void anErrorOfATaskIsItsFailure(Kind kind) throws Throwable {
    failsWith(kind, new NoClassDefFoundError("gone"));
    failsWith(kind, new OutOfMemoryError("as thrown by an array that is too large"));
  }

  @OnEveryKind
  void aThrowableThatIsNeitherErrorNorExceptionIsItsFailure(Kind kind) throws Throwable {
    failsWith(kind, new Throwable("neither"));
  }

  @OnEveryKind
  void anInterruptedExceptionOfItsOwnIsAFailure(Kind kind) throws Throwable {
    failsWith(kind, new InterruptedException("thrown, not caught"));
  }

  @OnEveryKind
  void aTaskThatInterruptsItselfFailsOrIsCancelledAndNobodyElseIsInterrupted(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<Boolean> task =
                nursery.fork(
                    () -> {
                      Thread.currentThread().interrupt();
                      return Thread.interrupted();
                    });
            assertThat(task.join()).isTrue();
          }
          assertThat(Thread.currentThread().isInterrupted()).isFalse();
        });
  }

  @OnEveryKind
  void aStackOverflowIsAFailureAndTheCarrierGoesOn(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (int i = 0; i < 5; i++) {
            var failed =
                catchThrowableOfType(
                    NurseryFailedException.class,
                    () -> {
                      try (var nursery = Nursery.open()) {
                        nursery.fork(() -> endless(0));
                        nursery.fork(() -> Task.sleepForever());
                      }
                    });
            assertThat(failed).cause().isInstanceOf(StackOverflowError.class);
            assertThat(failed.failures()).hasSize(1);
            stillWorks();
          }
        });
  }

  @SuppressWarnings("InfiniteRecursion")
  private static int endless(int depth) {
    return endless(depth + 1) + 1;
  }

  @OnEveryKind
  void aFailureWhoseTextThrowsStillCancelsTheOthersAndComesOut(Kind kind) throws Throwable {
    failsWith(
        kind,
        new RuntimeException() {
          @Serial private static final long serialVersionUID = 1;

          @Override
          public String getMessage() {
            throw new IllegalStateException("no text");
          }
        });
  }

  @OnEveryKind
  void aFailureWhoseTextThrowsAnErrorStillCancelsTheOthersAndComesOut(Kind kind) throws Throwable {
    failsWith(
        kind,
        new RuntimeException() {
          @Serial private static final long serialVersionUID = 1;

          @Override
          public String getMessage() {
            throw new AssertionError("no text");
          }
        });
  }

  @OnEveryKind
  void aFailureWhoseCauseThrowsStillCancelsTheOthersAndComesOut(Kind kind) throws Throwable {
    failsWith(
        kind,
        new RuntimeException("has a cause that can't be had") {
          @Serial private static final long serialVersionUID = 1;

          @Override
          public synchronized Throwable getCause() {
            throw new IllegalStateException("no cause");
          }
        });
  }

  @OnEveryKind
  void aFailureThatIsItsOwnCauseInACircleComesOut(Kind kind) throws Throwable {
    var a = new Exception("a");
    var b = new Exception("b", a);
    a.initCause(b);
    failsWith(kind, a);
  }

  @OnEveryKind
  void theSameExceptionThrownByTwoTasksAndTheBodyIsNoError(Kind kind) throws Throwable {
    var shared = new IllegalArgumentException("shared");
    kind.run(
        () -> {
          var failed =
              catchThrowableOfType(
                  NurseryFailedException.class,
                  () ->
                      Nursery.run(
                          nursery -> {
                            nursery.fork(
                                () -> {
                                  throw shared;
                                });
                            nursery.fork(
                                () -> {
                                  throw shared;
                                });
                            throw shared;
                          }));
          assertThat(failed).cause().isSameAs(shared);
          stillWorks();
        });
  }

  /// A task throws it beside one that never ends, in both forms; afterwards all goes on.
  private static void failsWith(Kind kind, Throwable error) throws Throwable {
    kind.run(
        () -> {
          for (boolean lambda : new boolean[] {false, true}) {
            var failed =
                catchThrowableOfType(NurseryFailedException.class, () -> failIn(lambda, error));
            assertThat(failed.getCause() == error).as("the first failure is the cause").isTrue();
            assertThat(failed.failures().size()).isEqualTo(1);
            assertThat(failed.failures().getFirst() == error).isTrue();
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            stillWorks();
          }
        });
  }

  private static void failIn(boolean lambda, Throwable error) {
    if (lambda) {
      Nursery.run(nursery -> forkBoth(nursery, error));
      return;
    }
    try (var nursery = Nursery.open()) {
      forkBoth(nursery, error);
    }
  }

  private static void forkBoth(Nursery nursery, Throwable error) {
    var together = new CountDownLatch(2);
    nursery.fork(
        () -> {
          together.countDown();
          Task.sleepForever();
        });
    nursery.fork(
        () -> {
          together.countDown();
          together.await();
          throw HardFailuresTest.<RuntimeException>sneaky(error);
        });
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <X extends Throwable> RuntimeException sneaky(Throwable t) throws X {
    throw (X) t;
  }

  @OnEveryKind
  void anErrorOfTheMainTaskLeavesAsItIs(Kind kind) throws Throwable {
    var error = new LinkageError("main's");
    assertThat(catchThrowableOfType(LinkageError.class, () -> kind.run(() -> fail(error))))
        .isSameAs(error);
    kind.run(HardFailuresTest::stillWorks);
  }

  private static void fail(Error error) {
    throw error;
  }

  @OnEveryKind
  void joinTellsOfAnErrorAsItIs(Kind kind) throws Throwable {
    var error = new LinkageError("the task's");
    kind.run(
        () -> {
          try (var nursery = Nursery.open(NurseryOptions.defaults().supervised(true))) {
            Task<?> task = nursery.fork(() -> fail(error));
            assertThat(catchThrowableOfType(TaskFailedException.class, task::join))
                .cause()
                .isSameAs(error);
            assertThat(task.outcome().orElseThrow().equals(new Outcome.Failed<>(error))).isTrue();
          }
        });
  }

  private static void stillWorks() {
    try (var nursery = Nursery.open()) {
      assertThat(nursery.fork(() -> 42).join()).isEqualTo(42);
    }
  }
}
