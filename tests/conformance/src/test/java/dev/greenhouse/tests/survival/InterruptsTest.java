package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SuppressWarnings({"LockNotBeforeTry", "UnnecessaryAsync", "try"})
class InterruptsTest {
  private static void interruptWhenItWaits(Thread thread) {
    Thread.ofPlatform()
        .start(
            () -> {
              Eventually.waits(thread);
              thread.interrupt();
            });
  }

  private static void assertInterruptSource(Task<?> task) {
    assertThat(task.outcome().orElseThrow())
        .isInstanceOfSatisfying(
            Outcome.WasCancelled.class,
            w -> assertThat(w.reason().source()).isEqualTo(CancelReason.Source.INTERRUPT));
  }

  @Test
  void onAPlainThreadInCloseItCancelsTheNurseryAndTheFlagIsSetAgainAtTheEnd() {
    var task = new AtomicReference<Task<?>>();
    try (var outer = Nursery.open("outer")) {
      assertThat(
              catchThrowable(
                  () -> {
                    try (var inner = Nursery.open("inner")) {
                      task.set(inner.fork(() -> Task.sleepForever()));
                      interruptWhenItWaits(Thread.currentThread());
                    }
                  }))
          .as("its task was cut off")
          .isInstanceOf(Cancelled.class);
      // The owner is cancelled as a whole, and the flag may be on or off in here.
      assertThat(catchThrowable(Task::checkpoint)).isInstanceOf(Cancelled.class);
    }
    assertThat(Thread.interrupted()).as("after the outermost close").isTrue();
    assertInterruptSource(task.get());
  }

  @Test
  void onAPlainThreadInItsBodyItRaisesCancelledAndTheFlagIsSetAgainAtTheEnd() {
    var task = new AtomicReference<Task<?>>();
    Throwable thrown =
        catchThrowable(
            () -> {
              try (var nursery = Nursery.open()) {
                task.set(nursery.fork(() -> Task.sleepForever()));
                interruptWhenItWaits(Thread.currentThread());
                task.get().join();
              }
            });
    assertThat(thrown)
        .isInstanceOfSatisfying(
            Cancelled.class, c -> assertThat(c.source()).isEqualTo(CancelReason.Source.INTERRUPT));
    assertThat(Thread.interrupted()).as("after the outermost close").isTrue();
    assertInterruptSource(task.get());
  }

  @Test
  void onAPlainThreadWithItsFlagSetTheBodyMeetsItAtItsFirstCheckpoint() {
    Thread.currentThread().interrupt();
    Throwable thrown =
        catchThrowable(
            () -> {
              try (var nursery = Nursery.open()) {
                nursery.fork(() -> 1);
                Task.checkpoint();
              }
            });
    assertThat(thrown).isInstanceOf(Cancelled.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void onAPlainThreadBetweenTwoNurseriesItIsLeftAlone() {
    try (var nursery = Nursery.open()) {
      nursery.fork(() -> 1);
    }
    Thread.currentThread().interrupt();
    assertThat(Thread.interrupted()).isTrue();
    try (var nursery = Nursery.open()) {
      assertThat(nursery.fork(() -> 2).join()).isEqualTo(2);
    }
    assertThat(Thread.interrupted()).isFalse();
  }

  @OnEveryKind
  void ofTheCallerOfRunCancelsMain(Kind kind) throws Exception {
    var child = new AtomicReference<Task<?>>();
    try (OpenGreenhouse greenhouse = kind.build()) {
      Throwable thrown =
          catchThrowable(
              () -> {
                interruptWhenItWaits(Thread.currentThread());
                greenhouse.run(
                    () -> {
                      try (var nursery = Nursery.open()) {
                        child.set(nursery.fork(() -> Task.sleepForever()));
                      }
                      Task.sleepForever();
                    });
              });
      assertThat(thrown)
          .isInstanceOfSatisfying(
              Cancelled.class,
              c -> assertThat(c.source()).isEqualTo(CancelReason.Source.INTERRUPT));
      assertThat(Thread.interrupted()).as("the caller's flag").isTrue();
      if (child.get() != null) {
        assertInterruptSource(child.get());
      }
      greenhouse.run(InterruptsTest::stillWorks);
    }
  }

  @OnEveryKind
  void ofATaskFromOutsideCancelsItAndNobodyElse(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<?> victim = nursery.fork("victim", () -> Task.sleepForever());
            Task<?> other = nursery.fork(() -> 5);
            interruptWhenItWaits(victim.thread());
            Eventually.holds("the victim ends", () -> victim.outcome().isPresent());
            assertInterruptSource(victim);
            assertThat(other.join()).isEqualTo(5);
          }
          stillWorks();
        });
  }

  private interface Blocking {
    void block() throws Exception;
  }

  @OnEveryKind
  void noneIsLeftAfterANurseryWithCancelledTasksInTheJdksBlockingCalls(Kind kind) throws Throwable {
    var monitor = new Object();
    var lock = new ReentrantLock();
    lock.lock();
    Blocking[] calls = {
      () -> Thread.sleep(60_000),
      () -> new LinkedBlockingQueue<>().take(),
      () -> new CountDownLatch(1).await(),
      lock::lockInterruptibly,
      () -> waitIn(monitor)
    };
    kind.run(
        () -> {
          for (int i = 0; i < 100; i++) {
            for (Blocking call : calls) {
              Nursery.run(
                  nursery -> {
                    nursery.fork(() -> call.block());
                    nursery.fork(() -> call.block());
                    nursery.cancel("by hand");
                    call.block(); // in the body, too
                  });
              assertThat(Thread.currentThread().isInterrupted()).isFalse();
            }
          }
          stillWorks();
        });
    lock.unlock();
  }

  @SuppressWarnings("WaitNotInLoop") // it is never notified
  private static void waitIn(Object monitor) throws InterruptedException {
    synchronized (monitor) {
      monitor.wait();
    }
  }

  @Test
  void noneIsLeftOnAPlainThreadWhoseNurseryWasCancelled() {
    for (int i = 0; i < 200; i++) {
      try (var nursery = Nursery.open(NurseryOptions.defaults().cancelOnClose(true))) {
        nursery.fork(() -> Thread.sleep(60_000));
        Throwable thrown =
            catchThrowable(
                () ->
                    Nursery.run(
                        inner -> {
                          inner.cancel("by hand");
                          Thread.sleep(60_000);
                        }));
        assertThat(thrown).isNull();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
      }
      assertThat(Thread.interrupted()).as("round " + i).isFalse();
    }
  }

  private static void stillWorks() throws InterruptedException {
    Thread.sleep(0); // would throw
    try (var nursery = Nursery.open()) {
      assertThat(nursery.fork(() -> 42).join()).isEqualTo(42);
    }
  }
}
