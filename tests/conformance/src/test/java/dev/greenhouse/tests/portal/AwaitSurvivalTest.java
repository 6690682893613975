package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.awaitFuture;
import static dev.greenhouse.portal.Portal.hasPortal;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static dev.greenhouse.portal.Portal.withPortalRunSync;
import static dev.greenhouse.portal.Portal.withPortalRunTree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.portal.AsyncCallable;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// What awaiting survives: stages, futures and operations that misbehave, locks that are held,
/// trees that end early. Publishers are in `PublisherSurvivalTest`.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AwaitSurvivalTest {
  private static void inPortal(Kind kind, Kind.Body body) throws Throwable {
    kind.run(() -> withPortalRun(() -> body.run()));
  }

  /// Awaits while the task is cancelled, and gives what came out.
  private static Throwable cancelledWhileItAwaits(Kind.Body awaits) {
    var thrown = new Throwable[1];
    boolean whole =
        CancelScope.run(
            scope -> {
              try (var nursery = Nursery.open()) {
                nursery.fork(
                    () -> {
                      Task.checkpoint();
                      scope.cancel("enough");
                    });
                thrown[0] = catchThrowable(awaits::run);
              }
              Task.throwIfCancelled();
            });
    assertThat(whole).isFalse();
    return thrown[0];
  }

  // ---- futures whose cancel does not work

  /// A future that does something else when it is cancelled.
  private static final class Stubborn extends CompletableFuture<String> {
    private final RuntimeException thrown; // null: it refuses without a word
    final AtomicInteger asked = new AtomicInteger();

    Stubborn(RuntimeException thrown) {
      this.thrown = thrown;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      asked.incrementAndGet();
      if (thrown != null) {
        throw thrown;
      }
      return false;
    }
  }

  @OnEveryKind
  void futureThatRefusesToBeCancelledIsLeftAlone(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var refuses = new Stubborn(null);
          assertThat(cancelledWhileItAwaits(() -> await(refuses))).isInstanceOf(Cancelled.class);
          assertThat(refuses.asked).hasValue(1);
          assertThat(refuses).isNotDone();
          refuses.complete("late"); // nobody waits
          assertThat(await(refuses)).isEqualTo("late");
          CompletionStage<String> stage = new CompletableFuture<String>().minimalCompletionStage();
          assertThat(await(CompletableFuture.completedStage("done"))).isEqualTo("done");
          assertThat(cancelledWhileItAwaits(() -> await(stage))).isInstanceOf(Cancelled.class);
        });
  }

  @OnEveryKind
  void whatCancelThrowsIsAttachedToTheCancellation(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var error = new IllegalArgumentException("can't cancel");
          var throwing = new Stubborn(error);
          assertThat(cancelledWhileItAwaits(() -> await(throwing)))
              .isInstanceOf(Cancelled.class)
              .hasSuppressedException(error);
          var unsupported = new Stubborn(new UnsupportedOperationException());
          assertThat(cancelledWhileItAwaits(() -> await(unsupported)))
              .isInstanceOf(Cancelled.class)
              .hasNoSuppressedExceptions();
        });
  }

  /// A plain future that tells whether somebody waits in it.
  private static final class Plain extends FutureTask<String> {
    private final RuntimeException thrown; // null: it is cancelled
    final CountDownLatch waiting = new CountDownLatch(1);
    final AtomicInteger waiters = new AtomicInteger();

    Plain(RuntimeException thrown) {
      super(() -> "plain");
      this.thrown = thrown;
    }

    @Override
    public String get() throws InterruptedException, ExecutionException {
      waiters.incrementAndGet();
      waiting.countDown();
      try {
        return super.get();
      } finally {
        waiters.decrementAndGet();
      }
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      if (thrown != null) {
        throw thrown;
      }
      return false; // refuses
    }
  }

  @OnEveryKind
  void threadThatWaitsForAPlainFutureIsNotLeftBehind(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var error = new IllegalArgumentException("can't cancel");
          for (var future : new Plain[] {new Plain(null), new Plain(error)}) {
            var thrown = new Throwable[1];
            boolean whole =
                CancelScope.run(
                    scope -> {
                      try (var nursery = Nursery.open()) {
                        nursery.fork(
                            () -> {
                              future.waiting.await();
                              scope.cancel("enough");
                            });
                        thrown[0] = catchThrowable(() -> awaitFuture(future));
                      }
                      Task.throwIfCancelled();
                    });
            assertThat(whole).isFalse();
            assertThat(thrown[0]).isInstanceOf(Cancelled.class);
            assertThat(thrown[0].getSuppressed().length).isEqualTo(future.thrown == null ? 0 : 1);
            Eventually.holds("no waiter", () -> future.waiters.get() == 0);
          }
        });
  }

  // ---- stages that misbehave

  /// A stage that does as it likes with who wants to hear of its end.
  private static final class Odd extends CompletableFuture<String> {
    private final BiConsumer<Odd, BiConsumer<? super String, ? super Throwable>> registration;

    Odd(BiConsumer<Odd, BiConsumer<? super String, ? super Throwable>> registration) {
      this.registration = registration;
    }

    @Override
    public CompletableFuture<String> whenComplete(
        BiConsumer<? super String, ? super Throwable> action) {
      registration.accept(this, action);
      return this;
    }
  }

  @OnEveryKind
  void stageThatCompletesWhileOneRegistersOrTwice(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          assertThat(await(new Odd((stage, action) -> action.accept("inline", null))))
              .isEqualTo("inline");
          var twice =
              new Odd(
                  (stage, action) -> {
                    action.accept("first", null);
                    action.accept("second", null);
                    action.accept(null, new IllegalStateException("third"));
                  });
          assertThat(await(twice)).isEqualTo("first");
          var both = new IllegalStateException("both");
          assertThatThrownBy(() -> await(new Odd((stage, action) -> action.accept("value", both))))
              .isSameAs(both);
          var refuses = new UnsupportedOperationException("no dependents");
          assertThatThrownBy(
                  () ->
                      await(
                          new Odd(
                              (stage, action) -> {
                                throw refuses;
                              })))
              .isSameAs(refuses);
          var elsewhere =
              new Odd(
                  (stage, action) -> {
                    try {
                      Outsider.does(
                          () -> {
                            action.accept("from another thread", null);
                            return null;
                          });
                    } catch (Exception e) {
                      throw new AssertionError(e);
                    }
                  });
          assertThat(await(elsewhere)).isEqualTo("from another thread");
          Task.checkpoint();
        });
  }

  @OnEveryKind
  void stageThatCompletesAfterTheTaskHasGoneOn(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var late = new AtomicInteger();
          var actions = new ArrayList<BiConsumer<? super String, ? super Throwable>>();
          var stage = new Odd((odd, action) -> actions.add(action));
          assertThat(cancelledWhileItAwaits(() -> await(stage))).isInstanceOf(Cancelled.class);
          actions.forEach(
              action -> {
                action.accept("late", null);
                late.incrementAndGet();
              });
          assertThat(late).hasValue(1);
          Task.checkpoint(); // it is no wake-up of something else
        });
  }

  @OnEveryKind
  void stageThatNeverCompletesIsLeftAtADeadline(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            withPortalRun(
                () -> {
                  var stage = new CompletableFuture<String>();
                  assertThat(CancelScope.moveOnAfter(Duration.ofHours(1), () -> await(stage)))
                      .isEmpty();
                  assertThat(stage).isCancelled();
                  var stubborn = new Stubborn(null);
                  assertThatThrownBy(
                          () -> CancelScope.failAfter(Duration.ofHours(1), () -> await(stubborn)))
                      .isInstanceOf(TimeoutException.class);
                  assertThat(stubborn).isNotDone();
                }));
  }

  // ---- operations

  @OnEveryKind
  void operationThatThrowsAnErrorOrIsCancelledItself(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var error = new NoClassDefFoundError("client");
          AsyncCallable<String> throwing =
              () -> {
                throw error;
              };
          assertThatThrownBy(() -> await(throwing)).isSameAs(error);
          boolean whole =
              CancelScope.run(
                  scope -> {
                    AsyncCallable<String> cancelled =
                        () -> {
                          scope.cancel("in the operation");
                          Task.checkpoint();
                          throw new AssertionError("not cancelled");
                        };
                    await(cancelled);
                  });
          assertThat(whole).isFalse();
          Task.checkpoint();
        });
  }

  @OnEveryKind
  void nullIsRefusedAtOnce(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          assertThatThrownBy(() -> await((CompletionStage<String>) null)).hasMessage("stage");
          assertThatThrownBy(() -> await((AsyncCallable<String>) null)).hasMessage("operation");
          assertThatThrownBy(() -> await((Flow.Publisher<String>) null)).hasMessage("publisher");
          assertThatThrownBy(() -> awaitFuture(null)).hasMessage("future");
          assertThatThrownBy(() -> await(new CompletableFuture<>(), null)).hasMessage("declared");
          assertThatThrownBy(() -> withPortalRun((ScopedValue.CallableOp<String, Exception>) null))
              .isInstanceOf(NullPointerException.class);
          assertThatThrownBy(
                  () -> withPortalRunTree((ScopedValue.CallableOp<String, Exception>) null))
              .isInstanceOf(NullPointerException.class);
        });
  }

  // ---- locks

  @OnEveryKind
  void awaitInsideOfAMonitorLetsOthersRun(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var monitor = new Object();
          var order = new ConcurrentLinkedQueue<String>();
          var stage = new CompletableFuture<String>();
          try (var nursery = Nursery.open()) {
            var held = new CompletableFuture<String>();
            nursery.fork(
                () -> {
                  withPortalRun(() -> await(held));
                  synchronized (monitor) {
                    order.add("contender");
                  }
                });
            nursery.fork(
                () -> {
                  withPortalRun(() -> await(held));
                  order.add("other");
                  stage.complete("go on");
                });
            synchronized (monitor) {
              held.complete("held");
              order.add(await(stage));
            }
          } catch (NurseryFailedException e) {
            throw e.getCause();
          }
          assertThat(order).containsExactly("other", "go on", "contender");
        });
  }

  @OnEveryKind
  void awaitInsideOfALockLetsOthersRunAndACancellationReleasesIt(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var lock = new ReentrantLock();
          var stage = new CompletableFuture<String>();
          try (var nursery = Nursery.open()) {
            var locked = new AtomicBoolean();
            lock.lock();
            try {
              nursery.fork(
                  () -> {
                    locked.set(!lock.tryLock());
                    stage.complete("go on");
                  });
              assertThat(await(stage)).isEqualTo("go on");
              assertThat(lock.isHeldByCurrentThread()).isTrue();
            } finally {
              lock.unlock();
            }
            assertThat(locked).isTrue();
          }
          assertThat(
                  cancelledWhileItAwaits(
                      () -> {
                        lock.lock();
                        try {
                          await(new CompletableFuture<>());
                        } finally {
                          lock.unlock();
                        }
                      }))
              .isInstanceOf(Cancelled.class);
          assertThat(lock.isLocked()).isFalse();
        });
  }

  // ---- trees

  @OnEveryKind
  void treesInsideOfTreesEndOneByOne(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var instruments = Task.current().greenhouse().instruments();
          withPortalRunTree(
              () -> {
                try (var nursery = Nursery.open()) {
                  for (int i = 0; i < 3; i++) {
                    nursery.fork(
                        () -> {
                          withPortalRunTree(() -> withPortalRunTree(() -> forkedInside()));
                          assertThat(hasPortal()).isTrue();
                          forkedInside(); // it belongs to the outer tree
                        });
                  }
                }
                assertThat(instruments.list()).hasSize(1);
                withPortalRunSync(() -> forkedInside());
              });
          assertThat(hasPortal()).isFalse();
          assertThat(instruments.list()).isEmpty();
        });
  }

  private static void forkedInside() {
    try (var nursery = Nursery.open()) {
      nursery.fork(() -> assertThat(await(CompletableFuture.completedFuture(1))).isEqualTo(1));
    }
  }

  @OnEveryKind
  void treeThatFailsWhileItsTasksAwaitLeavesNothing(Kind kind) throws Throwable {
    kind.run(
        () -> {
          List<CompletableFuture<String>> stages =
              List.of(new CompletableFuture<>(), new Stubborn(null));
          assertThatThrownBy(
                  () ->
                      withPortalRunTree(
                          () ->
                              Nursery.run(
                                  nursery -> {
                                    var begun = new CountDownLatch(stages.size());
                                    for (CompletableFuture<String> stage : stages) {
                                      nursery.fork(
                                          () -> {
                                            begun.countDown();
                                            return await(stage);
                                          });
                                    }
                                    begun.await();
                                    throw new IOException("blight");
                                  })))
              .hasRootCauseMessage("blight");
          assertThat(stages.getFirst()).isCancelled();
          assertThat(Task.current().greenhouse().instruments().list()).isEmpty();
          Task.checkpoint();
        });
  }

  @OnEveryKind
  void taskOfATreeThatHasEndedAwaitsOnAndItsChildrenHaveNoPortal(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var release = new CompletableFuture<String>();
          var left = new Nursery[1];
          Task<?>[] child = new Task<?>[1];
          withPortalRunTree(
              () -> {
                left[0] = Nursery.open();
                child[0] =
                    left[0].fork(
                        () -> {
                          await(release);
                          await(CompletableFuture.completedFuture("again"));
                          try (var nursery = Nursery.open()) {
                            return nursery.fork(() -> hasPortal()).join();
                          }
                        });
              });
          assertThat(Task.current().greenhouse().instruments().list()).isEmpty();
          release.complete("go");
          left[0].close();
          assertThat(child[0].join()).isEqualTo(false);
        });
  }

  @OnEveryKind
  void sharedStageThatNeverCompletesKeepsNoTaskThatGaveUp(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var shared = new Stubborn(null);
          var gone = givenUp(shared);
          Eventually.holds(
              "collected",
              () -> {
                System.gc();
                return gone.refersTo(null);
              });
          assertThat(shared).isNotDone();
        });
  }

  /// In a method of its own: no local variable here keeps the task.
  private static WeakReference<Task<?>> givenUp(CompletableFuture<String> shared) {
    try (var nursery = Nursery.open()) {
      Task<?> task = nursery.fork(() -> withPortalRun(() -> await(shared)));
      while (shared.getNumberOfDependents() == 0) {
        Task.checkpoint();
      }
      task.cancel("given up");
      return new WeakReference<>(task);
    }
  }
}
