package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance A1 to A3, A8 and A9: runs. A4 and A6 are in [CurrentTaskTest], A7 in
/// [StatisticsTest], A5 in [ClockTest].
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RunTest {
  private static final ScopedValue<String> BOUND = ScopedValue.newInstance();

  // A1
  @OnEveryKind
  void runReturnsMainsValueWithAndWithoutYields(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build()) {
      String argument = "seed";
      assertThat(greenhouse.<String, RuntimeException>call(() -> argument + "ling"))
          .isEqualTo("seedling");
      int yields =
          greenhouse.<Integer, RuntimeException>call(
              () -> {
                int n = 0;
                for (; n < 5; n++) {
                  Task.checkpoint();
                }
                return n;
              });
      assertThat(yields).isEqualTo(5);
    }
  }

  // A1
  @Test
  @NeedsFlag
  void staticCallReturnsMainsValue() {
    int value =
        Greenhouse.<Integer, RuntimeException>call(
            () -> {
              Task.checkpoint();
              return 7;
            });
    assertThat(value).isEqualTo(7);
  }

  // A2
  @OnEveryKind
  void mainsExceptionLeavesRunUnchanged(Kind kind) {
    var checked = new IOException("seed");
    var error = new AssertionError("rot");
    try (OpenGreenhouse greenhouse = kind.build()) {
      assertThatThrownBy(
              () ->
                  greenhouse.run(
                      () -> {
                        throw checked;
                      }))
          .isSameAs(checked);
      assertThatThrownBy(
              () ->
                  greenhouse.run(
                      () -> {
                        Task.checkpoint();
                        throw error;
                      }))
          .isSameAs(error);
    }
    assertThat(checked).hasNoCause().hasNoSuppressedExceptions();
    assertThat(error).hasNoCause().hasNoSuppressedExceptions();
  }

  // A2
  @Test
  @NeedsFlag
  void mainsExceptionLeavesTheStaticRunUnchanged() {
    var checked = new IOException("seed");
    assertThatThrownBy(
            () ->
                Greenhouse.run(
                    () -> {
                      throw checked;
                    }))
        .isSameAs(checked);
  }

  // A3
  @OnEveryKind
  void runInsideARunIsRefused(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (OpenGreenhouse other = kind.build()) {
            assertThatThrownBy(() -> other.run(() -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'main'")
                .hasMessageContaining("Nursery.open()");
          }
          assertThatThrownBy(() -> Greenhouse.run(() -> {}))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("Nursery.open()");
          Task.checkpoint(); // and the task is as it was
          assertThat(Task.current().name()).isEqualTo("main");
        });
  }

  // A8
  @OnEveryKind
  void anAbortHandlerThatThrowsSurfacesAndDoesNotHang(Kind kind) throws Throwable {
    var broken = new IllegalArgumentException("no abort");
    kind.run(
        () ->
            assertThatThrownBy(
                    () ->
                        Nursery.run(
                            nursery -> {
                              nursery.cancel();
                              Suspension.create()
                                  .await(
                                      () -> {
                                        throw broken;
                                      });
                            }))
                .hasCause(broken));
  }

  // A8
  @OnEveryKind
  void resumingATaskAsCancelledThatIsNotSurfacesAsAnError(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var suspension = Suspension.<String>create();
          suspension.resumeCancelled();
          assertThatThrownBy(suspension::await)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("main");
        });
  }

  // A9
  @Test
  @NeedsFlag
  void twoYieldingTasksAdvanceOneStepEachPerRound() throws Throwable {
    var steps = new ArrayList<String>();
    Kind.LOOP.run(
        () -> {
          try (var nursery = Nursery.open()) {
            for (String name : List.of("a", "b")) {
              nursery.fork(
                  () -> {
                    for (int i = 0; i < 4; i++) {
                      steps.add(name);
                      Task.checkpoint();
                    }
                  });
            }
          }
        });
    assertThat(steps).containsExactly("a", "b", "a", "b", "a", "b", "a", "b");
  }

  // Design, section 3: the caller stays interruptible, and that cancels main
  @OnEveryKind
  void anInterruptOfTheCallerCancelsMain(Kind kind) {
    Thread caller = Thread.currentThread();
    try (OpenGreenhouse greenhouse = kind.build()) {
      Cancelled thrown =
          catchThrowableOfType(
              Cancelled.class,
              () ->
                  greenhouse.run(
                      () -> {
                        caller.interrupt();
                        Task.sleepForever();
                      }));
      assertThat(Thread.interrupted()).as("the caller's flag is kept").isTrue();
      assertThat(thrown.source()).isEqualTo(Source.INTERRUPT);
    }
  }

  // Design, section 3
  @OnEveryKind
  void runWorksOnAVirtualThread(Kind kind) throws Exception {
    var result = new CompletableFuture<Integer>();
    Thread.ofVirtual()
        .start(
            () -> {
              try (OpenGreenhouse greenhouse = kind.build()) {
                result.complete(greenhouse.<Integer, RuntimeException>call(() -> 5));
              } catch (Throwable t) {
                result.completeExceptionally(t);
              }
            })
        .join();
    assertThat(result.get()).isEqualTo(5);
  }

  // F66, as documented
  @OnEveryKind
  void mainAndItsTasksSeeTheScopedValuesOfTheCaller(Kind kind) throws Throwable {
    ScopedValue.where(BOUND, "outside")
        .call(
            () -> {
              try (OpenGreenhouse greenhouse = kind.build()) {
                String seen =
                    greenhouse.<String, RuntimeException>call(
                        () -> {
                          try (var nursery = Nursery.open()) {
                            return BOUND.get() + nursery.fork(BOUND::get).join();
                          }
                        });
                assertThat(seen).isEqualTo("outsideoutside");
              }
              return null;
            });
    kind.run(() -> assertThat(BOUND.isBound()).isFalse());
  }

  // As documented: nobody waits for it, so it may outlive the binding
  @OnEveryKind
  void aLaunchedTaskSeesNoScopedValuesOfTheLauncher(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = kind.build()) {
      List<Task<Boolean>> tasks =
          ScopedValue.where(BOUND, "outside")
              .call(
                  () -> {
                    var seen = new CompletableFuture<Boolean>();
                    greenhouse
                        .forkSystemTask("system", () -> seen.complete(BOUND.isBound()))
                        .join();
                    assertThat(seen.get()).isFalse();
                    return List.of(
                        greenhouse.launch(() -> BOUND.isBound()),
                        greenhouse.launch(
                            () -> {
                              try (var nursery = Nursery.open()) {
                                return nursery.fork(() -> BOUND.isBound()).join();
                              }
                            }));
                  });
      for (Task<Boolean> task : tasks) {
        assertThat(task.join()).isFalse();
      }
    }
  }

  @OnEveryKind
  void aClosedGreenhouseRefusesToRun(Kind kind) {
    OpenGreenhouse closed;
    try (OpenGreenhouse greenhouse = kind.build()) {
      closed = greenhouse;
    }
    assertThatThrownBy(() -> closed.run(() -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(closed.name())
        .hasMessageContaining("closed");
    assertThatCode(closed::close).doesNotThrowAnyException();
  }

  @OnEveryKind
  void aTaskCanNotCloseItsOwnGreenhouse(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Greenhouse mine = Task.current().greenhouse();
          assertThatThrownBy(mine::close)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("cancel(reason)");
          Task.checkpoint();
        });
  }

  @OnEveryKind
  void closeWaitsForLaunchedTasks(Kind kind) {
    var release = new CountDownLatch(1);
    var ended = new AtomicBoolean();
    Task<String> launched;
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<String> main =
          greenhouse.launch(
              () -> {
                release.await();
                Task.checkpoint();
                ended.set(true);
                return "fruit";
              });
      launched = main;
      release.countDown();
    }
    assertThat(ended).isTrue();
    assertThat(launched.join()).isEqualTo("fruit");
  }

  @OnEveryKind
  void failureOfALaunchedTaskThatNobodyJoinedIsLoggedByClose(Kind kind) {
    try (CapturedLog log = CapturedLog.begin()) {
      try (OpenGreenhouse greenhouse = kind.build()) {
        greenhouse.launch(
            () -> {
              throw new IOException("pot broke");
            });
        Task<?> joined =
            greenhouse.launch(
                () -> {
                  throw new IOException("seen by who joined");
                });
        assertThatThrownBy(joined::join).hasRootCauseMessage("seen by who joined");
      }
      log.await("A launched task of greenhouse", "nobody joined it", "pot broke");
      assertThat(log.text()).doesNotContain("seen by who joined");
    }
  }

  @Test
  void failureOfATaskLaunchedInTheCommonGreenhouseIsLoggedAtOnce() {
    try (CapturedLog log = CapturedLog.begin()) {
      Greenhouse.common()
          .launch(
              () -> {
                throw new IOException("common pot broke");
              });
      log.await("A launched task of the common greenhouse failed", "common pot broke");
    }
  }
}
