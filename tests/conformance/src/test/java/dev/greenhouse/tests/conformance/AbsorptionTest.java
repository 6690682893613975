package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.CancelScopeTest.assertCancelled;
import static dev.greenhouse.tests.conformance.DeadlineTest.HOUR;
import static dev.greenhouse.tests.conformance.DeadlineTest.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 10, conformance D34: which of several scopes absorbs a cancellation.
@ExtendWith(NothingLeft.class)
class AbsorptionTest {
  private final IOException blight = new IOException("blight");

  /// Three scopes in one another; the innermost one runs what is given the list of them.
  private static List<CancelScope> nest(boolean middleIsShield, Consumer<List<CancelScope>> body) {
    List<CancelScope> scopes =
        List.of(
            CancelScope.named("outer"),
            CancelScope.named("middle").shielded(middleIsShield),
            CancelScope.named("inner"));
    scopes.get(0).run(() -> scopes.get(1).run(() -> scopes.get(2).run(() -> body.accept(scopes))));
    return scopes;
  }

  private static List<Boolean> caught(List<CancelScope> scopes) {
    return scopes.stream().map(CancelScope::caughtCancellation).toList();
  }

  private static List<Boolean> cancelled(List<CancelScope> scopes) {
    return scopes.stream().map(CancelScope::isCancelled).toList();
  }

  // D34
  @OnEveryKind
  void theOutermostCancelledScopeAbsorbs(Kind kind) throws Throwable {
    kind.run(
        () -> {
          List<CancelScope> scopes =
              nest(
                  false,
                  all -> {
                    all.get(2).cancel();
                    all.get(1).cancel();
                    Task.sleepForever();
                  });
          assertThat(cancelled(scopes)).containsExactly(false, true, true);
          assertThat(caught(scopes)).containsExactly(false, true, false);
        });
  }

  // D34
  @OnEveryKind
  void withTwoThatAreNotNeighboursItIsTheOutermostToo(Kind kind) throws Throwable {
    kind.run(
        () -> {
          List<CancelScope> scopes =
              nest(
                  false,
                  all -> {
                    all.get(0).cancel();
                    all.get(2).cancel();
                    Task.sleepForever();
                  });
          assertThat(cancelled(scopes)).containsExactly(true, false, true);
          assertThat(caught(scopes)).containsExactly(true, false, false);
        });
  }

  // D34: "the outermost visible"
  @OnEveryKind
  void aShieldHidesWhatIsOutsideOfIt(Kind kind) throws Throwable {
    kind.run(
        () -> {
          List<CancelScope> scopes =
              nest(
                  true,
                  all -> {
                    all.get(0).cancel();
                    all.get(2).cancel();
                    Task.sleepForever();
                  });
          assertThat(caught(scopes)).containsExactly(false, false, true);
        });
  }

  // D34. A scope that is cancelled while its Cancelled is on the way out gets it, too.
  @OnEveryKind
  void aScopeThatIsCancelledOnTheWayOutAbsorbs(Kind kind) throws Throwable {
    kind.run(
        () -> {
          List<CancelScope> scopes =
              nest(
                  false,
                  all -> {
                    all.get(2).cancel();
                    try {
                      Task.sleepForever();
                    } finally {
                      all.get(0).cancel();
                    }
                  });
          assertThat(caught(scopes)).containsExactly(true, false, false);
        });
  }

  // Rule 10: "absorbs only if it is itself cancelled"
  @OnEveryKind
  void aCancelledOfSomewhereElseIsNotAbsorbed(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var kept = new AtomicReference<Cancelled>();
          CancelScope.run(
              scope -> {
                scope.cancel();
                try {
                  Task.checkpoint();
                } catch (Cancelled c) {
                  kept.set(c);
                }
              });
          CancelScope innocent = CancelScope.named("innocent");
          assertThatThrownBy(() -> innocent.run(() -> rethrow(kept.get()))).isSameAs(kept.get());
          assertThat(innocent.caughtCancellation()).isFalse();
        });
  }

  private static void rethrow(Cancelled cancelled) {
    throw cancelled;
  }

  // Rule 10: "true only if it did"
  @OnEveryKind
  void aScopeThatIsCancelledAndRunsToItsEndHasCaughtNothing(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope scope = CancelScope.named("scope");
          assertThat(scope.run(() -> scope.cancel())).isTrue();
          assertThat(scope.isCancelled()).isTrue();
          assertThat(scope.caughtCancellation()).isFalse();
        });
  }

  // Rule 10: a nursery's scope is one like others
  @OnEveryKind
  void theScopeOfANurseryThatAbsorbedItsBodysCancellationHasCaughtIt(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var seen = new AtomicReference<CancelScope>();
          Nursery.run(
              nursery -> {
                seen.set(nursery.cancelScope());
                nursery.cancel();
                Task.sleepForever();
              });
          assertThat(seen.get().isCancelled()).isTrue();
          assertThat(seen.get().caughtCancellation()).isTrue();
        });
  }

  // Rule 10
  @OnEveryKind
  void aCancelledNurseryIsOutsideOfAScopeInsideOfIt(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope inner = CancelScope.named("inner");
          Nursery.run(
              nursery -> {
                nursery.cancel();
                inner.run(
                    () -> {
                      inner.cancel();
                      Task.sleepForever();
                    });
                throw new AssertionError("the nursery is cancelled: nothing ends in here");
              });
          assertThat(inner.caughtCancellation()).isFalse();
        });
  }

  // Rule 10: a task that is cancelled as a whole
  @OnEveryKind
  void theTaskItselfIsOutsideOfAllItsScopes(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope inner = CancelScope.named("inner");
          try (var nursery = Nursery.open()) {
            Task<?> task =
                nursery.fork(
                    () -> {
                      inner.run(
                          () -> {
                            inner.cancel("inner");
                            Task.current().cancel("task");
                            Task.sleepForever();
                          });
                      return "not reached";
                    });
            nursery.join();
            assertThat(task.outcome().orElseThrow())
                .isInstanceOfSatisfying(
                    Outcome.WasCancelled.class,
                    w -> assertThat(w.reason().text()).isEqualTo("task"));
          }
          assertThat(inner.caughtCancellation()).isFalse();
        });
  }

  // Rule 10: an enclosing try-form nursery that failed
  @OnEveryKind
  void aFailedNurseryAroundMakesTheCancellationLeaveAsItsFailure(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          CancelScope inner = CancelScope.named("inner").deadline(HOUR);
          var inBody = new AtomicReference<Throwable>();
          Throwable thrown =
              catchThrowable(
                  () -> {
                    try (var nursery = Nursery.open("beds")) {
                      nursery.fork(this::failAfterASecond);
                      Throwable t = catchThrowable(() -> inner.run(Task::sleepForever));
                      inBody.set(t);
                      throw t;
                    }
                  });
          assertThat(inBody.get()).isInstanceOf(NurseryFailedException.class).hasCause(blight);
          assertThat(thrown).isSameAs(inBody.get());
          assertThat(((NurseryFailedException) thrown).failures()).containsExactly(blight);
          assertThat(inner.caughtCancellation()).isFalse();
          assertThat(clock.nanoTime()).isEqualTo(SECOND.toNanos());
        });
  }

  private void failAfterASecond() throws IOException {
    Task.sleep(SECOND);
    throw blight;
  }

  // Rule 10: the same, if the scope was cancelled first and its Cancelled is on the way out
  @OnEveryKind
  void aNurseryAroundThatFailsMeanwhileMakesTheCancellationLeaveAsItsFailure(Kind kind)
      throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          CancelScope inner = CancelScope.named("inner");
          Throwable thrown =
              catchThrowable(
                  () -> {
                    try (var nursery = Nursery.open("beds")) {
                      inner.run(
                          () -> {
                            try {
                              inner.cancel("by hand");
                              Task.sleepForever();
                            } finally {
                              Task<?> failing = nursery.fork(this::failAfterASecond);
                              CancelScope.shield(() -> catchThrowable(failing::join));
                            }
                          });
                    }
                  });
          assertThat(inner.caughtCancellation()).isFalse();
          assertThat(thrown).isInstanceOf(NurseryFailedException.class).hasCause(blight);
        });
  }

  // Rule 10
  @OnEveryKind
  void failAfterInAFailedNurseryThrowsItsFailureAndNoTimeout(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            assertThatThrownBy(
                    () -> {
                      try (var nursery = Nursery.open()) {
                        nursery.fork(this::failAfterASecond);
                        CancelScope.failAfter(HOUR, () -> Task.sleepForever());
                      }
                    })
                .isInstanceOf(NurseryFailedException.class)
                .hasCause(blight));
  }

  // D34, D52: cleaning up in every scope on the way, from inside outwards
  @OnEveryKind
  void everyScopeOnTheWayOutIsLeftInOrder(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var order = new ArrayList<String>();
          CancelScope.run(
              outer -> {
                try {
                  CancelScope.run(
                      inner -> {
                        try {
                          outer.cancel();
                          Task.sleepForever();
                        } finally {
                          order.add("inner");
                        }
                      });
                } finally {
                  assertCancelled(Task::checkpoint);
                  order.add("outer");
                }
              });
          Task.checkpoint();
          assertThat(order).containsExactly("inner", "outer");
        });
  }
}
