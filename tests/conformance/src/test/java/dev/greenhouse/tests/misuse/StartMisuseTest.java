package dev.greenhouse.tests.misuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.StartStatus;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtendWith;

/// `started` at the wrong time, suspensions in the wrong hands.
@ExtendWith(NothingLeft.class)
class StartMisuseTest {
  @OnEveryKind
  void startedTwice(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var second = new AtomicReference<Throwable>();
          try (var nursery = Nursery.open()) {
            int value =
                nursery.<Integer, RuntimeException>start(
                    "server",
                    status -> {
                      status.started(1);
                      second.set(catchThrowable(() -> status.started(2)));
                    });
            assertThat(value).isEqualTo(1);
          }
          assertThat(second.get())
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContainingAll("'server'", "twice", "Call it once");
          StillWorks.here();
        });
  }

  @OnEveryKind
  void startedTwiceWithoutCatchingFailsTheTask(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThatThrownBy(
                  () -> {
                    try (var nursery = Nursery.open()) {
                      nursery.<Integer, RuntimeException>start(
                          "server",
                          status -> {
                            status.started(1);
                            status.started(2);
                          });
                    }
                  })
              .isInstanceOf(NurseryFailedException.class)
              .cause()
              .hasMessageContaining("twice");
          StillWorks.here();
        });
  }

  @OnEveryKind
  void startedNever(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            assertThatThrownBy(() -> nursery.<Integer, RuntimeException>start("lazy", status -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("'lazy'", "without calling started()", "or use fork");
            assertThat(nursery.children()).isEmpty();
            assertThat(nursery.fork(() -> 1).join()).isEqualTo(1);
          }
          StillWorks.here();
        });
  }

  @OnEveryKind
  void startedAfterTheEndFromAnotherTask(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var status = new AtomicReference<StartStatus<Integer>>();
            assertThatThrownBy(() -> nursery.<Integer, RuntimeException>start("gone", status::set))
                .isInstanceOf(IllegalStateException.class);
            Throwable late =
                nursery.fork(() -> catchThrowable(() -> status.get().started(1))).join();
            assertThat(late)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("'gone'", "after it had ended", "in the task");
          }
          StillWorks.here();
        });
  }

  @OnEveryKind
  void startedAfterTheEndOfATaskThatHadStarted(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var status = new AtomicReference<StartStatus<Integer>>();
          try (var nursery = Nursery.open()) {
            nursery.<Integer, RuntimeException>start(
                "gone",
                s -> {
                  status.set(s);
                  s.started(1);
                });
          }
          assertThatThrownBy(() -> status.get().started(2))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("'gone'");
          StillWorks.here();
        });
  }

  @OnEveryKind
  void startedFromAnotherTaskInTimeIsFine(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var told = new CountDownLatch(1);
            int value =
                nursery.<Integer, Exception>start(
                    status -> {
                      nursery.fork(
                          () -> {
                            status.started(3);
                            told.countDown();
                          });
                      told.await();
                    });
            assertThat(value).isEqualTo(3);
          }
        });
  }

  @OnEveryKind
  void twoThreadsCallStartedAtOnceAndOneIsRefused(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (int i = 0; i < 200; i++) {
            var refused = new Throwable[2];
            try (var nursery = Nursery.open()) {
              int value =
                  nursery.<Integer, Exception>start(
                      status -> {
                        var go = new CountDownLatch(1);
                        var threads = new Thread[2];
                        for (int t = 0; t < 2; t++) {
                          int n = t;
                          threads[t] =
                              new Thread(
                                  () -> {
                                    try {
                                      go.await();
                                    } catch (InterruptedException e) {
                                      throw new AssertionError(e);
                                    }
                                    refused[n] = catchThrowable(() -> status.started(n));
                                  });
                          threads[t].start();
                        }
                        go.countDown();
                        threads[0].join();
                        threads[1].join();
                      });
              assertThat(value).isBetween(0, 1);
              nursery.join();
              assertThat(refused[value]).isNull();
              assertThat(refused[1 - value]).isInstanceOf(IllegalStateException.class);
            }
          }
        });
  }

  // ---- suspensions

  @OnEveryKind
  void aSuspensionAwaitedByAnotherTask(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var mine = Suspension.<Integer>create();
          try (var nursery = Nursery.open()) {
            Throwable thrown = nursery.fork("thief", () -> catchThrowable(mine::await)).join();
            assertThat(thrown)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("'main'", "'thief'", "Each task makes its own");
          }
          assertThat(mine.resume(1)).isTrue();
          assertThat(mine.await()).isEqualTo(1);
          StillWorks.here();
        });
  }

  @OnEveryKind
  void aSuspensionAwaitedOnAPlainThread(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var mine = Suspension.<Integer>create();
          var thrown = new Throwable[1];
          var plain = new Thread(() -> thrown[0] = catchThrowable(mine::await), "stranger");
          plain.start();
          plain.join();
          assertThat(thrown[0])
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContainingAll("'main'", "'stranger'");
        });
  }

  @OnEveryKind
  void aSuspensionAwaitedTwice(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var once = Suspension.<Integer>create();
          assertThat(once.resume(1)).isTrue();
          assertThat(once.resume(2)).isFalse();
          assertThat(once.resumeExceptionally(new Exception())).isFalse();
          assertThat(once.resumeCancelled()).isFalse();
          assertThat(once.await()).isEqualTo(1);
          assertThatThrownBy(once::await)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContainingAll("'main'", "awaited before", "Make a new one");
          StillWorks.here();
        });
  }

  @OnEveryKind
  void aSuspensionResumedAsCancelledInATaskThatIsNot(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var suspension = Suspension.<Integer>create();
          assertThat(suspension.resumeCancelled()).isTrue();
          assertThatThrownBy(suspension::await)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContainingAll("'main'", "no scope around it is", "Resume it with");
          StillWorks.here();
        });
  }

  @OnEveryKind
  void aSuspensionResumedAfterItsTaskHasEnded(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var orphan = new AtomicReference<Suspension<Integer>>();
          try (var nursery = Nursery.open()) {
            nursery.fork(() -> orphan.set(Suspension.create()));
          }
          assertThat(orphan.get().resume(1)).isTrue();
          assertThat(orphan.get().resume(2)).isFalse();
          StillWorks.here();
        });
  }

  @OnEveryKind
  void anAbortHandlerThatThrows(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var boom = new IllegalArgumentException("from the handler");
          Nursery.run(
              nursery -> {
                Task<?> task =
                    nursery.fork(
                        () -> {
                          var suspension = Suspension.<Integer>create();
                          var thrown =
                              catchThrowable(
                                  () ->
                                      suspension.await(
                                          () -> {
                                            throw boom;
                                          }));
                          assertThat(thrown).isSameAs(boom);
                        });
                nursery.cancel("by hand");
                assertThat(task).isNotNull();
              });
          StillWorks.here();
        });
  }

  @OnEveryKind
  void resumingExceptionallyWithNothing(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var suspension = Suspension.<Integer>create();
          assertThatThrownBy(() -> suspension.resumeExceptionally(null))
              .isInstanceOf(NullPointerException.class)
              .hasMessage("error");
          assertThatThrownBy(() -> suspension.await(null))
              .isInstanceOf(NullPointerException.class)
              .hasMessage("onCancel");
          assertThat(suspension.resume(5)).isTrue();
          assertThat(suspension.await()).isEqualTo(5);
        });
  }
}
