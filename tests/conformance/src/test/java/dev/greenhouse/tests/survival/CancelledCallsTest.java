package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Cancellation of a scope whose operation is in something of the JDK, or swallows what reaches it.
@ExtendWith(NothingLeft.class)
class CancelledCallsTest {
  private static final Duration SOON = Duration.ofMillis(20);

  @Target(ElementType.METHOD)
  @Retention(RetentionPolicy.RUNTIME)
  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("callsOnEveryKind")
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  private @interface OfEveryCallOnEveryKind {}

  static Stream<Arguments> callsOnEveryKind() {
    return Kind.available().stream()
        .flatMap(kind -> Stream.of(BlockingCall.values()).map(call -> Arguments.of(kind, call)));
  }

  @OfEveryCallOnEveryKind
  void byHandFromAPlainThreadEndsIt(Kind kind, BlockingCall call, @TempDir Path directory)
      throws Throwable {
    kind.run(
        () -> {
          var scope = CancelScope.named("blocked");
          var begins = new CountDownLatch(1);
          Thread thread = Thread.currentThread();
          Thread canceller =
              Thread.ofPlatform()
                  .start(
                      () -> {
                        awaitUninterruptibly(begins);
                        if (call.parks) {
                          Eventually.waits(thread);
                        }
                        scope.cancel("by hand");
                      });
          try (var prepared = call.prepare(directory)) {
            boolean complete =
                scope.run(
                    () -> {
                      begins.countDown();
                      prepared.block();
                    });
            assertWasCutOff(complete);
          }
          assertThat(scope.caughtCancellation()).isTrue();
          canceller.join();
          assertIsSoundAgain();
        });
  }

  @OfEveryCallOnEveryKind
  void aDeadlineEndsIt(Kind kind, BlockingCall call, @TempDir Path directory) throws Throwable {
    kind.run(
        () -> {
          try (var prepared = call.prepare(directory)) {
            long begin = System.nanoTime();
            boolean complete = CancelScope.moveOnAfter(SOON, () -> prepared.block());
            assertWasCutOff(complete);
            assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(SOON.toNanos());
          }
          assertIsSoundAgain();
        });
  }

  /// How a scope comes to be cancelled before the call begins.
  private interface Cancelling {
    void cancel(CancelScope scope);
  }

  private static void endsIn(Kind kind, BlockingCall call, Path directory, Cancelling before)
      throws Throwable {
    kind.run(
        () -> {
          try (var prepared = call.prepare(directory)) {
            boolean complete =
                CancelScope.run(
                    scope -> {
                      before.cancel(scope);
                      prepared.block();
                    });
            assertWasCutOff(complete);
          }
          assertIsSoundAgain();
        });
  }

  @OfEveryCallOnEveryKind
  void oneThatBeginsInACancelledScopeEndsToo(Kind kind, BlockingCall call, @TempDir Path directory)
      throws Throwable {
    endsIn(kind, call, directory, scope -> scope.cancel("before it begins"));
  }

  @OfEveryCallOnEveryKind
  void oneThatBeginsAfterAShieldThatKeptTheCancellationOutEndsToo(
      Kind kind, BlockingCall call, @TempDir Path directory) throws Throwable {
    endsIn(kind, call, directory, scope -> CancelScope.shield(() -> scope.cancel("in the shield")));
  }

  @OfEveryCallOnEveryKind
  void oneThatBeginsAfterACancellationWithoutInterruptsEndsToo(
      Kind kind, BlockingCall call, @TempDir Path directory) throws Throwable {
    endsIn(
        kind,
        call,
        directory,
        scope -> CancelScope.withoutInterrupts(() -> scope.cancel("not by an interrupt")));
  }

  @OfEveryCallOnEveryKind
  void oneInATaskThatIsForkedIntoACancelledNurseryEndsToo(
      Kind kind, BlockingCall call, @TempDir Path directory) throws Throwable {
    kind.run(
        () -> {
          try (var prepared = call.prepare(directory);
              var nursery = Nursery.open()) {
            nursery.cancel("before the fork");
            nursery.fork(prepared::block);
          }
          assertIsSoundAgain();
        });
  }

  @OfEveryCallOnEveryKind
  void itsNurserysCancellationEndsItInAChild(Kind kind, BlockingCall call, @TempDir Path directory)
      throws Throwable {
    kind.run(
        () -> {
          try (var prepared = call.prepare(directory)) {
            CancelScope.moveOnAfter(
                SOON,
                () -> {
                  try (var nursery = Nursery.open()) {
                    nursery.fork(prepared::block);
                  }
                });
          }
          assertIsSoundAgain();
        });
  }

  private static void assertWasCutOff(boolean complete) {
    assertThat(complete).as("ran to its end").isFalse();
  }

  private static void assertIsSoundAgain() throws InterruptedException {
    assertThat(Thread.currentThread().isInterrupted()).as("stray interrupt").isFalse();
    Thread.sleep(0); // would throw
    Task.checkpoint();
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
