package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.hasPortal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import dev.greenhouse.portal.ThreadPortal;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Threads that are no tasks call, submit and start: Trio's "from thread" tests, AnyIO's blocking
/// portal.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreadPortalTest {
  private static final ScopedValue<String> NAME = ScopedValue.newInstance();

  private interface Body {
    void run(ThreadPortal portal) throws Throwable;
  }

  private static void withPortal(Kind kind, Body body) throws Throwable {
    kind.run(
        () -> {
          try (var portal = ThreadPortal.open()) {
            body.run(portal);
          }
        });
  }

  /// A wait that a cancellation ends.
  private static String untilCancelled(CountDownLatch begun) {
    begun.countDown();
    Task.sleepForever();
    return "never";
  }

  // ---- calling

  @OnEveryKind
  void callReturnsTheValueOrThrowsTheExceptionAsItIs(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          assertThat(Outsider.does(() -> portal.call(() -> "ripe"))).isEqualTo("ripe");
          assertThat(Outsider.<Object>does(() -> portal.call(() -> null))).isNull();
          var error = new IOException("rotten");
          Throwable thrown =
              catchThrowable(
                  () ->
                      Outsider.does(
                          () ->
                              portal.call(
                                  () -> {
                                    throw error;
                                  })));
          assertThat(thrown).isSameAs(error);
          var ran = new AtomicBoolean();
          Outsider.does(
              () -> {
                portal.run(() -> ran.set(true));
                return null;
              });
          assertThat(ran).isTrue();
          Task.throwIfCancelled(); // the failure was its caller's
        });
  }

  @OnEveryKind
  void workIsATaskOfTheGreenhouseThatMayAwait(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          Greenhouse here = Task.current().greenhouse();
          boolean childHas =
              Outsider.does(
                  () ->
                      portal.call(
                          () -> {
                            assertThat(Task.current().greenhouse()).isSameAs(here);
                            assertThat(await(CompletableFuture.completedFuture(1))).isEqualTo(1);
                            try (var nursery = Nursery.open()) {
                              return nursery.fork(() -> hasPortal()).join();
                            }
                          }));
          assertThat(childHas).isFalse();
          assertThat(hasPortal()).isFalse();
        });
  }

  @OnEveryKind
  void workSeesTheScopedValuesOfTheOpening(Kind kind) throws Throwable {
    kind.run(
        () ->
            ScopedValue.where(NAME, "opener")
                .call(
                    () -> {
                      try (var portal = ThreadPortal.open()) {
                        return assertThat(
                                Outsider.does(
                                    () ->
                                        ScopedValue.where(NAME, "caller")
                                            .call(() -> portal.call(NAME::get))))
                            .isEqualTo("opener");
                      }
                    }));
  }

  @OnEveryKind
  void threadsAndWorkCallEachOtherInTurns(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal ->
            assertThat(
                    Outsider.does(
                        () ->
                            portal.call(
                                () -> Outsider.does(() -> portal.call(() -> "deep")) + "er")))
                .isEqualTo("deeper"));
  }

  @OnEveryKind
  void manyThreadsAtOnce(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var callers = new ArrayList<Outsider<Integer>>();
          for (int i = 0; i < 50; i++) {
            int n = i;
            callers.add(
                Outsider.begin(
                    () -> {
                      int sum = 0;
                      for (int call = 0; call < 20; call++) {
                        int c = call;
                        sum += portal.call(() -> n * c);
                      }
                      return sum;
                    }));
          }
          for (int i = 0; i < 50; i++) {
            assertThat(callers.get(i).end().value()).isEqualTo(190 * i);
          }
        });
  }

  @OnEveryKind
  void interruptOfTheCallerCancelsTheWorkAndTheCallEndsAfterIt(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var begun = new CountDownLatch(1);
          var ended = new AtomicBoolean();
          var goOn = new CompletableFuture<String>();
          var caller =
              Outsider.begin(
                  () ->
                      portal.call(
                          () -> {
                            try {
                              return untilCancelled(begun);
                            } finally {
                              CancelScope.shield(() -> await(goOn));
                              ended.set(true);
                            }
                          }));
          begun.await();
          caller.interrupt();
          assertThat(caller.hasEnded()).isFalse();
          goOn.complete("end");
          Outsider.End<String> end = caller.end();
          assertThat(ended).isTrue();
          assertThat(end.interrupted()).isTrue();
          assertThat(end.thrown())
              .isInstanceOfSatisfying(
                  Cancelled.class, c -> assertThat(c.source()).isEqualTo(Source.INTERRUPT))
              .hasMessageContaining("'outsider' was interrupted");
        });
  }

  @OnEveryKind
  void whatTheWorkDidInSpiteOfAnInterruptIsNotLost(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var begun = new CountDownLatch(1);
          var caller =
              Outsider.begin(
                  () ->
                      portal.call(
                          () -> {
                            try {
                              return untilCancelled(begun);
                            } catch (Cancelled c) {
                              return "in spite of it";
                            }
                          }));
          begun.await();
          caller.awaitWaiting();
          caller.interrupt();
          Outsider.End<String> end = caller.end();
          assertThat(end.thrown()).isNull();
          assertThat(end.value()).isEqualTo("in spite of it");
          assertThat(end.interrupted()).isTrue();
        });
  }

  @OnEveryKind
  void tasksOfTheSameGreenhouseAreRefusedButMaySubmit(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          assertThatThrownBy(() -> portal.call(() -> 1))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("Task 'main' calls through portal 'portal'")
              .hasMessageContaining("submit, which does not wait");
          assertThatThrownBy(() -> portal.start(status -> status.started(1)))
              .isInstanceOf(IllegalStateException.class);
          assertThatThrownBy(() -> Outsider.does(() -> portal.call(() -> portal.call(() -> 1))))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("in which it lives itself");
          assertThat(portal.submit(() -> 1).get()).isEqualTo(1);
        });
  }

  @OnEveryKind
  void taskOfAnotherGreenhouseMayCallAndItsCancellationReachesTheWork(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          try (OpenGreenhouse other = Kind.POOL.build()) {
            assertThat(other.launch(() -> portal.call(() -> "across")).join()).isEqualTo("across");
            var begun = new CountDownLatch(1);
            var ended = new AtomicBoolean();
            Task<String> caller =
                other.launch(
                    () ->
                        portal.call(
                            () -> {
                              try {
                                return untilCancelled(begun);
                              } finally {
                                ended.set(true);
                              }
                            }));
            begun.await();
            caller.cancel("no more");
            assertThatThrownBy(caller::join)
                .isInstanceOf(TaskCancelledException.class)
                .hasMessageContaining("no more");
            assertThat(ended).isTrue();
          }
        });
  }

  @OnEveryKind
  void bodyOfAFailedNurseryThatCallsElsewhereTakesTheWorkWithIt(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          try (OpenGreenhouse other = Kind.POOL.build()) {
            var begun = new CountDownLatch(1);
            var ended = new AtomicBoolean();
            Task<?> caller =
                other.launch(
                    () -> {
                      try (var nursery = Nursery.open()) {
                        nursery.fork(
                            () -> {
                              begun.await();
                              throw new IOException("sibling");
                            });
                        Throwable thrown =
                            catchThrowable(
                                () ->
                                    portal.call(
                                        () -> {
                                          try {
                                            return untilCancelled(begun);
                                          } finally {
                                            ended.set(true);
                                          }
                                        }));
                        assertThat(ended).isTrue();
                        assertThat(thrown).isInstanceOf(NurseryFailedException.class);
                      }
                      return null;
                    });
            assertThatThrownBy(caller::join).hasRootCauseMessage("sibling");
          }
        });
  }

  // ---- submitting

  @OnEveryKind
  void futureOfASubmittedTaskTellsHowItEnded(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          CompletableFuture<String> value = Outsider.does(() -> portal.submit(() -> "ripe"));
          assertThat(value.get()).isEqualTo("ripe");
          var error = new IOException("rotten");
          CompletableFuture<String> failed =
              Outsider.does(
                  () ->
                      portal.<String>submit(
                          () -> {
                            throw error;
                          }));
          assertThatThrownBy(failed::get).hasCause(error);
          var ran = new AtomicBoolean();
          CompletableFuture<?> action = Outsider.does(() -> portal.submit(() -> ran.set(true)));
          assertThat(action.get()).isNull();
          assertThat(ran).isTrue();
          Task.throwIfCancelled();
        });
  }

  @OnEveryKind
  void cancellingTheFutureCancelsTheTaskAndItIsDoneWhenThatHasEnded(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var begun = new CountDownLatch(1);
          var cleaning = new CountDownLatch(1);
          var goOn = new CompletableFuture<String>();
          CompletableFuture<String> future =
              Outsider.does(
                  () ->
                      portal.submit(
                          () -> {
                            try {
                              return untilCancelled(begun);
                            } finally {
                              cleaning.countDown();
                              CancelScope.shield(() -> await(goOn));
                            }
                          }));
          CompletableFuture<String> dependent = future.thenApply(s -> s);
          begun.await();
          assertThat(dependent.cancel(true)).isTrue();
          assertThat(future.cancel(true)).isTrue();
          cleaning.await();
          assertThat(future).isNotDone();
          goOn.complete("end");
          assertThat(catchThrowable(() -> Outsider.does(future::get)))
              .isInstanceOf(CancellationException.class);
          assertThat(future).isCancelled();
          assertThat(future.cancel(true)).isTrue();
          CompletableFuture<Integer> done = portal.submit(() -> 1);
          done.get();
          assertThat(done.cancel(true)).isFalse();
        });
  }

  @OnEveryKind
  void cancellingWhatDependsOnTheFutureDoesNothingToTheTask(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var goOn = new CompletableFuture<String>();
          CompletableFuture<String> future = portal.submit(() -> await(goOn));
          future.thenApply(s -> s).cancel(true);
          goOn.complete("on");
          assertThat(future.get()).isEqualTo("on");
        });
  }

  @OnEveryKind
  void futureCompletedBySomebodyElseCancelsTheTask(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var begun = new CountDownLatch(1);
          var ended = new CountDownLatch(1);
          CompletableFuture<String> future =
              portal.submit(
                  () -> {
                    try {
                      return untilCancelled(begun);
                    } finally {
                      ended.countDown();
                    }
                  });
          begun.await();
          future.complete("enough");
          ended.await();
          assertThat(future.get()).isEqualTo("enough");
        });
  }

  @OnEveryKind
  void whatDependsOnTheFutureMayBlock(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var monitor = new Object();
          var ran = new CompletableFuture<String>();
          try (var nursery = Nursery.open()) {
            var held = new CountDownLatch(1);
            var release = new CompletableFuture<String>();
            nursery.fork(
                () -> {
                  synchronized (monitor) {
                    held.countDown();
                    release.get();
                  }
                });
            held.await();
            var goOn = new CompletableFuture<String>();
            CompletableFuture<?> dependent =
                portal
                    .submit(() -> await(goOn))
                    .thenAccept(
                        value -> {
                          synchronized (monitor) {
                            ran.complete(value);
                          }
                        });
            assertThat(dependent).isNotDone();
            goOn.complete("dependent");
            portal.submit(() -> release.complete("release")).get();
          }
          assertThat(ran.get()).isEqualTo("dependent");
        });
  }

  // ---- starting

  @OnEveryKind
  void startReturnsWhatTheTaskTellsAndTheFutureOfItsEnd(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var goOn = new CompletableFuture<String>();
          ThreadPortal.Started<Integer> started =
              Outsider.does(
                  () ->
                      portal.<Integer, RuntimeException>start(
                          status -> {
                            assertThat(hasPortal()).isTrue();
                            status.started(7);
                            await(goOn);
                          }));
          assertThat(started.value()).isEqualTo(7);
          assertThat(started.future()).isNotDone();
          goOn.complete("end");
          assertThat(started.future().get()).isNull();
          ThreadPortal.Started<Integer> fails =
              Outsider.does(
                  () ->
                      portal.<Integer, IOException>start(
                          status -> {
                            status.started(8);
                            throw new IOException("later");
                          }));
          assertThatThrownBy(() -> fails.future().get()).hasRootCauseMessage("later");
          var begun = new CountDownLatch(1);
          ThreadPortal.Started<Integer> stays =
              Outsider.does(
                  () ->
                      portal.<Integer, RuntimeException>start(
                          status -> {
                            status.started(9);
                            untilCancelled(begun);
                          }));
          stays.future().cancel(true);
          Eventually.run(() -> assertThat(stays.future()).isCancelled());
          Task.throwIfCancelled();
        });
  }

  @OnEveryKind
  void whatGoesWrongBeforeItIsStartedComesOutOfStart(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          assertThatThrownBy(
                  () ->
                      Outsider.does(
                          () ->
                              portal.<Integer, IOException>start(
                                  status -> {
                                    throw new IOException("early");
                                  })))
              .isInstanceOf(IOException.class)
              .hasMessage("early");
          assertThatThrownBy(
                  () -> Outsider.does(() -> portal.<Integer, RuntimeException>start(status -> {})))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("without calling started()");
          var begun = new CountDownLatch(1);
          var caller =
              Outsider.begin(
                  () -> portal.<Integer, RuntimeException>start(status -> untilCancelled(begun)));
          begun.await();
          caller.interrupt();
          assertThat(caller.end().thrown()).isInstanceOf(Cancelled.class);
          assertThat(portal.submit(() -> 1).get()).isEqualTo(1);
        });
  }

  // ---- ending

  @OnEveryKind
  void closingWaitsForWhatRunsAndRefusesMore(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var goOn = new CompletableFuture<String>();
          CompletableFuture<String> running;
          Outsider<?> late;
          var portal = ThreadPortal.open("gate");
          try (portal) {
            running = portal.submit(() -> await(goOn));
            late =
                Outsider.begin(
                    () -> {
                      Eventually.holds("closed", () -> portal.toString().contains("closed"));
                      try {
                        return portal.call(() -> 1);
                      } finally {
                        goOn.complete("late");
                      }
                    });
          }
          assertThat(running).isCompletedWithValue("late");
          assertThat(late.end().thrown())
              .isInstanceOf(IllegalStateException.class)
              .hasMessage(
                  "Portal 'gate' takes no more calls: it was closed. Call before that, or open"
                      + " another one.");
          assertThatThrownBy(() -> portal.submit(() -> 1))
              .isInstanceOf(IllegalStateException.class);
          portal.close();
        });
  }

  @OnEveryKind
  void stoppingCancelsWhatRunsAndNotWhoOpenedIt(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var portal = ThreadPortal.open("gate")) {
            var begun = new CountDownLatch(2);
            var caller = Outsider.begin(() -> portal.call(() -> untilCancelled(begun)));
            var submitted = portal.submit(() -> untilCancelled(begun));
            begun.await();
            portal.stop("frost");
            assertThat(caller.end().thrown())
                .isInstanceOf(TaskCancelledException.class)
                .hasMessageContaining("frost");
            assertThatThrownBy(submitted::get)
                .isInstanceOf(CancellationException.class)
                .hasRootCauseInstanceOf(TaskCancelledException.class);
            assertThatThrownBy(() -> portal.submit(() -> 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Portal 'gate' takes no more calls: it was stopped: frost");
            Task.checkpoint();
          }
          Task.checkpoint();
        });
  }

  @OnEveryKind
  void cancellationOfWhoOpenedItReachesTheWork(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var caller = new Outsider<?>[1];
          boolean whole =
              CancelScope.run(
                  scope -> {
                    try (var portal = ThreadPortal.open()) {
                      var begun = new CountDownLatch(1);
                      caller[0] = Outsider.begin(() -> portal.call(() -> untilCancelled(begun)));
                      begun.await();
                      scope.cancel("hail");
                    }
                  });
          assertThat(whole).isFalse();
          assertThat(caller[0].end().thrown())
              .isInstanceOf(TaskCancelledException.class)
              .hasMessageContaining("hail");
        });
  }

  @OnEveryKind
  void closerThatIsCancelledStopsThePortal(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var begun = new CountDownLatch(1);
            var portal = ThreadPortal.in(nursery);
            CompletableFuture<String> running = portal.submit(() -> untilCancelled(begun));
            begun.await();
            boolean whole =
                CancelScope.run(
                    scope -> {
                      scope.cancel("hurry");
                      portal.close();
                      assertThat(running).isCancelled();
                      Task.checkpoint();
                    });
            assertThat(whole).isFalse();
            Task.checkpoint();
          }
        });
  }

  @OnEveryKind
  void closerThatIsInterruptedStopsThePortal(Kind kind) throws Throwable {
    try (OpenGreenhouse greenhouse = kind.build()) {
      var begun = new CountDownLatch(1);
      var closer =
          Outsider.begin(
              () -> {
                var portal = ThreadPortal.launch(() -> greenhouse);
                var running = portal.submit(() -> untilCancelled(begun));
                portal.close();
                return running;
              });
      begun.await();
      closer.awaitWaiting();
      closer.interrupt();
      var end = closer.end();
      assertThat(end.thrown()).isNull();
      assertThat(end.interrupted()).isTrue();
      assertThat(end.value()).isCancelled();
    }
  }

  @OnEveryKind
  void itIsClosedWhereItWasOpenedAndNotByItsOwnWork(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          assertThatThrownBy(
                  () ->
                      Outsider.does(
                          () -> {
                            portal.close();
                            return null;
                          }))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("was opened by task 'main'")
              .hasMessageContaining("use stop(reason)");
          try (var nursery = Nursery.open();
              var inner = ThreadPortal.in(nursery)) {
            assertThatThrownBy(() -> Outsider.does(() -> closedByItsWork(inner)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("would wait for itself");
            assertThat(inner.submit(() -> 1).get()).isEqualTo(1);
          }
          assertThat(portal.submit(() -> 1).get()).isEqualTo(1);
        });
  }

  private static int closedByItsWork(ThreadPortal portal) {
    return portal.call(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<?> below = nursery.fork(portal::close);
            throw (IllegalStateException) catchThrowable(below::join).getCause();
          }
        });
  }

  // ---- where

  @OnEveryKind
  void nurseryStaysOpenUntilThePortalIntoItIsClosed(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Outsider<String> caller;
          try (var nursery = Nursery.open()) {
            caller =
                Outsider.begin(
                    () -> {
                      try (var portal = ThreadPortal.in(nursery)) {
                        Eventually.holds("closing", () -> !nursery.children().isEmpty());
                        return portal.call(() -> "in " + Task.current().parent().isPresent());
                      }
                    });
            Eventually.holds("opened", () -> !nursery.children().isEmpty() || caller.hasEnded());
          }
          assertThat(caller.end().value()).isEqualTo("in true");
        });
  }

  @OnEveryKind
  void cancellationOfTheNurseryReachesTheWorkAndEndsThePortal(Kind kind) throws Throwable {
    kind.run(
        () ->
            Nursery.run(
                nursery -> {
                  var portal = ThreadPortal.in(nursery);
                  var begun = new CountDownLatch(1);
                  var caller = Outsider.begin(() -> portal.call(() -> untilCancelled(begun)));
                  begun.await();
                  nursery.cancel("storm");
                  assertThat(CancelScope.shield(caller::end).thrown())
                      .isInstanceOf(TaskCancelledException.class)
                      .hasMessageContaining("storm");
                  CancelScope.shield(
                      () ->
                          Eventually.run(
                              () ->
                                  assertThatThrownBy(() -> portal.submit(() -> 1))
                                      .isInstanceOf(IllegalStateException.class)
                                      .hasMessageContaining("was cancelled")));
                  portal.close();
                }));
  }

  @OnEveryKind
  void portalIntoAClosedNurseryIsRefused(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var nursery = Nursery.open();
          nursery.close();
          assertThatThrownBy(() -> ThreadPortal.in(nursery))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("is closed");
        });
  }

  @OnEveryKind
  void launchedGreenhouseEndsWithThePortal(Kind kind) throws Throwable {
    var made = new ArrayList<OpenGreenhouse>();
    try (var portal =
        ThreadPortal.launch(
            () -> {
              made.add(kind.build());
              return made.getLast();
            })) {
      assertThat(portal.<Greenhouse, RuntimeException>call(() -> Task.current().greenhouse()))
          .isSameAs(made.getFirst());
    }
    assertThat(made).hasSize(1);
    assertThat(made.getFirst().toString()).contains("is closed");
    try (var portal = ThreadPortal.launch(Greenhouse::common)) {
      assertThat(portal.call(() -> 1)).isEqualTo(1);
    }
  }

  @OnEveryKind
  void sharedGreenhouseLivesFromTheFirstUserToTheLast(Kind kind) throws Throwable {
    var made = new AtomicInteger();
    var shared =
        ThreadPortal.shared(
            () -> {
              made.incrementAndGet();
              return kind.build();
            });
    Greenhouse first;
    try (var one = shared.use()) {
      first = one.call(() -> Task.current().greenhouse());
      var two = shared.use();
      assertThat(shared).hasToString("SharedThreadPortal[users: 2]");
      assertThat(two.<Greenhouse, RuntimeException>call(() -> Task.current().greenhouse()))
          .isSameAs(first);
      two.close();
      two.close();
      assertThat(shared).hasToString("SharedThreadPortal[users: 1]");
      assertThatThrownBy(() -> two.call(() -> 1)).isInstanceOf(IllegalStateException.class);
      assertThat(one.call(() -> "still")).isEqualTo("still");
    }
    assertThat(first.toString()).contains("is closed");
    assertThat(made).hasValue(1);
    try (var again = shared.use()) {
      assertThat(again.<Greenhouse, RuntimeException>call(() -> Task.current().greenhouse()))
          .isNotSameAs(first);
    }
    assertThat(made).hasValue(2);
    assertThat(shared).hasToString("SharedThreadPortal[users: 0]");
  }

  @OnEveryKind
  void sharedGreenhouseThatCanNotBeMadeLeavesNoUser(Kind kind) throws Throwable {
    var makes = new ArrayList<>(List.of(false, true));
    var shared =
        ThreadPortal.shared(
            () -> {
              if (!makes.removeFirst()) {
                throw new IllegalStateException("no soil");
              }
              return kind.build();
            });
    assertThatThrownBy(shared::use).hasMessage("no soil");
    try (var portal = shared.use()) {
      assertThat(portal.call(() -> 1)).isEqualTo(1);
    }
    assertThat(shared).hasToString("SharedThreadPortal[users: 0]");
  }
}
