package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.hasPortal;
import static dev.greenhouse.tests.portal.ThreadPortals.untilCancelled;
import static dev.greenhouse.tests.portal.ThreadPortals.withPortal;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Threads that are no tasks call into a nursery: Trio's "from thread" tests, AnyIO's blocking
/// portal.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreadPortalTest {
  private static final ScopedValue<String> NAME = ScopedValue.newInstance();

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
