package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.CancelScopeTest.assertCancelled;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance D36 and D37, rule 11: shields.
@ExtendWith(NothingLeft.class)
class ShieldTest {
  private interface Wait {
    void await() throws Exception;
  }

  // D36
  @OnEveryKind
  void aShieldKeepsOutCancellationFromOutsideOnly(Kind kind) throws Throwable {
    kind.run(
        () ->
            CancelScope.run(
                outer -> {
                  outer.cancel("outer");
                  boolean ownEnded =
                      CancelScope.run(
                          shield -> {
                            shield.shielded(true);
                            assertThat(shield.shielded()).isTrue();
                            Task.checkpoint();
                            boolean innerEnded =
                                CancelScope.run(
                                    inner -> {
                                      Task.checkpoint();
                                      inner.cancel("inner");
                                      Task.sleepForever();
                                    });
                            assertThat(innerEnded).isFalse();
                            Task.checkpoint();
                            shield.cancel("own");
                            Task.sleepForever();
                          });
                  assertThat(ownEnded).as("the shield's own cancellation ends there").isFalse();
                  assertCancelled(Task::checkpoint);
                }));
  }

  // D36
  @OnEveryKind
  void aShieldIsSwitchedFromInsideWithImmediateEffect(Kind kind) throws Throwable {
    kind.run(
        () ->
            CancelScope.run(
                outer -> {
                  outer.cancel();
                  CancelScope.run(
                      inner -> {
                        for (int i = 0; i < 50; i++) {
                          assertCancelled(Task::checkpoint);
                          inner.shielded(true);
                          Task.checkpoint();
                          Thread.sleep(0); // an interrupt would end it
                          inner.shielded(false);
                        }
                        assertCancelled(Task::checkpoint);
                      });
                }));
  }

  // D36. What was interrupted before it was shielded is not disturbed inside.
  @OnEveryKind
  void anInterruptThatWasSentIsTakenBackWhenAShieldIsEntered(Kind kind) throws Throwable {
    kind.run(
        () ->
            CancelScope.run(
                outer -> {
                  Thread me = Thread.currentThread();
                  Thread canceller = Thread.ofPlatform().start(() -> outer.cancel());
                  while (canceller.isAlive() || !me.isInterrupted()) {
                    Thread.onSpinWait(); // no checkpoint, so the interrupt stays in the flag
                  }
                  CancelScope.shield(
                      () -> {
                        assertThat(me.isInterrupted()).isFalse();
                        Thread.sleep(0);
                      });
                  assertCancelled(Task::checkpoint);
                }));
  }

  // D36, rule 11
  @OnEveryKind
  void aShieldThatAPlainThreadPutsUpActsAtOnce(Kind kind) throws Throwable {
    kind.run(
        () ->
            CancelScope.run(
                outer ->
                    CancelScope.run(
                        inner -> {
                          outer.cancel();
                          assertCancelled(Task::checkpoint);
                          switchOnAPlainThread(inner, true);
                          Task.checkpoint();
                          switchOnAPlainThread(inner, false);
                          assertCancelled(Task::checkpoint);
                        })));
  }

  /// Spins: waiting for the thread would be cancelled.
  private static void switchOnAPlainThread(CancelScope scope, boolean on) {
    var done = new AtomicBoolean();
    Thread.ofPlatform()
        .start(
            () -> {
              scope.shielded(on);
              done.set(true);
            });
    while (!done.get()) {
      Thread.onSpinWait();
    }
  }

  // D37
  @OnEveryKind
  void droppingAShieldWakesATaskThatWaits(Kind kind) throws Throwable {
    var latch = new CountDownLatch(1);
    var queue = new LinkedBlockingQueue<String>();
    List<Wait> waits =
        List.of(
            Task::sleepForever,
            () -> Task.sleep(Duration.ofDays(1)),
            latch::await,
            queue::take,
            () -> Thread.sleep(600_000));
    kind.run(
        () -> {
          for (Wait wait : waits) {
            dropTheShieldOf(wait, false);
            dropTheShieldOf(wait, true);
          }
        });
  }

  private static void dropTheShieldOf(Wait wait, boolean onPlainThread)
      throws InterruptedException {
    CancelScope shield = CancelScope.named("shield").shielded(true);
    boolean ended =
        CancelScope.run(
            outer -> {
              try (var nursery = Nursery.open()) {
                Task<Boolean> waiter = nursery.fork("waiter", () -> shield.run(wait::await));
                Eventually.waits(waiter.thread());
                outer.cancel("frost");
                assertThat(waiter.outcome()).isEmpty();
                CancelScope.shield(
                    () -> {
                      if (onPlainThread) {
                        Thread.ofPlatform().start(() -> shield.shielded(false)).join();
                      } else {
                        shield.shielded(false);
                      }
                      assertThatThrownBy(waiter::join)
                          .isInstanceOf(TaskCancelledException.class)
                          .hasMessageContaining("frost");
                    });
              }
              Task.checkpoint();
            });
    assertThat(ended).isFalse();
    assertThat(shield.isCancelled()).isFalse();
    assertThat(shield.caughtCancellation()).isFalse();
  }

  // D36
  @OnEveryKind
  void whatIsOpenedInsideAShieldIsShieldedToo(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            CancelScope.run(
                outer -> {
                  outer.cancel();
                  int value =
                      CancelScope.<Integer, RuntimeException>shield(
                          () -> {
                            try (var nursery = Nursery.open()) {
                              return nursery.fork(ShieldTest::threeAfterAnHour).join();
                            }
                          });
                  assertThat(value).isEqualTo(3);
                  assertThat(clock.nanoTime()).isEqualTo(Duration.ofHours(1).toNanos());
                }));
  }

  private static int threeAfterAnHour() {
    Task.sleep(Duration.ofHours(1));
    return 3;
  }

  // D36: a nursery's scope is one like others
  @OnEveryKind
  void aNurserysScopeCanBeAShield(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            CancelScope.run(
                outer -> {
                  try (var nursery = Nursery.open()) {
                    nursery.cancelScope().shielded(true);
                    Task<Integer> child = nursery.fork(ShieldTest::threeAfterAnHour);
                    outer.cancel();
                    assertThat(child.join()).isEqualTo(3);
                    nursery.cancelScope().shielded(false);
                    assertCancelled(Task::checkpoint);
                  }
                  assertCancelled(Task::checkpoint);
                }));
  }

  // D36. Leaving a shield by hand or by an exception lets the cancellation in again.
  @OnEveryKind
  void afterAShieldTheCancellationIsThereAgain(Kind kind) throws Throwable {
    var order = new ArrayList<String>();
    kind.run(
        () -> {
          boolean ended =
              CancelScope.run(
                  outer -> {
                    try {
                      outer.cancel();
                      Task.checkpoint();
                    } finally {
                      cleanUp(order);
                    }
                  });
          assertThat(ended).isFalse();
          assertThat(order).containsExactly("cleaned up", "interrupted again");
          assertThat(Thread.currentThread().isInterrupted()).isFalse();
        });
  }

  private static void cleanUp(List<String> order) {
    CancelScope.shield(
        () -> {
          Task.checkpoint();
          order.add("cleaned up");
        });
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException e) {
      order.add("interrupted again");
    }
  }

  // D36. A task's own cancellation comes from outside of all that it opens.
  @OnEveryKind
  void aShieldKeepsOutTheCancellationOfTheTaskItself(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var shielded = new AtomicBoolean();
            Task<?> task =
                nursery.fork(
                    () -> {
                      Task<?> me = Task.current();
                      CancelScope.shield(
                          () -> {
                            me.cancel("enough");
                            Task.checkpoint();
                            shielded.set(true);
                          });
                      Task.checkpoint();
                    });
            assertThatThrownBy(task::join)
                .isInstanceOf(TaskCancelledException.class)
                .hasMessageContaining("enough");
            assertThat(shielded).isTrue();
          }
        });
  }
}
