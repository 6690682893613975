package dev.greenhouse.tests.stress;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.awaitFuture;
import static dev.greenhouse.portal.Portal.ensurePortal;
import static dev.greenhouse.portal.Portal.hasPortal;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static dev.greenhouse.portal.Portal.withPortalRunTree;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;

/// Races around `await` and `withPortalRunTree`.
@Tag("stress")
class PortalRaceTest {
  private static final int ROUNDS = 1_000;

  /// How an await ended.
  private static final class End {
    Integer received;
    Throwable thrown;

    boolean isCancelled() {
      return thrown instanceof Cancelled;
    }

    /// Exactly one of a value, a failure and a cancellation.
    void assertOne(int round, Throwable failure) {
      assertThat(received == null).as("round " + round).isEqualTo(thrown != null);
      if (received != null) {
        assertThat(received).isEqualTo(round);
        assertThat(failure).isNull();
      } else if (!isCancelled()) {
        assertThat(thrown).as("round " + round).isSameAs(failure);
      }
    }
  }

  private interface Awaiting {
    Integer await() throws Exception;
  }

  /// Awaits in a nursery that is cancelled meanwhile. No interrupt is left.
  private static End endOf(Canceller canceller, int round, Awaiting awaiting) {
    var end = new End();
    Nursery.run(
        nursery -> {
          canceller.give(() -> nursery.cancel("by hand"));
          try {
            end.received = awaiting.await();
          } catch (Throwable t) {
            end.thrown = t;
          }
        });
    Outside.noInterrupt("at once", round);
    canceller.awaitDone();
    Outside.noInterrupt("late", round);
    return end;
  }

  @Stress
  void completionAgainstCancellationHasExactlyOneWinner(Bed bed) throws Exception {
    try (var canceller = new Canceller(71);
        var completer = new Canceller(72)) {
      bed.run(
          () -> {
            ensurePortal();
            for (int i = 0; i < Bed.rounds(ROUNDS); i++) {
              int n = i;
              var stage = new CompletableFuture<Integer>();
              IOException failure = i % 2 == 0 ? null : new IOException("round " + i);
              completer.give(
                  () -> {
                    if (failure == null) {
                      stage.complete(n);
                    } else {
                      stage.completeExceptionally(failure);
                    }
                  });
              End end = endOf(canceller, i, () -> await(stage));
              completer.awaitDone();
              end.assertOne(i, failure);
              assertThat(stage).isDone();
              if (stage.isCancelled()) {
                assertThat(end.isCancelled()).isTrue();
              }
            }
          });
    }
  }

  @Stress
  void stageThatCompletesAroundItsRegistrationIsNotMissed(Bed bed) throws Exception {
    try (var completer = new Canceller(73)) {
      bed.run(
          () -> {
            ensurePortal();
            var random = new SplittableRandom(74);
            for (int i = 0; i < Bed.rounds(ROUNDS); i++) {
              int n = i;
              var elsewhere = new CompletableFuture<Integer>();
              completer.give(() -> elsewhere.complete(n));
              Canceller.spin(random.nextInt(300));
              assertThat(await(elsewhere)).isEqualTo(i);
              var here = new CompletableFuture<Integer>();
              int checkpoints = random.nextInt(3);
              try (var nursery = Nursery.open()) {
                nursery.fork(
                    () -> {
                      for (int c = 0; c < checkpoints; c++) {
                        Task.checkpoint();
                      }
                      here.complete(n);
                    });
                if (n % 2 == 0) {
                  Task.checkpoint();
                }
                assertThat(await(here)).isEqualTo(i);
              }
              completer.awaitDone();
              Outside.noInterrupt("afterwards", i);
            }
          });
    }
  }

  @Stress
  void manyAwaitOneStageAndAreCancelledOrNot(Bed bed) throws Exception {
    try (var canceller = new Canceller(75)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(ROUNDS); i++) {
              var stage = new Shared();
              var ends = new AtomicInteger();
              try (var nursery = Nursery.open()) {
                Task<?> given =
                    nursery.fork(
                        () -> {
                          try {
                            withPortalRun(() -> await(stage));
                          } finally {
                            ends.incrementAndGet();
                          }
                        });
                for (int t = 0; t < 3; t++) {
                  nursery.fork(
                      () -> {
                        assertThat(withPortalRun(() -> await(stage))).isEqualTo("all");
                        ends.incrementAndGet();
                      });
                }
                canceller.give(() -> given.cancel("by hand"));
                Task.checkpoint();
                stage.complete("all");
              }
              canceller.awaitDone();
              assertThat(ends).hasValue(4);
              Outside.noInterrupt("afterwards", i);
            }
          });
    }
  }

  /// Who gives up does not take it from the others.
  private static final class Shared extends CompletableFuture<String> {
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      return false;
    }
  }

  @Stress
  void signalsOfAPublisherAgainstCancellation(Bed bed) throws Exception {
    try (var canceller = new Canceller(76);
        var publishing = new Canceller(77)) {
      bed.run(
          () -> {
            ensurePortal();
            for (int i = 0; i < Bed.rounds(ROUNDS); i++) {
              int n = i;
              IOException failure = i % 3 == 0 ? new IOException("round " + i) : null;
              var publisher = new OneItem(publishing, n, failure, i % 2 == 0);
              End end = endOf(canceller, i, () -> await(publisher));
              publishing.awaitDone();
              end.assertOne(i, failure);
              if (end.isCancelled()) {
                assertThat(publisher.cancelled.get() || publisher.ended)
                    .as("subscription of round " + i + " is left")
                    .isTrue();
              }
            }
          });
    }
  }

  /// Publishes one item on the other thread, and perhaps subscribes there, too.
  private static final class OneItem implements Flow.Publisher<Integer>, Flow.Subscription {
    private final Canceller publishing;
    private final int item;
    private final IOException failure;
    private final boolean subscribesLate;
    final AtomicBoolean cancelled = new AtomicBoolean();
    volatile boolean ended; // by the publishing thread, before it says so

    OneItem(Canceller publishing, int item, IOException failure, boolean subscribesLate) {
      this.publishing = publishing;
      this.item = item;
      this.failure = failure;
      this.subscribesLate = subscribesLate;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super Integer> subscriber) {
      if (!subscribesLate) {
        subscriber.onSubscribe(this);
      }
      publishing.give(() -> publishTo(subscriber));
    }

    private void publishTo(Flow.Subscriber<? super Integer> subscriber) {
      if (subscribesLate) {
        subscriber.onSubscribe(this);
      }
      if (cancelled.get()) {
        return;
      }
      if (failure == null) {
        subscriber.onNext(item);
        ended = true;
        subscriber.onComplete();
      } else {
        ended = true;
        subscriber.onError(failure);
      }
    }

    @Override
    public void request(long n) {}

    @Override
    public void cancel() {
      cancelled.set(true);
    }
  }

  @Stress
  void plainFutureAgainstCancellationLeavesNoThread(Bed bed) throws Exception {
    try (var canceller = new Canceller(78);
        var running = new Canceller(79)) {
      bed.run(
          () -> {
            ensurePortal();
            for (int i = 0; i < Bed.rounds(ROUNDS); i++) {
              int n = i;
              var future = new Watched(n);
              running.give(future);
              End end = endOf(canceller, i, () -> awaitFuture(future));
              running.awaitDone();
              end.assertOne(i, null);
              assertThat(future).isDone();
              for (int tries = 0; future.waiting.get() > 0; tries++) {
                assertThat(tries).as("thread left in get").isLessThan(100_000);
                LockSupport.parkNanos(10_000);
              }
            }
          });
    }
  }

  private static final class Watched extends FutureTask<Integer> {
    final AtomicInteger waiting = new AtomicInteger();

    Watched(int value) {
      super(() -> value);
    }

    @Override
    public Integer get() throws InterruptedException, ExecutionException {
      waiting.incrementAndGet();
      try {
        return super.get();
      } finally {
        waiting.decrementAndGet();
      }
    }
  }

  @Race
  void treesThatComeAndGoWhileOthersFork(Bed bed) throws Exception {
    bed.run(
        () -> {
          var growing = new AtomicInteger(4);
          try (var around = Nursery.open()) {
            for (int t = 0; t < growing.get(); t++) {
              around.fork(
                  () -> {
                    for (int i = 0; i < Bed.rounds(ROUNDS) / 4; i++) {
                      grow(around, i);
                    }
                    growing.decrementAndGet();
                  });
            }
            while (growing.get() > 0) {
              try (var nursery = Nursery.open()) {
                nursery.fork(() -> assertPortal(false));
              }
              Task.checkpoint();
            }
          }
          assertThat(Task.current().greenhouse().instruments().list()).isEmpty();
        });
  }

  private static void grow(Nursery around, int round) {
    assertPortal(false);
    withPortalRunTree(
        () -> {
          around.fork(() -> assertPortal(false));
          Nursery.run(
              inside -> {
                inside.fork(() -> assertTree(round % 3));
                inside.start(
                    status -> {
                      assertPortal(true);
                      status.started();
                      assertTree(1);
                    });
              });
        });
    assertPortal(false);
  }

  private static void assertTree(int depth) {
    assertPortal(true);
    if (depth == 0) {
      return;
    }
    withPortalRunTree(
        () -> {
          try (var nursery = Nursery.open()) {
            nursery.fork(() -> assertTree(depth - 1));
            nursery.fork(() -> assertTree(0));
          }
        });
  }

  private static void assertPortal(boolean expected) {
    if (hasPortal() != expected) {
      throw new AssertionError(Task.current() + " has a portal: " + !expected);
    }
  }

  @Stress
  void treeCancelledWhileItAwaitsLeavesNoInstrument(Bed bed) throws Exception {
    try (var canceller = new Canceller(80);
        var completer = new Canceller(81)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(ROUNDS); i++) {
              int n = i;
              var stage = new CompletableFuture<Integer>();
              completer.give(() -> stage.complete(n));
              End end =
                  endOf(
                      canceller,
                      i,
                      () ->
                          withPortalRunTree(
                              () -> {
                                try (var nursery = Nursery.open()) {
                                  Task<Integer> child = nursery.fork(() -> await(stage));
                                  await(stage);
                                  return child.join();
                                }
                              }));
              completer.awaitDone();
              assertThat(end.received == null).isEqualTo(end.thrown != null);
              assertPortal(false);
              assertThat(Task.current().greenhouse().instruments().list()).isEmpty();
            }
          });
    }
  }
}
