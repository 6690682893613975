package dev.greenhouse.tests.misuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.VoidOp;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.concurrent.Callable;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GreenhouseMisuseTest {
  @OnEveryKind
  void aLoopInsideATask(Kind kind) throws Throwable {
    kind.run(
        () -> {
          tellsToOpenANursery("Greenhouse.run", () -> Greenhouse.run(() -> {}));
          tellsToOpenANursery("Greenhouse.run", () -> Greenhouse.call(() -> 1));
          StillWorks.here();
        });
  }

  @OnEveryKind
  void runInsideATask(Kind kind) throws Throwable {
    try (OpenGreenhouse greenhouse = kind.build();
        OpenGreenhouse other = Kind.POOL.build()) {
      greenhouse.run(
          () -> {
            tellsToOpenANursery(greenhouse.name(), () -> greenhouse.run(() -> {}));
            tellsToOpenANursery(other.name(), () -> other.call(() -> 1));
            try (var nursery = Nursery.open()) {
              Throwable inChild =
                  nursery.fork(() -> catchThrowable(() -> greenhouse.run(() -> {}))).join();
              assertThat(inChild).isInstanceOf(IllegalStateException.class);
            }
            StillWorks.here();
          });
    }
  }

  private static void tellsToOpenANursery(String what, ThrowingCallable misuse) {
    assertThatThrownBy(misuse)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll(what, "'main'", "Open a nursery", "Nursery.open()");
  }

  @OnEveryKind
  void aClosedGreenhouse(Kind kind) throws Throwable {
    OpenGreenhouse closed = kind.build();
    closed.run(StillWorks::here);
    closed.close();
    closed.close();
    refusesBecauseClosed(closed, () -> closed.run(() -> {}));
    refusesBecauseClosed(closed, () -> closed.call(() -> 1));
    refusesBecauseClosed(closed, () -> closed.launch(() -> 1));
    refusesBecauseClosed(closed, () -> closed.forkSystemTask("s", () -> {}));
    refusesBecauseClosed(closed, closed::openNursery);
    assertThat(closed.roots()).isEmpty();
    assertThat(Task.currentIfAny()).isEmpty();
    kind.run(StillWorks::here);
  }

  private static void refusesBecauseClosed(OpenGreenhouse closed, ThrowingCallable misuse) {
    assertThatThrownBy(misuse)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("'" + closed.name() + "' is closed", "Build a new greenhouse");
  }

  @OnEveryKind
  void closeFromATaskOfItsOwn(Kind kind) throws Throwable {
    try (OpenGreenhouse greenhouse = kind.build()) {
      greenhouse.run(
          () -> {
            assertThatThrownBy(greenhouse::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(
                    "'main'", "'" + greenhouse.name() + "'", "outside", "cancel(reason)");
            try (var nursery = Nursery.open()) {
              assertThat(nursery.fork("child", () -> catchThrowable(greenhouse::close)).join())
                  .isInstanceOf(IllegalStateException.class)
                  .hasMessageContaining("'child'");
            }
            StillWorks.here();
          });
      greenhouse.run(StillWorks::here);
    }
  }

  @Test
  void closingTheCommonOneDoesNothing() {
    Greenhouse.common().close();
    Greenhouse.common().run(StillWorks::here);
  }

  @OnEveryKind
  void nullsAreRefusedAtOnceAndByName(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build()) {
      refusesNull("op", () -> greenhouse.run((VoidOp<RuntimeException>) null));
      refusesNull(
          "op", () -> greenhouse.call((ScopedValue.CallableOp<Integer, RuntimeException>) null));
      refusesNull("main", () -> greenhouse.launch((Callable<Integer>) null));
      refusesNull("name", () -> greenhouse.forkSystemTask(null, () -> {}));
      refusesNull("body", () -> greenhouse.forkSystemTask("s", null));
      refusesNull("reason", () -> greenhouse.cancel(null));
      refusesNull("instrument", () -> greenhouse.instruments().add(null));
      refusesNull("instrument", () -> greenhouse.instruments().remove(null));
      refusesNull("options", () -> greenhouse.openNursery((NurseryOptions) null));
      assertThat(greenhouse.roots()).isEmpty();
      greenhouse.run(StillWorks::here);
    }
  }

  @Test
  void nullsAreRefusedByTheBuilder() {
    refusesNull("name", () -> Greenhouse.builder().name(null));
    refusesNull("clock", () -> Greenhouse.builder().clock(null));
    refusesNull("instrument", () -> Greenhouse.builder().instrument(null));
    refusesNull("executor", () -> Greenhouse.builder().on(null));
  }

  private static void refusesNull(String parameter, ThrowingCallable misuse) {
    assertThatThrownBy(misuse).isInstanceOf(NullPointerException.class).hasMessage(parameter);
  }

  @Test
  void anImpossibleParallelism() {
    for (int carriers : new int[] {-1, 0, Integer.MIN_VALUE, 1025, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> Greenhouse.builder().parallelism(carriers))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(String.valueOf(carriers), "from 1 to 1024");
    }
    try (var pool = Greenhouse.builder().parallelism(1).build()) {
      pool.run(StillWorks::here);
    }
  }

  @Test
  @NeedsFlag
  void twoKindsAtOnce() {
    assertThatThrownBy(() -> Greenhouse.builder().parallelism(2).singleThreaded())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("parallelism(2)", "singleThreaded()", "Choose one");
    assertThatThrownBy(() -> Greenhouse.builder().seeded(7).on(Runnable::run))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("seeded(7)", "on(", "Choose one");
  }

  @OnEveryKind
  void aNurseryOfALoopOnAnotherThread(Kind kind) throws Throwable {
    if (kind == Kind.POOL) {
      return; // there it is allowed
    }
    try (OpenGreenhouse greenhouse = kind.build()) {
      assertThatThrownBy(greenhouse::openNursery)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll(
              "'" + greenhouse.name() + "'",
              "one at a time",
              "'" + Thread.currentThread().getName() + "'",
              "run, call or launch");
      assertThat(Task.currentIfAny()).isEmpty();
      greenhouse.run(StillWorks::here);
    }
  }

  @Test
  void taskOperationsOnAThreadThatIsNone() {
    String me = "'" + Thread.currentThread().getName() + "'";
    for (ThrowingCallable misuse :
        new ThrowingCallable[] {
          Task::current,
          Task::checkpoint,
          Task::throwIfCancelled,
          Task::sleepForever,
          () -> Task.sleep(java.time.Duration.ZERO),
          dev.greenhouse.nursery.lowlevel.Suspension::create
        }) {
      assertThatThrownBy(misuse)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll(me, "is no task", "nursery");
    }
  }

  @OnEveryKind
  void nurseryJoinAndStartOnAThreadThatIsNoTask(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var thrown = new Throwable[2];
            var plain =
                new Thread(
                    () -> {
                      thrown[0] = catchThrowable(nursery::join);
                      thrown[1] =
                          catchThrowable(
                              () ->
                                  nursery.<Integer, RuntimeException>start(
                                      status -> status.started(1)));
                    },
                    "stranger");
            plain.start();
            plain.join();
            for (Throwable t : thrown) {
              assertThat(t)
                  .isInstanceOf(IllegalStateException.class)
                  .hasMessageContainingAll("'stranger' is no task");
            }
            assertThat(nursery.children()).isEmpty();
          }
          StillWorks.here();
        });
  }

  @OnEveryKind
  void removingAnInstrumentThatIsNotThere(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build()) {
      var instrument =
          new dev.greenhouse.instrumentation.Instrument() {
            @Override
            public String toString() {
              return "the stranger";
            }
          };
      assertThatThrownBy(() -> greenhouse.instruments().remove(instrument))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("the stranger", "'" + greenhouse.name() + "'", "not registered");
      greenhouse.run(StillWorks::here);
    }
  }
}
