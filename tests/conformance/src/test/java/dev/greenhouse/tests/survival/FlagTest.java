package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// When a task that runs finds its interrupt flag on: it is told of each cancellation once.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FlagTest {
  @OnEveryKind
  void afterAWaitThatItsResultEndedBeforeTheCancellationDid(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var waiting = new CompletableFuture<Suspension<String>>();
            var cancelled = new CountDownLatch(1);
            Task<?> task =
                nursery.fork(
                    () -> {
                      var suspension = Suspension.<String>create("a result");
                      waiting.complete(suspension);
                      assertThat(suspension.await()).isEqualTo("kept");
                      while (kind == Kind.POOL && !isOn(cancelled)) {
                        Thread.onSpinWait();
                      }
                      assertThat(Thread.currentThread().isInterrupted()).isTrue();
                      assertThatThrownBy(Task::checkpoint).isInstanceOf(Cancelled.class);
                      assertThat(Thread.currentThread().isInterrupted()).isFalse();
                    });
            var suspension = waiting.get();
            suspension.resume("kept");
            task.cancel("too late for the wait");
            cancelled.countDown();
          }
        });
  }

  /// Without the flag of the JVM, the interrupt is sent by another thread.
  private static boolean isOn(CountDownLatch cancelled) {
    return cancelled.getCount() == 0 && (Kind.FLAG || Thread.currentThread().isInterrupted());
  }

  @OnEveryKind
  void afterAWaitThatIsNotEndedByCancellations(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var waiting = new CompletableFuture<Suspension<String>>();
            Task<?> task =
                nursery.fork(
                    () -> {
                      var suspension = Suspension.<String>create("a result");
                      waiting.complete(suspension);
                      assertThat(suspension.awaitUncancellably()).isEqualTo("kept");
                      assertThat(Thread.currentThread().isInterrupted()).isTrue();
                    });
            var suspension = waiting.get();
            task.cancel("while it waits");
            suspension.resume("kept");
          }
        });
  }

  @OnEveryKind
  void notWhileItCleansUpAfterCancelled(Kind kind) throws Throwable {
    kind.run(
        () -> {
          boolean complete =
              CancelScope.run(
                  scope -> {
                    scope.cancel("enough");
                    try {
                      Task.sleepForever();
                    } finally {
                      CancelScope.shield(() -> Task.checkpoint());
                      CancelScope.withoutInterrupts(() -> {});
                      try (var nursery = Nursery.open()) {
                        nursery.fork(() -> 1);
                      }
                      assertThat(Thread.currentThread().isInterrupted()).isFalse();
                    }
                  });
          assertThat(complete).isFalse();
        });
  }

  @OnEveryKind
  void againForAnOuterScopeThatIsCancelledBehindAShield(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var outer = CancelScope.named("outer");
          outer.run(
              () ->
                  CancelScope.run(
                      inner -> {
                        inner.cancel("the first");
                        assertThat(Thread.interrupted()).as("told of the inner one").isTrue();
                        CancelScope.shield(() -> outer.cancel("the second"));
                        assertThat(Thread.interrupted()).as("told of the outer one").isTrue();
                        CancelScope.shield(() -> {});
                        assertThat(Thread.interrupted()).as("told again").isFalse();
                      }));
          assertThat(Thread.currentThread().isInterrupted()).as("stray interrupt").isFalse();
          Task.checkpoint();
        });
  }

  @OnEveryKind
  void againForTheNextScopeAfterOneThatWasLeft(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (int i = 0; i < 3; i++) {
            CancelScope.run(
                scope -> {
                  CancelScope.withoutInterrupts(() -> scope.cancel("enough"));
                  assertThat(Thread.interrupted()).isTrue();
                  CancelScope.withoutInterrupts(() -> {});
                  assertThat(Thread.interrupted()).isFalse();
                });
          }
        });
  }

  @OnEveryKind
  void againIfAnInterruptThatNobodySawWasTakenBackByAShield(Kind kind) throws Throwable {
    kind.run(
        () ->
            CancelScope.run(
                scope -> {
                  scope.cancel("enough");
                  CancelScope.shield(
                      () -> assertThat(Thread.currentThread().isInterrupted()).isFalse());
                  assertThat(Thread.currentThread().isInterrupted()).isTrue();
                }));
  }

  @OnEveryKind
  void inATaskThatBeginsCancelled(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var flag = new AtomicReference<Boolean>();
          try (var nursery = Nursery.open()) {
            nursery.cancel("before the fork");
            nursery.fork(() -> flag.set(Thread.currentThread().isInterrupted()));
          }
          assertThat(flag).hasValue(true);
        });
  }

  @OnEveryKind
  void notInAShieldedRegionOfATaskThatBeginsCancelled(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var flag = new AtomicReference<Boolean>();
          try (var nursery = Nursery.open()) {
            nursery.cancel("before the fork");
            nursery.fork(
                () -> CancelScope.shield(() -> flag.set(Thread.currentThread().isInterrupted())));
          }
          assertThat(flag).hasValue(false);
        });
  }
}
