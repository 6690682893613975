package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance D, cancel scopes. Their shields are in [ShieldTest], deadlines in [DeadlineTest],
/// what they reach in [CancelReachTest], which of several absorbs in [AbsorptionTest], texts in
/// [CancelledTextTest]. D30, D42 and D48 to D52 are in `CancelScopeMisuseTest`, `NurseryMisuseTest`
/// and [NurseryTest].
@ExtendWith(NothingLeft.class)
class CancelScopeTest {
  static void assertCancelled(ThrowingCallable checkpoint) {
    assertThatThrownBy(checkpoint).isInstanceOf(Cancelled.class);
  }

  // Rule 10: what is not cancelled gives its values and exceptions as they are
  @OnEveryKind
  void aScopeThatNobodyCancelsChangesNothing(Kind kind) throws Throwable {
    var drought = new IOException("drought");
    kind.run(
        () -> {
          assertThat(CancelScope.run(scope -> Task.checkpoint())).isTrue();
          assertThat(CancelScope.call(scope -> scope.name())).contains("scope");
          assertThat(CancelScope.<Integer, RuntimeException>shield(() -> 7)).isEqualTo(7);
          IOException thrown =
              catchThrowableOfType(
                  IOException.class,
                  () ->
                      CancelScope.run(
                          scope -> {
                            throw drought;
                          }));
          assertThat(thrown).isSameAs(drought);
          assertThat(thrown.getSuppressed()).isEmpty();
        });
  }

  // D32
  @OnEveryKind
  void inACancelledScopeEveryKindOfCheckpointRaisesAndAShieldedOneDoesNot(Kind kind)
      throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          boolean ended =
              CancelScope.run(
                  scope -> {
                    scope.cancel("by hand");
                    assertCancelled(Task::throwIfCancelled);
                    assertCancelled(Task::checkpoint);
                    assertCancelled(() -> Task.sleep(Duration.ZERO));
                    assertCancelled(() -> Task.sleep(Duration.ofHours(1)));
                    assertCancelled(() -> Task.sleepUntil(Instant.EPOCH));
                    assertCancelled(Task::sleepForever);
                    CancelScope.shield(
                        () -> {
                          Task.throwIfCancelled();
                          Task.checkpoint();
                          Task.sleep(Duration.ofMinutes(1));
                        });
                    assertCancelled(Task::checkpoint);
                  });
          assertThat(ended).as("all were swallowed, so it ran to its end").isTrue();
          assertThat(clock.nanoTime()).isEqualTo(Duration.ofMinutes(1).toNanos());
          Task.checkpoint();
        });
  }

  // D32. Rule 17's sibling: a join tests before it hands out what is there.
  @OnEveryKind
  void joiningAnEndedTaskRaisesInACancelledScope(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<Integer> task = nursery.fork(() -> 5);
            task.join();
            CancelScope.run(
                scope -> {
                  scope.cancel();
                  assertCancelled(task::join);
                  assertCancelled(nursery::join);
                });
            assertThat(task.join()).isEqualTo(5);
          }
        });
  }

  // D33
  @OnEveryKind
  void cancellingTwiceIsOneAndEveryFurtherCallRaisesAgain(Kind kind) throws Throwable {
    kind.run(
        () -> {
          boolean ended =
              CancelScope.run(
                  scope -> {
                    scope.cancel("frost");
                    scope.cancel("hail");
                    for (int i = 0; i < 100; i++) {
                      assertThatThrownBy(Task::checkpoint)
                          .isInstanceOf(Cancelled.class)
                          .hasMessageContaining("frost");
                    }
                    for (int i = 0; i < 10; i++) { // more of them come slower and slower
                      assertThatThrownBy(() -> Thread.sleep(60_000))
                          .isInstanceOf(InterruptedException.class);
                    }
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          assertThat(Thread.currentThread().isInterrupted()).isFalse();
          Task.checkpoint();
        });
  }

  // D41
  @OnEveryKind
  void aScopeThatWasCancelledBeforeItIsEnteredIsCancelledFromTheBeginning(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          CancelScope early = CancelScope.named("early");
          early.cancel("too early");
          assertThat(early.isCancelled()).isTrue();
          var reached = new AtomicInteger();
          boolean ended =
              early.run(
                  () -> {
                    reached.set(1);
                    Task.checkpoint();
                    reached.set(2);
                  });
          assertThat(ended).isFalse();
          assertThat(reached).as("it runs to its first checkpoint").hasValue(1);
          assertThat(early.caughtCancellation()).isTrue();
          assertThat(early.reason().orElseThrow().text()).isEqualTo("too early");
        });
  }

  // D41
  @OnEveryKind
  void cancellingBeforeTheEnteringInterruptsCallsOfTheJdkToo(Kind kind) throws Throwable {
    kind.run(
        () -> {
          CancelScope early = CancelScope.named("early");
          early.cancel();
          assertThat(early.run(() -> Thread.sleep(60_000))).isFalse();
          assertThat(Thread.currentThread().isInterrupted()).isFalse();
        });
  }

  // D41
  @OnEveryKind
  void aScopeThatWasShieldedBeforeItIsEnteredIsAShieldFromTheBeginning(Kind kind) throws Throwable {
    kind.run(
        () ->
            CancelScope.run(
                outer -> {
                  outer.cancel();
                  CancelScope shield = CancelScope.named("shield").shielded(true);
                  Optional<Integer> value =
                      shield.call(
                          () -> {
                            Task.checkpoint();
                            return 3;
                          });
                  assertThat(value).contains(3);
                  assertCancelled(Task::checkpoint);
                }));
  }

  // D41
  @OnEveryKind
  void anybodyMayCancelAScopeAndItsOwnerSeesThat(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var handed = new AtomicReference<CancelScope>();
          boolean ended =
              CancelScope.run(
                  scope -> {
                    handed.set(scope);
                    Thread.ofPlatform().start(() -> handed.get().cancel("from a plain thread"));
                    Task.sleepForever();
                  });
          assertThat(ended).isFalse();
          assertThat(handed.get().reason().orElseThrow().source()).isEqualTo(Source.EXPLICIT);
        });
  }

  // D44: an exited scope is unaffected, and affects nobody
  @OnEveryKind
  void cancellingAScopeThatWasLeftHarmsNobody(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var left = new AtomicReference<CancelScope>();
          CancelScope.run(left::set);
          left.get().cancel("too late");
          left.get().deadline(Duration.ZERO);
          left.get().cancelAfter(Duration.ZERO);
          Task.checkpoint();
          Thread.sleep(0);
          assertThat(left.get().caughtCancellation()).isFalse();
        });
  }
}
