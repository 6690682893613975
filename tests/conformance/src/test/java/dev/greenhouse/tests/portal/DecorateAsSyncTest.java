package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.decorateAsSync;
import static dev.greenhouse.portal.Portal.hasPortal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.portal.Portal;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Synchronous decorators of asynchronous functions: greenback's test_decorate_as_sync.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DecorateAsSyncTest {
  /// A cache that knows nothing of stages. Failures are not kept.
  private static <A, R> Function<A, R> memo(Function<A, R> fn) {
    Map<A, R> known = new HashMap<>();
    return a -> {
      if (!known.containsKey(a)) {
        known.put(a, fn.apply(a));
      }
      return known.get(a);
    };
  }

  private static <A, R> Function<A, CompletionStage<R>> memoised(
      Function<A, CompletionStage<R>> function) {
    return Portal.<A, R>decorateAsSync(DecorateAsSyncTest::memo).apply(function);
  }

  // greenback: test_decorate_as_sync
  @OnEveryKind
  void computesOncePerArgumentWithAPortalInsideAndNoneOutside(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var computed = new ArrayList<Integer>();
            Function<Integer, CompletionStage<String>> cached =
                memoised(
                    n -> {
                      assertThat(hasPortal()).isTrue();
                      computed.add(n);
                      return InPortal.soon(nursery, "number " + n);
                    });
            for (int n : List.of(1, 2, 1, 2, 1)) {
              var stage = cached.apply(n).toCompletableFuture();
              assertThat(stage).isCompletedWithValue("number " + n);
              assertThat(hasPortal()).isFalse();
            }
            assertThat(computed).containsExactly(1, 2);
          }
        });
  }

  @OnEveryKind
  void otherTasksRunWhileTheDecoratedFunctionAwaits(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var first = new CompletableFuture<String>();
          var known = new ConcurrentHashMap<Integer, String>();
          var computed = new AtomicInteger();
          var cached =
              Portal.<Integer, String>decorateAsSync(sync -> n -> known.computeIfAbsent(n, sync))
                  .apply(
                      n -> {
                        computed.incrementAndGet();
                        return first;
                      });
          try (var nursery = Nursery.open()) {
            for (int i = 0; i < 3; i++) {
              nursery.fork(
                  () ->
                      assertThat(cached.apply(1).toCompletableFuture())
                          .isCompletedWithValue("one"));
            }
            nursery.fork(
                () -> {
                  for (int i = 0; i < 10; i++) {
                    Task.checkpoint();
                  }
                  first.complete("one");
                });
          }
          assertThat(computed).hasValue(1);
        });
  }

  @OnEveryKind
  void failureIsTheStagesAndIsComputedAgain(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var error = new IOException("frost");
          var computed = new AtomicInteger();
          Function<Integer, CompletionStage<String>> cached =
              memoised(
                  n -> {
                    computed.incrementAndGet();
                    return CompletableFuture.failedFuture(error);
                  });
          for (int i = 0; i < 2; i++) {
            var stage = cached.apply(1).toCompletableFuture();
            assertThat(stage).isCompletedExceptionally();
            assertThat(stage.exceptionNow()).isSameAs(error);
          }
          assertThat(computed).hasValue(2);
        });
  }

  @OnEveryKind
  void cancellationIsTheCallersAndNotTheStages(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var never = new CompletableFuture<String>();
          Function<Integer, CompletionStage<String>> cached = memoised(n -> never);
          assertThat(
                  CancelScope.run(
                      scope -> {
                        try (var nursery = Nursery.open()) {
                          nursery.fork(() -> scope.cancel("enough"));
                          Throwable thrown = catchThrowable(() -> cached.apply(1));
                          assertThat(thrown).isInstanceOf(Cancelled.class);
                          throw (Cancelled) thrown;
                        }
                      }))
              .isFalse();
          assertThat(never).isCancelled();
          assertThat(hasPortal()).isFalse();
        });
  }

  @OnEveryKind
  void decoratedFunctionsCanBeAwaitedAsOthers(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          try (var nursery = Nursery.open()) {
            Function<Integer, CompletionStage<Integer>> cached =
                memoised(n -> InPortal.soon(nursery, n * 2));
            assertThat(sum(cached, 3)).isEqualTo(12);
          }
        });
  }

  private static int sum(Function<Integer, CompletionStage<Integer>> fn, int n) {
    return await(fn.apply(n)) + await(fn.apply(n));
  }

  @Test
  void needsATaskAndADecoratorThatDecorates() {
    Function<Integer, CompletionStage<String>> cached =
        memoised(n -> CompletableFuture.completedFuture("one"));
    assertThatThrownBy(() -> cached.apply(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no task");
    var broken = Portal.<Integer, String>decorateAsSync(sync -> null);
    assertThatThrownBy(() -> broken.apply(n -> CompletableFuture.completedFuture("one")))
        .isInstanceOf(NullPointerException.class)
        .hasMessageContaining("decorator gave null");
    assertThatThrownBy(() -> decorateAsSync(null)).isInstanceOf(NullPointerException.class);
  }
}
