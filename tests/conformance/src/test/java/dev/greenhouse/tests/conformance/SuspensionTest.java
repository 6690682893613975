package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance E, the blocking primitive. E57, a scratch slot that is cleared on wake, is here that
/// a suspension serves one wait.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SuspensionTest {
  // E53
  @OnEveryKind
  void aWaitEndsWithTheValueThatAnotherTaskHandsOver(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var suspension = Suspension.<String>create();
            nursery.fork(() -> assertThat(suspension.resume("water")).isTrue());
            assertThat(suspension.await()).isEqualTo("water");
            assertThat(suspension.isDone()).isTrue();
          }
        });
  }

  // E53
  @OnEveryKind
  void aWaitEndsWithNull(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var suspension = Suspension.<String>create();
            nursery.fork(() -> assertThat(suspension.resume(null)).isTrue());
            assertThat(suspension.await()).isNull();
          }
        });
  }

  // E53
  @OnEveryKind
  void aWaitEndsWithTheErrorItIsGivenUnwrapped(Kind kind) throws Throwable {
    var drought = new IOException("drought");
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var suspension = Suspension.<String>create();
            nursery.fork(() -> assertThat(suspension.resumeExceptionally(drought)).isTrue());
            assertThatThrownBy(suspension::await).isSameAs(drought);
          }
        });
  }

  // E53
  @OnEveryKind
  void aPlainThreadMayResume(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var suspension = Suspension.<Integer>create();
          Thread.ofPlatform().start(() -> suspension.resume(3));
          assertThat(suspension.await()).isEqualTo(3);
        });
  }

  // E53
  @OnEveryKind
  void resumingBeforeTheWaitIsFineAndTheFirstToResumeWins(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var suspension = Suspension.<Integer>create();
          assertThat(suspension.isDone()).isFalse();
          assertThat(suspension.resume(1)).isTrue();
          assertThat(suspension.resume(2)).isFalse();
          assertThat(suspension.resumeExceptionally(new IOException())).isFalse();
          assertThat(suspension.resumeCancelled()).isFalse();
          assertThat(suspension.await()).isEqualTo(1);
        });
  }

  // E54
  @OnEveryKind
  void aRefusedAbortWaitsOnAndTheNextCheckpointRaises(Kind kind) throws Throwable {
    var asked = new AtomicInteger();
    var value = new CompletableFuture<String>();
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var made = new CompletableFuture<Suspension<String>>();
            var refused = new CountDownLatch(1);
            Task<?> waiter =
                nursery.fork(
                    () -> {
                      var suspension = Suspension.<String>create();
                      made.complete(suspension);
                      value.complete(
                          suspension.await(
                              () -> {
                                asked.incrementAndGet();
                                refused.countDown();
                                return false;
                              }));
                      Task.checkpoint();
                    });
            Suspension<String> suspension = made.get();
            waiter.cancel("enough");
            waiter.cancel("really");
            refused.await();
            LockSupport.unpark(waiter.thread()); // woken for nothing, it asks no second time
            Task.checkpoint();
            assertThat(suspension.isDone()).isFalse();
            assertThat(waiter.outcome()).isEmpty();
            assertThat(suspension.resume("late")).isTrue();
            assertThatThrownBy(waiter::join).hasMessageContaining("enough");
          }
        });
    assertThat(value.getNow("none")).isEqualTo("late");
    assertThat(asked).hasValue(1);
  }

  // E55
  @OnEveryKind
  void aRefusedAbortCanBeCancelledByTheOperationLater(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var made = new CompletableFuture<Suspension<String>>();
            var refused = new CountDownLatch(1);
            var thrown = new CompletableFuture<Cancelled>();
            Task<?> waiter =
                nursery.fork(
                    () -> {
                      var suspension = Suspension.<String>create();
                      made.complete(suspension);
                      try {
                        suspension.await(
                            () -> {
                              refused.countDown();
                              return false;
                            });
                      } catch (Cancelled c) {
                        thrown.complete(c);
                        throw c;
                      }
                    });
            waiter.cancel("enough");
            refused.await();
            assertThat(made.get().resumeCancelled()).isTrue();
            assertThat(thrown.get()).hasMessageContaining("enough");
            assertThatThrownBy(waiter::join).hasMessageContaining("enough");
          }
        });
  }

  @OnEveryKind
  void anAbortThatAgreesEndsTheWaitAndLaterResumesAreRefused(Kind kind) throws Throwable {
    kind.run(
        () ->
            Nursery.run(
                nursery -> {
                  nursery.cancel("enough");
                  var suspension = Suspension.<String>create();
                  assertThatThrownBy(() -> suspension.await(() -> true))
                      .isInstanceOf(Cancelled.class);
                  assertThat(suspension.resume("late")).isFalse();
                }));
  }

  @OnEveryKind
  void aWaitThatWasResumedBeforeTheCancellationHandsItsValueOver(Kind kind) throws Throwable {
    kind.run(
        () ->
            Nursery.run(
                nursery -> {
                  var suspension = Suspension.<String>create();
                  suspension.resume("in time");
                  nursery.cancel();
                  assertThat(suspension.await()).isEqualTo("in time");
                  assertThatThrownBy(Task::checkpoint).isInstanceOf(Cancelled.class);
                }));
  }

  // Exactly in this order on the loop only: resumed and then cancelled, before the task runs again.
  @Test
  @NeedsFlag
  void aTaskThatIsResumedAndThenCancelledLosesNothing() throws Throwable {
    Kind.LOOP.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var made = new CompletableFuture<Suspension<String>>();
            var got = new CompletableFuture<String>();
            Task<?> waiter =
                nursery.fork(
                    () -> {
                      var suspension = Suspension.<String>create();
                      made.complete(suspension);
                      got.complete(suspension.await());
                    });
            Task.checkpoint();
            assertThat(made.get().resume("parcel")).isTrue();
            waiter.cancel("too late");
            assertThat(got.get()).isEqualTo("parcel");
            waiter.join();
          }
        });
  }

  @OnEveryKind
  void anUncancellableWaitOutlastsItsCancellation(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var made = new CompletableFuture<Suspension<String>>();
            Task<String> waiter =
                nursery.fork(
                    () -> {
                      var suspension = Suspension.<String>create();
                      made.complete(suspension);
                      return suspension.awaitUncancellably();
                    });
            Suspension<String> suspension = made.get();
            waiter.cancel("in vain");
            Task.checkpoint();
            assertThat(waiter.outcome()).isEmpty();
            suspension.resume("done");
            assertThat(waiter.join()).isEqualTo("done");
          }
        });
  }

  // E57
  @OnEveryKind
  void aSuspensionServesOneWait(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var suspension = Suspension.<Integer>create();
          suspension.resume(1);
          suspension.await();
          assertThatThrownBy(suspension::await)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("main")
              .hasMessageContaining("new one");
        });
  }

  // E57
  @OnEveryKind
  void anotherTaskCanNotWaitForIt(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var mine = Suspension.<Integer>create();
            nursery
                .fork(
                    () ->
                        assertThatThrownBy(mine::await)
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("main"))
                .join();
            mine.resume(4);
            assertThat(mine.await()).isEqualTo(4);
          }
        });
  }
}
