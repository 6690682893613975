package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.awaitFuture;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.AwaitedHere;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// What `await` gives, throws and cancels.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AwaitTest {
  private static void inPortal(Kind kind, Kind.Body body) throws Throwable {
    kind.run(() -> withPortalRun(() -> body.run()));
  }

  @OnEveryKind
  void otherTasksRunWhileOneAwaits(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var stage = new CompletableFuture<String>();
          try (var nursery = Nursery.open()) {
            nursery.fork(
                () -> {
                  for (int i = 0; i < 10; i++) {
                    Task.checkpoint();
                  }
                  stage.complete("late");
                });
            assertThat(await(stage)).isEqualTo("late");
          }
        });
  }

  @OnEveryKind
  void failureComesOutAsItIsWithBothStacks(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var error = new IOException("no harvest");
          CompletableFuture<String> stage = new CompletableFuture<String>().thenApply(String::trim);
          CompletableFuture<String> source = new CompletableFuture<>();
          CompletableFuture<String> wrapped = source.thenApply(String::trim);
          try (var nursery = Nursery.open()) {
            nursery.fork(() -> source.completeExceptionally(error));
            assertThat(catchThrowable(() -> AwaitTest.<String>harvest(wrapped))).isSameAs(error);
          }
          assertThat(error.getSuppressed()).hasSize(1);
          assertThat(error.getSuppressed()[0])
              .isInstanceOf(AwaitedHere.class)
              .hasMessageContaining("main");
          assertThat(error.getSuppressed()[0].getStackTrace()[0].getMethodName())
              .isEqualTo("harvest");
          for (int i = 0; i < 20; i++) {
            assertThatThrownBy(() -> await(wrapped)).isSameAs(error);
          }
          assertThat(error.getSuppressed()).hasSizeLessThan(6);
          assertThat(stage).isNotDone();
        });
  }

  private static <T> T harvest(CompletableFuture<T> stage) {
    return await(stage);
  }

  @OnEveryKind
  void declaredExceptionCanBeCaught(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var failed = CompletableFuture.<String>failedFuture(new IOException("declared"));
          try {
            await(failed, IOException.class);
            throw new AssertionError("no exception");
          } catch (IOException expected) {
            assertThat(expected).hasMessage("declared");
          }
        });
  }

  @OnEveryKind
  void cancellationCancelsTheStageAndIsNotMistakenForItsOwn(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var stage = new CompletableFuture<String>();
          boolean whole =
              CancelScope.run(
                  scope -> {
                    try (var nursery = Nursery.open()) {
                      nursery.fork(
                          () -> {
                            Task.checkpoint();
                            scope.cancel("enough");
                          });
                      assertThat(catchThrowable(() -> await(stage)))
                          .isInstanceOf(Cancelled.class)
                          .hasMessageContaining("enough");
                    }
                    Task.checkpoint();
                  });
          assertThat(whole).isFalse();
          assertThat(stage).isCancelled();
          assertThat(catchThrowable(() -> await(stage)))
              .isInstanceOf(CancellationException.class)
              .isNotInstanceOf(Cancelled.class);
        });
  }

  @OnEveryKind
  void awaitOfWhatIsDoneIsACheckpoint(Kind kind) throws Throwable {
    inPortal(
        kind,
        () ->
            assertThat(
                    CancelScope.run(
                        scope -> {
                          scope.cancel();
                          await(CompletableFuture.completedFuture(1));
                        }))
                .isFalse());
  }

  @OnEveryKind
  void operationThatThrowsOrGivesNull(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          assertThatThrownBy(
                  () ->
                      await(
                          () -> {
                            throw new IOException("can't start");
                          }))
              .isInstanceOf(IOException.class)
              .hasMessage("can't start");
          assertThatThrownBy(() -> await(() -> null))
              .isInstanceOf(NullPointerException.class)
              .hasMessageContaining("returned null");
          assertThatThrownBy(() -> await((CompletableFuture<String>) null))
              .isInstanceOf(NullPointerException.class);
        });
  }

  @OnEveryKind
  void plainFutures(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var future = new FutureTask<>(() -> "plain");
          try (var nursery = Nursery.open()) {
            nursery.fork(future::run);
            assertThat(awaitFuture(future)).isEqualTo("plain");
          }
          assertThat(awaitFuture(future)).isEqualTo("plain");
          var failed =
              new FutureTask<String>(
                  () -> {
                    throw new IOException("plain failure");
                  });
          failed.run();
          assertThatThrownBy(() -> awaitFuture(failed))
              .isInstanceOf(IOException.class)
              .hasMessage("plain failure");
          var never = new FutureTask<>(() -> "never");
          assertThat(
                  CancelScope.run(
                      scope -> {
                        try (var nursery = Nursery.open()) {
                          nursery.fork(() -> scope.cancel("too long"));
                          awaitFuture(never);
                        }
                      }))
              .isFalse();
          assertThat(never).isCancelled();
        });
  }

  /// Publishes some items as they are requested, then completes.
  private static final class Items implements Flow.Publisher<String> {
    private final List<String> items;
    private final boolean completes;
    final AtomicBoolean cancelled = new AtomicBoolean();
    final AtomicLong requested = new AtomicLong();

    Items(boolean completes, String... items) {
      this.completes = completes;
      this.items = List.of(items);
    }

    @Override
    public void subscribe(Flow.Subscriber<? super String> subscriber) {
      subscriber.onSubscribe(
          new Flow.Subscription() {
            @Override
            public void request(long n) {
              requested.addAndGet(n);
              for (int i = 0; i < Math.min(n, items.size()) && !cancelled.get(); i++) {
                subscriber.onNext(items.get(i));
              }
              if (completes && !cancelled.get()) {
                subscriber.onComplete();
              }
            }

            @Override
            public void cancel() {
              cancelled.set(true);
              subscriber.onError(new IllegalStateException("signal after cancel"));
            }
          });
    }
  }

  @OnEveryKind
  void publishersOfOneValueAtMost(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          assertThat(await(new Items(true, "one"))).isEqualTo("one");
          assertThat(await(new Items(true))).isNull();
          var two = new Items(true, "one", "two");
          assertThatThrownBy(() -> await(two))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("second value, two after one");
          assertThat(two.cancelled).isTrue();
          assertThat(two.requested).hasValue(2);
          var never = new Items(false);
          assertThat(
                  CancelScope.run(
                      scope -> {
                        try (var nursery = Nursery.open()) {
                          nursery.fork(() -> scope.cancel("too long"));
                          await(never);
                        }
                      }))
              .isFalse();
          assertThat(never.cancelled).isTrue();
        });
  }
}
