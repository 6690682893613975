package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.CancelScopeTest.assertCancelled;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rules 8 and 9 for cancel scopes: interrupts of ours and of others, and the exceptions that
/// libraries make of them.
@ExtendWith(NothingLeft.class)
class InterruptCancellationTest {
  private interface Blocking {
    void block() throws Exception;
  }

  /// Runs something in a scope that is cancelled from outside while it waits.
  private static CancelScope cancelledIn(Blocking call) throws Exception {
    CancelScope scope = CancelScope.named("cut");
    Thread me = Thread.currentThread();
    var begun = new CountDownLatch(1);
    Thread.ofPlatform()
        .start(
            () -> {
              Eventually.holds("it begins", () -> begun.getCount() == 0);
              Eventually.waits(me);
              scope.cancel("by hand");
            });
    scope.run(
        () -> {
          begun.countDown();
          call.block();
        });
    return scope;
  }

  // Rule 8
  @NeedsFlag
  @Test
  void anInterruptBeforeCloseCancelsTheTasksThatHaveNotBegun() throws Throwable {
    Kind.LOOP.run(
        () -> {
          var cancelled = new AtomicReference<@Nullable Boolean>();
          assertThatThrownBy(
                  () -> {
                    try (var nursery = Nursery.open()) {
                      nursery.fork(() -> cancelled.set(Task.current().cancelled().isPresent()));
                      Thread.currentThread().interrupt();
                    }
                    Task.checkpoint();
                  })
              .isInstanceOf(Cancelled.class);
          assertThat(cancelled).hasValue(true);
        });
  }

  // Rule 8
  @OnEveryKind
  void blockingCallsOfTheJdkAreEndedAndNoInterruptIsLeft(Kind kind) throws Throwable {
    List<Blocking> calls =
        List.of(
            () -> Thread.sleep(600_000),
            () -> new LinkedBlockingQueue<>().take(),
            () -> new CountDownLatch(1).await());
    kind.run(
        () -> {
          for (Blocking call : calls) {
            assertThat(cancelledIn(call).caughtCancellation()).isTrue();
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            Thread.sleep(0);
            Task.checkpoint();
          }
        });
  }

  // Rule 8. Cancelled at any moment around its end: nothing is left, whoever was faster.
  @OnEveryKind
  void noInterruptOfOursSurvivesTheLeavingOfAScope(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var handed = new LinkedBlockingQueue<CancelScope>();
          Thread canceller = Thread.ofPlatform().start(() -> cancelAll(handed));
          for (int i = 0; i < 2_000; i++) {
            int rounds = i % 50;
            CancelScope.run(
                scope -> {
                  handed.add(scope);
                  for (int k = 0; k < rounds * 20; k++) {
                    Thread.onSpinWait();
                  }
                });
            assertThat(Thread.currentThread().isInterrupted()).as("round %d", i).isFalse();
          }
          handed.add(CancelScope.named("end"));
          canceller.join();
          assertThat(Thread.currentThread().isInterrupted()).isFalse();
          Task.checkpoint();
        });
  }

  private static void cancelAll(LinkedBlockingQueue<CancelScope> scopes) {
    try {
      CancelScope s = scopes.take();
      while (!s.name().equals("end")) {
        s.cancel();
        s = scopes.take();
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  // Rule 8. A task around that is cancelled as well stays interrupted.
  @OnEveryKind
  void leavingAnInnerScopeDoesNotEndTheCancellationAround(Kind kind) throws Throwable {
    kind.run(
        () ->
            CancelScope.run(
                outer -> {
                  CancelScope inner = CancelScope.named("inner");
                  assertThatThrownBy(
                          () ->
                              inner.run(
                                  () -> {
                                    inner.cancel();
                                    outer.cancel();
                                    Thread.sleep(600_000);
                                  }))
                      .isInstanceOf(InterruptedException.class);
                  assertThatThrownBy(() -> Thread.sleep(600_000))
                      .isInstanceOf(InterruptedException.class);
                  assertCancelled(Task::checkpoint);
                }));
  }

  // Rule 8
  @OnEveryKind
  void anInterruptFromOutsideCancelsTheTaskAndNotTheScopeItIsIn(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope scope = CancelScope.named("innocent");
          try (var nursery = Nursery.open()) {
            Task<?> task = nursery.fork(() -> scope.run(Task::sleepForever));
            Eventually.waits(task.thread());
            task.thread().interrupt();
            nursery.join();
            assertThat(task.outcome().orElseThrow())
                .isInstanceOfSatisfying(
                    Outcome.WasCancelled.class,
                    w -> assertThat(w.reason().source()).isEqualTo(Source.INTERRUPT));
          }
          assertThat(scope.isCancelled()).isFalse();
          assertThat(scope.caughtCancellation()).isFalse();
        });
  }

  // Rule 8
  @OnEveryKind
  void anInterruptFromOutsideWaitsBehindAShield(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<?> task =
                nursery.fork(
                    () -> {
                      CancelScope.shield(
                          () -> {
                            Thread.currentThread().interrupt();
                            Task.checkpoint();
                            Thread.sleep(0);
                          });
                      Task.checkpoint();
                    });
            nursery.join();
            assertThat(task.outcome().orElseThrow())
                .isInstanceOfSatisfying(
                    Outcome.WasCancelled.class,
                    w -> assertThat(w.reason().source()).isEqualTo(Source.INTERRUPT));
          }
        });
  }

  // Rule 8: an interrupt would close what others use, too
  @OnEveryKind
  void withoutInterruptsOnlyOurOwnCheckpointsTellOfTheCancellation(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope scope = CancelScope.named("careful");
          var done = new CountDownLatch(1);
          boolean ended =
              scope.run(
                  () ->
                      CancelScope.withoutInterrupts(
                          () -> {
                            Thread.ofPlatform()
                                .start(
                                    () -> {
                                      scope.cancel();
                                      done.countDown();
                                    });
                            done.await(); // is not interrupted
                            Thread.sleep(1);
                            assertThat(scope.isCancelled()).isTrue();
                            Task.sleepForever();
                          }));
          assertThat(ended).isFalse();
        });
  }

  // Rule 9
  @OnEveryKind
  void whatLibrariesMakeOfAnInterruptEndsAtTheCancelledScope(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (Exception made :
              List.of(
                  new SQLException("statement aborted", new InterruptedException()),
                  new UncheckedIOException(new InterruptedIOException()),
                  new UncheckedIOException(new ClosedByInterruptException()),
                  new RuntimeException(new IOException(new InterruptedException())))) {
            CancelScope scope = cancelledIn(() -> sleepOrThrow(made));
            assertThat(scope.caughtCancellation()).as("%s", made).isTrue();
          }
        });
  }

  // Rule 9
  @OnEveryKind
  void whatLibrariesMakeOfAnInterruptIsAnEmptyResultOfMoveOnAfter(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (Exception made :
              List.of(
                  new SQLException("statement aborted", new InterruptedException()),
                  new UncheckedIOException(new InterruptedIOException()),
                  new RuntimeException(new InterruptedException()))) {
            Optional<String> result =
                CancelScope.moveOnAfter(
                    Duration.ofMillis(5),
                    () -> {
                      sleepOrThrow(made);
                      return "in time";
                    });
            assertThat(result).as("%s", made).isEmpty();
          }
        });
  }

  private static void sleepOrThrow(Exception made) throws Exception {
    try {
      Thread.sleep(600_000);
    } catch (InterruptedException e) {
      throw made;
    }
  }

  // Rule 9: "in a task that is not cancelled it is an ordinary failure"
  @OnEveryKind
  void inAScopeThatIsNotCancelledTheyAreFailures(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (Exception made :
              List.of(
                  new InterruptedException(),
                  new SQLException(new InterruptedException()),
                  new ClosedByInterruptException())) {
            CancelScope scope = CancelScope.named("scope");
            assertThatThrownBy(() -> scope.run(() -> raise(made))).isSameAs(made);
            NurseryFailedException thrown =
                catchThrowableOfType(
                    NurseryFailedException.class,
                    () -> Nursery.run(nursery -> nursery.fork(() -> raise(made))));
            assertThat(thrown.failures()).containsExactly(made);
          }
        });
  }

  private static void raise(Exception made) throws Exception {
    throw made;
  }

  // Rule 9: "anything else is a failure"
  @OnEveryKind
  void inACancelledScopeOtherExceptionsAreFailures(Kind kind) throws Throwable {
    var failedWhileClosing = new InterruptedException();
    failedWhileClosing.addSuppressed(new IOException("disk full"));
    kind.run(
        () -> {
          for (Exception made :
              List.of(
                  new IOException("reset"),
                  new SocketTimeoutException("read"),
                  new IllegalStateException(new IOException("reset")),
                  failedWhileClosing)) {
            CancelScope scope = CancelScope.named("scope");
            scope.cancel();
            assertThatThrownBy(() -> scope.run(() -> raise(made))).isSameAs(made);
            assertThat(scope.caughtCancellation()).isFalse();
          }
        });
  }

  // Rule 9: the classifier for libraries that keep no cause
  @OnEveryKind
  void aRegisteredSignCountsUntilItIsTakenBack(Kind kind) throws Throwable {
    Predicate<Throwable> sign = t -> t instanceof IOException && "aborted".equals(t.getMessage());
    var made = new IOException("aborted");
    var wrapped = new UncheckedIOException(made);
    kind.run(
        () -> {
          Cancelled.addSign(sign);
          try {
            assertThat(cancelledIn(() -> sleepOrThrow(made)).caughtCancellation()).isTrue();
            assertThat(cancelledIn(() -> sleepOrThrow(wrapped)).caughtCancellation()).isTrue();
            CancelScope innocent = CancelScope.named("innocent");
            assertThatThrownBy(() -> innocent.run(() -> raise(made))).isSameAs(made);
          } finally {
            Cancelled.removeSign(sign);
          }
          Cancelled.removeSign(sign); // is ignored
          assertThatThrownBy(() -> cancelledIn(() -> sleepOrThrow(made))).isSameAs(made);
        });
  }

  // Rule 9
  @OnEveryKind
  void aSignThatThrowsMeansNoAndIsLogged(Kind kind) throws Throwable {
    Predicate<Throwable> broken =
        t -> {
          throw new IllegalStateException("broken sign");
        };
    var made = new IOException("reset");
    try (var log = CapturedLog.begin()) {
      kind.run(
          () -> {
            Cancelled.addSign(broken);
            try {
              assertThatThrownBy(() -> cancelledIn(() -> sleepOrThrow(made))).isSameAs(made);
            } finally {
              Cancelled.removeSign(broken);
            }
          });
      log.await("broken sign");
    }
  }

  // Rule 9: "the original is kept as suppressed"
  @OnEveryKind
  void whatANurseryBodyMadeOfAnInterruptLeavesAsCancelledAndKeepsTheOriginal(Kind kind)
      throws Throwable {
    var made = new SQLException("statement aborted", new InterruptedException());
    kind.run(
        () -> {
          var seen = new AtomicReference<Throwable>();
          cancelledIn(
              () -> {
                try {
                  Nursery.run(nursery -> sleepOrThrow(made));
                } catch (Cancelled c) {
                  seen.set(c);
                  throw c;
                }
              });
          assertThat(seen.get().getSuppressed()).containsExactly(made);
          assertThat(seen.get()).hasMessageContainingAll("by hand", "'cut'");
        });
  }
}
