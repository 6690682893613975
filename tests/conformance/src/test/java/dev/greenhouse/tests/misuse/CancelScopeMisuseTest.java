package dev.greenhouse.tests.misuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.ScopeBody;
import dev.greenhouse.nursery.ScopeCallable;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.VoidOp;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance D30, D42 and D48 to D52: the bad inputs of cancel scopes. A negative sleep is in
/// [NurseryMisuseTest], negative and overflowing deadlines, which are none, in `DeadlineTest`.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CancelScopeMisuseTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private static void refusesNull(String parameter, ThrowingCallable misuse) {
    assertThatThrownBy(misuse).isInstanceOf(NullPointerException.class).hasMessage(parameter);
  }

  // D30
  @OnEveryKind
  void nullsAreRefusedAtOnceAndByName(Kind kind) throws Throwable {
    ScopedValue.CallableOp<String, RuntimeException> noCall = null;
    VoidOp<RuntimeException> noRun = null;
    kind.run(
        () -> {
          refusesNull("op", () -> CancelScope.moveOnAfter(SECOND, noCall));
          refusesNull("op", () -> CancelScope.moveOnAfter(SECOND, noRun));
          refusesNull("op", () -> CancelScope.moveOnAt(Instant.MAX, noCall));
          refusesNull("op", () -> CancelScope.moveOnAt(Instant.MAX, noRun));
          refusesNull("op", () -> CancelScope.failAfter(SECOND, noCall));
          refusesNull("op", () -> CancelScope.failAfter(SECOND, noRun));
          refusesNull("op", () -> CancelScope.failAt(Instant.MAX, noCall));
          refusesNull("op", () -> CancelScope.failAt(Instant.MAX, noRun));
          refusesNull("op", () -> CancelScope.shield(noCall));
          refusesNull("op", () -> CancelScope.shield(noRun));
          refusesNull("op", () -> CancelScope.withoutInterrupts(noCall));
          refusesNull("op", () -> CancelScope.withoutInterrupts(noRun));
          refusesNull("op", () -> CancelScope.moveOnWindDown(noCall));
          refusesNull("op", () -> CancelScope.moveOnWindDown(noRun));
          refusesNull("body", () -> CancelScope.run((ScopeBody<RuntimeException>) null));
          refusesNull("body", () -> CancelScope.call((ScopeCallable<Integer, IOException>) null));
          refusesNull("time", () -> CancelScope.moveOnAfter(null, () -> 1));
          refusesNull("time", () -> CancelScope.moveOnAt(null, () -> 1));
          refusesNull("time", () -> CancelScope.failAfter(null, () -> 1));
          refusesNull("time", () -> CancelScope.failAt(null, () -> 1));
          refusesNull("time", () -> NurseryOptions.defaults().deadline(null));
          refusesNull("name", () -> CancelScope.named(null));
          refusesNull("sign", () -> Cancelled.addSign(null));
          refusesNull("sign", () -> Cancelled.removeSign(null));
          Task.checkpoint();
          StillWorks.here();
        });
  }

  // D30
  @OnEveryKind
  void nullsLeaveAScopeAsItWas(Kind kind) throws Throwable {
    VoidOp<RuntimeException> noRun = null;
    ScopedValue.CallableOp<String, RuntimeException> noCall = null;
    kind.run(
        () -> {
          CancelScope scope = CancelScope.named("fetch");
          refusesNull("op", () -> scope.run(noRun));
          refusesNull("op", () -> scope.call(noCall));
          refusesNull("reason", () -> scope.cancel(null));
          refusesNull("time", () -> scope.deadline((Duration) null));
          refusesNull("time", () -> scope.deadline((Instant) null));
          refusesNull("grace", () -> scope.cancelAfter(null));
          assertThat(scope).hasToString("CancelScope[fetch, not entered]");
          assertThat(scope.run(StillWorks::here)).isTrue();
        });
  }

  // D30
  @OnEveryKind
  void aNullValueIsRefusedWhereItCouldNotBeToldFromNothing(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope named = CancelScope.named("fetch");
          refusesNullValue("moveOnAfter", () -> CancelScope.moveOnAfter(SECOND, () -> null));
          refusesNullValue("moveOnAt", () -> CancelScope.moveOnAt(Instant.MAX, () -> null));
          refusesNullValue("moveOnWindDown", () -> CancelScope.moveOnWindDown(() -> null));
          refusesNullValue("scope", () -> CancelScope.call(scope -> null));
          refusesNullValue("fetch", () -> named.call(() -> null));
          assertThat(named).hasToString("CancelScope[fetch, left]");
          StillWorks.here();
        });
  }

  private static void refusesNullValue(String scope, ThrowingCallable misuse) {
    assertThatThrownBy(misuse)
        .isInstanceOf(NullPointerException.class)
        .hasMessageContainingAll(
            "'" + scope + "'", "'main'", "returned null", "Return a value", "the form without");
  }

  private static void refusesEntering(ThrowingCallable misuse, String... fragments) {
    assertThatThrownBy(misuse)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("was entered before", "Make a new one each time")
        .hasMessageContainingAll(fragments);
  }

  // D42
  @OnEveryKind
  void aScopeIsNotUsedTwice(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope scope = CancelScope.named("fetch");
          scope.run(() -> {});
          refusesEntering(() -> scope.run(StillWorks::here), "'fetch'", "'main'");
          refusesEntering(() -> scope.call(() -> 1), "'fetch'");
          var handed = new AtomicReference<CancelScope>();
          CancelScope.run(handed::set);
          refusesEntering(() -> handed.get().run(StillWorks::here), "'scope'");
          StillWorks.here();
        });
  }

  // D42
  @OnEveryKind
  void aScopeIsNotEnteredInsideOfItself(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope scope = CancelScope.named("fetch");
          boolean ended =
              scope.run(
                  () -> {
                    refusesEntering(() -> scope.run(StillWorks::here), "'fetch'");
                    assertThat(scope).hasToString("CancelScope[fetch, active]");
                    scope.cancel();
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          assertThat(scope.caughtCancellation()).isTrue();
          StillWorks.here();
        });
  }

  // D42
  @OnEveryKind
  void aScopeIsNotEnteredByTwoTasks(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope scope = CancelScope.named("fetch");
          try (var nursery = Nursery.open()) {
            Task<Boolean> first = nursery.fork("first", () -> scope.run(Task::sleepForever));
            Eventually.waits(first.thread());
            Task<Throwable> second =
                nursery.fork("second", () -> catchThrowable(() -> scope.run(() -> {})));
            assertThat(second.join())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("'fetch'", "'first'", "'second'", "Make a new one");
            scope.cancel();
            assertThat(first.join()).isFalse();
          }
          StillWorks.here();
        });
  }

  // D42
  @OnEveryKind
  void theScopeOfANurseryIsEnteredByItself(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope scope;
          try (var nursery = Nursery.open("beds")) {
            scope = nursery.cancelScope();
            refusesEntering(() -> scope.run(StillWorks::here), "'beds'");
            Task<Throwable> child =
                nursery.fork("child", () -> catchThrowable(() -> scope.run(() -> {})));
            assertThat(child.join()).hasMessageContainingAll("'beds'", "'main'", "'child'");
            StillWorks.here();
          }
          refusesEntering(() -> scope.run(StillWorks::here), "'beds'");
          StillWorks.here();
        });
  }

  // D48, D49
  @OnEveryKind
  void aNurseryIsNotClosedInsideOfAScopeThatWasOpenedLater(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Nursery outside = Nursery.open("outside");
          Task<?> task = outside.fork(() -> Task.sleepForever());
          CancelScope.named("fetch")
              .run(
                  () -> {
                    refusesClosing(outside);
                    try (var inside = Nursery.open("inside")) {
                      refusesClosing(outside);
                      assertThat(inside.isOpen()).isTrue();
                    }
                    StillWorks.here();
                  });
          assertThat(outside.isOpen()).isTrue();
          assertThat(task.outcome()).isEmpty();
          assertThat(outside.fork(() -> 1).join()).isEqualTo(1);
          outside.cancel();
          outside.close();
          assertThat(Task.current().nurseries()).isEmpty();
          StillWorks.here();
        });
  }

  private static void refusesClosing(Nursery outside) {
    assertThatThrownBy(outside::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("'outside'", "'fetch'", "Close it where it was opened");
  }

  // D49, D51, D52
  @OnEveryKind
  void nurseriesThatAreLeftOpenInAScopeAreCancelledAndClosed(Kind kind) throws Throwable {
    var frost = new IOException("frost");
    kind.run(
        () -> {
          var tasks = new AtomicReference<Task<?>>();
          CancelScope scope = CancelScope.named("fetch");
          Throwable thrown =
              catchThrowable(
                  () ->
                      scope.run(
                          () -> {
                            Nursery.open("first").fork(() -> failWhenCancelled(frost));
                            tasks.set(Nursery.open("second").fork(() -> Task.sleepForever()));
                          }));
          assertThat(thrown)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContainingAll("'fetch'", "'main'", "'second'", "try-with-resources");
          assertThat(thrown.getSuppressed()).hasSize(1);
          assertThat(thrown.getSuppressed()[0]).hasMessageContaining("'first'");
          assertThat(thrown).hasStackTraceContaining("frost");
          assertThat(tasks.get().outcome().orElseThrow()).isInstanceOf(Outcome.WasCancelled.class);
          assertThat(Task.current().nurseries()).isEmpty();
          assertThat(scope.isCancelled()).isFalse();
          StillWorks.here();
        });
  }

  private static void failWhenCancelled(IOException failure) throws IOException {
    try {
      Task.sleepForever();
    } catch (Cancelled expected) {
      throw failure;
    }
  }

  // D51
  @OnEveryKind
  void anExceptionThatLeavesANurseryOpenIsThePrimaryOne(Kind kind) throws Throwable {
    var drought = new IOException("drought");
    kind.run(
        () -> {
          Throwable thrown =
              catchThrowable(
                  () ->
                      CancelScope.run(
                          scope -> {
                            Nursery.open("left").fork(() -> Task.sleepForever());
                            throw drought;
                          }));
          assertThat(thrown).isSameAs(drought);
          assertThat(thrown.getSuppressed()[0])
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("'left'");
          assertThat(Task.current().nurseries()).isEmpty();
          StillWorks.here();
        });
  }

  // A4
  @Test
  void outsideOfATask() throws Exception {
    refusedOutside(() -> CancelScope.moveOnAfter(SECOND, () -> 1));
    refusedOutside(() -> CancelScope.failAfter(SECOND, () -> 1));
    refusedOutside(() -> CancelScope.run(scope -> {}));
    refusedOutside(() -> CancelScope.shield(() -> 1));
    refusedOutside(() -> CancelScope.withoutInterrupts(() -> 1));
    refusedOutside(() -> CancelScope.moveOnWindDown(() -> 1));
    refusedOutside(CancelScope::shouldWindDown);
    refusedOutside(CancelScope::effectiveDeadline);
    CancelScope scope = CancelScope.named("fetch");
    refusedOutside(() -> scope.run(() -> {}));
    assertThat(scope).hasToString("CancelScope[fetch, not entered]");
    try (var nursery = Nursery.open()) { // the thread is a task now
      assertThat(scope.run(StillWorks::here)).isTrue();
      assertThat(nursery.fork(() -> 1).join()).isEqualTo(1);
    }
    refusedOutside(() -> CancelScope.run(s -> {}));
  }

  private static void refusedOutside(ThrowingCallable misuse) {
    assertThatThrownBy(misuse)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll(
            "'" + Thread.currentThread().getName() + "' is no task", "Greenhouse.run");
  }

  // D30
  @OnEveryKind
  void windingDownAScopeThatNobodyHasEntered(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope scope = CancelScope.named("fetch");
          assertThatThrownBy(() -> scope.cancelAfter(SECOND))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContainingAll("'fetch'", "not entered yet", "Cancel it instead");
          assertThat(scope).hasToString("CancelScope[fetch, not entered]");
          assertThat(scope.run(StillWorks::here)).isTrue();
        });
  }

  // D30
  @Test
  void reportingAtOnceWhatIsStuck() {
    var builder = Greenhouse.builder();
    for (Duration time : new Duration[] {Duration.ZERO, Duration.ofSeconds(-1)}) {
      assertThatThrownBy(() -> builder.reportStuckAfter(time))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(time.toString(), "more than zero");
    }
    refusesNull("time", () -> builder.reportStuckAfter(null));
    try (var greenhouse = builder.reportStuckAfter(Duration.ofSeconds(Long.MAX_VALUE)).build()) {
      greenhouse.run(StillWorks::here);
    }
  }
}
