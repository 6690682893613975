package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.autoAwait;
import static dev.greenhouse.portal.Portal.autoAwaitBiFunction;
import static dev.greenhouse.portal.Portal.autoAwaitSupplier;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.lowlevel.AwaitedHere;
import dev.greenhouse.portal.NoPortalException;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Asynchronous functions called as synchronous ones: greenback's test_autoawait.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AutoAwaitTest {
  private static CompletableFuture<String> text(int number) {
    return CompletableFuture.completedFuture("number " + number);
  }

  private static CompletableFuture<String> text(int number, String unit) {
    return CompletableFuture.completedFuture(number + " " + unit);
  }

  private static CompletableFuture<Integer> count(Object... things) {
    return CompletableFuture.completedFuture(things.length);
  }

  // greenback: test_autoawait
  @OnEveryKind
  void synchronousCodeTakesAsLongAsWhatItAwaits(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            withPortalRun(
                () -> {
                  Instant begin = clock.instant();
                  try (var nursery = Nursery.open()) {
                    Function<Integer, Integer> sleep = autoAwait(n -> InPortal.after(nursery, n));
                    assertThat(List.of(1, 2, 3).stream().map(sleep).reduce(0, Integer::sum))
                        .isEqualTo(6);
                  }
                  assertThat(clock.instant()).isEqualTo(begin.plus(Duration.ofSeconds(6)));
                }));
  }

  @OnEveryKind
  void functionsOfNoneOneAndTwoArguments(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          try (var nursery = Nursery.open()) {
            Supplier<String> none = autoAwaitSupplier(() -> InPortal.soon(nursery, "none"));
            Function<String, String> one = autoAwait(a -> InPortal.soon(nursery, a));
            BiFunction<String, String, String> two =
                autoAwaitBiFunction((a, b) -> InPortal.soon(nursery, a + b));
            assertThat(none.get() + one.apply(" one ") + two.apply("two", "!"))
                .isEqualTo("none one two!");
          }
        });
  }

  @OnEveryKind
  void referencesToOverloadedMethodsAreNotAmbiguous(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          Function<Integer, String> one = autoAwait(AutoAwaitTest::text);
          BiFunction<Integer, String, String> two = autoAwaitBiFunction(AutoAwaitTest::text);
          Function<String, Integer> counted = autoAwait(AutoAwaitTest::count);
          Supplier<Integer> nothing = autoAwaitSupplier(AutoAwaitTest::count);
          assertThat(one.apply(7)).isEqualTo("number 7");
          assertThat(two.apply(7, "plums")).isEqualTo("7 plums");
          assertThat(counted.apply("x") + nothing.get()).isEqualTo(1);
        });
  }

  @OnEveryKind
  void withoutAPortalNothingIsStarted(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var started = new ArrayList<Integer>();
          Function<Integer, String> fetch =
              autoAwait(
                  n -> {
                    started.add(n);
                    return text(n);
                  });
          assertThatThrownBy(() -> fetch.apply(1)).isInstanceOf(NoPortalException.class);
          assertThat(withPortalRun(() -> fetch.apply(2))).isEqualTo("number 2");
          assertThat(started).containsExactly(2);
        });
  }

  @OnEveryKind
  void failureComesOutAsItIsAndCancellationCancels(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var error = new IOException("no harvest");
          Function<Integer, String> failing = autoAwait(n -> CompletableFuture.failedFuture(error));
          assertThat(catchThrowable(() -> failing.apply(1))).isSameAs(error);
          assertThat(error.getSuppressed()).hasAtLeastOneElementOfType(AwaitedHere.class);

          var never = new CompletableFuture<String>();
          Supplier<String> waiting = autoAwaitSupplier(() -> never);
          assertThat(
                  CancelScope.run(
                      scope -> {
                        try (var nursery = Nursery.open()) {
                          nursery.fork(() -> scope.cancel("enough"));
                          assertThat(waiting.get()).isEmpty();
                        }
                      }))
              .isFalse();
          assertThat(never).isCancelled();

          Function<Integer, String> nothing = autoAwait(n -> (CompletionStage<String>) null);
          assertThatThrownBy(() -> nothing.apply(1))
              .isInstanceOf(NullPointerException.class)
              .hasMessageContaining("returned null instead of a stage");
        });
  }

  @Test
  void nullFunctionsAreRefusedAtOnce() {
    assertThatThrownBy(() -> autoAwait((Function<String, CompletionStage<String>>) null))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> autoAwaitSupplier((Supplier<CompletionStage<String>>) null))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(
            () -> autoAwaitBiFunction((BiFunction<String, String, CompletionStage<String>>) null))
        .isInstanceOf(NullPointerException.class);
  }
}
