package dev.greenhouse.tests.misuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Action;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NothingLeft.class)
class NurseryMisuseTest {
  private static Nursery closedNursery(String name) {
    try (var nursery = Nursery.open(name)) {
      nursery.fork(() -> 1);
      return nursery;
    }
  }

  @OnEveryKind
  void forkOnAClosedNursery(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Nursery closed = closedNursery("crawler");
          var ran = new AtomicBoolean();
          assertClosed(() -> closed.fork(() -> ran.getAndSet(true)));
          assertClosed(() -> closed.fork("named", () -> ran.getAndSet(true)));
          assertClosed(() -> closed.fork(() -> ran.set(true)));
          assertClosed(() -> closed.executor().execute(() -> ran.set(true)));
          assertThat(closed.isOpen()).isFalse();
          assertThat(ran).isFalse();
          StillWorks.here();
        });
  }

  @OnEveryKind
  void startOnAClosedNursery(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Nursery closed = closedNursery("crawler");
          assertClosed(() -> closed.<Integer, RuntimeException>start(status -> status.started(1)));
          StillWorks.here();
        });
  }

  @OnEveryKind
  void forkOnAClosedNurseryFromAPlainThread(Kind kind) throws Throwable {
    var nursery = new Nursery[1];
    kind.run(() -> nursery[0] = closedNursery("crawler"));
    assertClosed(() -> nursery[0].fork(() -> 1));
  }

  private static void assertClosed(org.assertj.core.api.ThrowableAssert.ThrowingCallable misuse) {
    assertThatThrownBy(misuse)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll(
            "Nursery 'crawler' is closed", "Fork before that", "outer nursery");
  }

  @OnEveryKind
  void closingTwiceDoesNothing(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Nursery closed = closedNursery("crawler");
          closed.close();
          closed.cancel("too late");
          closed.join();
          StillWorks.here();
        });
  }

  @OnEveryKind
  void closingOutOfOrderClosesTheInnerOnesFirst(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Nursery outer = Nursery.open("outer");
          Nursery inner = Nursery.open("inner");
          Task<?> inOuter = outer.fork(() -> "done");
          Task<?> inInner = inner.fork(() -> Task.sleepForever());
          assertThatThrownBy(outer::close)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContainingAll(
                  "'outer' was closed before", "'inner'", "reverse order", "try-with-resources");
          assertThat(outer.isOpen()).isFalse();
          assertThat(inner.isOpen()).isFalse();
          assertThat(inOuter.join()).isEqualTo("done");
          assertThat(inInner.outcome().orElseThrow()).isInstanceOf(Outcome.WasCancelled.class);
          assertThat(Task.current().nurseries()).isEmpty();
          inner.close();
          StillWorks.here();
        });
  }

  @OnEveryKind
  void closingOutOfOrderLosesNoFailure(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Nursery outer = Nursery.open("outer");
          Nursery middle = Nursery.open("middle");
          Nursery inner = Nursery.open("inner");
          fail(outer, "in outer");
          fail(inner, "in inner");
          Throwable thrown = catchThrowable(outer::close);
          assertThat(thrown).isInstanceOf(IllegalStateException.class);
          var text = new java.io.StringWriter();
          thrown.printStackTrace(new java.io.PrintWriter(text));
          assertThat(text.toString()).contains("in outer", "in inner");
          assertThat(middle.isOpen()).isFalse();
          StillWorks.here();
        });
  }

  private static void fail(Nursery nursery, String text) {
    nursery.fork(
        () -> {
          throw new IOException(text);
        });
  }

  @OnEveryKind
  void closingOnAnotherThreadIsRefusedAndTheOwnerCanStillClose(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open("mine")) {
            var thrown = new Throwable[2];
            nursery.fork("child", () -> thrown[0] = catchThrowable(nursery::close)).join();
            var plain = new Thread(() -> thrown[1] = catchThrowable(nursery::close), "stranger");
            plain.start();
            plain.join();
            assertThat(thrown[0])
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("'mine'", "'main'", "'child'", "cancel()");
            assertThat(thrown[1])
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("'mine'", "'main'", "'stranger'", "cancel()");
            assertThat(nursery.isOpen()).isTrue();
            assertThat(nursery.fork(() -> 1).join()).isEqualTo(1);
          }
          StillWorks.here();
        });
  }

  @OnEveryKind
  void closingInsideABindingThatWasMadeAfterTheOpening(Kind kind) throws Throwable {
    ScopedValue<String> value = ScopedValue.newInstance();
    kind.run(
        () -> {
          Nursery nursery = Nursery.open("outside");
          nursery.fork(() -> 1);
          Throwable thrown =
              catchThrowable(() -> ScopedValue.where(value, "x").run(nursery::close));
          assertThat(thrown)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContainingAll("'outside'", "scoped values", "block that opened it");
          assertThat(Task.current().nurseries()).isEmpty();
          StillWorks.here();
        });
  }

  @OnEveryKind
  void joinFromAChild(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open("family")) {
            var child = nursery.fork("child", () -> catchThrowable(nursery::join));
            assertThat(child.join())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("'child'", "'family'", "Join the other tasks");
          }
          StillWorks.here();
        });
  }

  @OnEveryKind
  void joinFromAGrandchildThatTheJoinedTaskWaitsFor(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open("family")) {
            var child =
                nursery.fork(
                    "child",
                    () ->
                        Nursery.call(
                            inner ->
                                inner
                                    .fork("grandchild", () -> catchThrowable(nursery::join))
                                    .join()));
            assertThat(child.join())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("'grandchild'", "'family'");
          }
        });
  }

  @OnEveryKind
  void aTaskThatJoinsItself(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var task = nursery.fork("narcissus", () -> catchThrowable(() -> Task.current().join()));
            assertThat(task.join())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("'narcissus'", "its own end", "another");
          }
          assertThatThrownBy(() -> Task.current().join())
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("'main'");
          StillWorks.here();
        });
  }

  @OnEveryKind
  void nullsAreRefusedAtOnceAndByName(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            refusesNull("body", () -> nursery.fork((Callable<Object>) null));
            refusesNull("body", () -> nursery.fork((Action) null));
            refusesNull("body", () -> nursery.fork("x", (Callable<Object>) null));
            refusesNull("name", () -> nursery.fork(null, () -> 1));
            refusesNull("body", () -> nursery.start(null));
            refusesNull("command", () -> nursery.executor().execute(null));
            refusesNull("reason", () -> nursery.cancel(null));
            refusesNull("reason", () -> Task.current().cancel(null));
            refusesNull("duration", () -> Task.sleep(null));
            refusesNull("time", () -> Task.sleepUntil(null));
            assertThat(nursery.children()).isEmpty();
          }
          refusesNull("body", () -> Nursery.run(null));
          refusesNull("body", () -> Nursery.call(null));
          refusesNull("options", () -> Nursery.open((NurseryOptions) null));
          refusesNull("name", () -> Nursery.open((String) null));
          StillWorks.here();
        });
  }

  private static void refusesNull(
      String parameter, org.assertj.core.api.ThrowableAssert.ThrowingCallable misuse) {
    assertThatThrownBy(misuse).isInstanceOf(NullPointerException.class).hasMessage(parameter);
  }

  @OnEveryKind
  void aNegativeSleep(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThatThrownBy(() -> Task.sleep(java.time.Duration.ofMillis(-1)))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessageContainingAll("'main'", "negative", "-0.001S", "zero");
          StillWorks.here();
        });
  }

  @OnEveryKind
  void onFailureWithoutSupervision(Kind kind) throws Throwable {
    kind.run(
        () ->
            assertThatThrownBy(
                    () -> new NurseryOptions("n", false, false, null, (task, error) -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("'n'", "onFailure", "supervised(true)"));
  }

  @OnEveryKind
  void aNurseryOfAnotherGreenhouseInATask(Kind kind) throws Throwable {
    try (OpenGreenhouse one = kind.build();
        OpenGreenhouse other = Kind.POOL.build()) {
      one.run(
          () -> {
            assertThatThrownBy(other::openNursery)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(
                    "'main'", "'" + one.name() + "'", "'" + other.name() + "'", "Nursery.open()");
            StillWorks.here();
          });
      other.run(StillWorks::here);
    }
  }

  @OnEveryKind
  void aTaskForkedIntoANurseryOfAnotherGreenhouseLivesThere(Kind kind) throws Throwable {
    try (OpenGreenhouse one = kind.build();
        OpenGreenhouse other = Kind.POOL.build()) {
      one.run(
          () -> {
            Object lives =
                other
                    .launch(
                        () -> {
                          try (var nursery = Nursery.open()) {
                            return nursery.fork(() -> Task.current().greenhouse()).join();
                          }
                        })
                    .join();
            assertThat(lives).isSameAs(other);
          });
    }
  }
}
