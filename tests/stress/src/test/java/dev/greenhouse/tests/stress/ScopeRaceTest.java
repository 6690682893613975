package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;

/// The cancellation of a scope against its operation's end, against another cancellation, and
/// against forks inside.
@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class ScopeRaceTest {
  @Race
  void anOperationEndsOrIsCutOffAndNotBoth(Bed bed) throws Exception {
    try (var canceller = new Canceller(101)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(102);
            for (int i = 0; i < Bed.rounds(2_500); i++) {
              int n = i;
              int spins = random.nextInt(300);
              var scopeOf = new AtomicReference<CancelScope>();
              var ended = new AtomicBoolean();
              Optional<Integer> value =
                  CancelScope.call(
                      scope -> {
                        scopeOf.set(scope);
                        canceller.give(() -> scope.cancel("by hand"));
                        Canceller.spin(spins);
                        meetsCancellation(n);
                        ended.set(true);
                        return n;
                      });
              Outside.waits(i);
              canceller.awaitDone();
              Outside.waits(i + 1);
              CancelScope scope = scopeOf.get();
              assertThat(value.isPresent()).isEqualTo(ended.get());
              assertThat(scope.caughtCancellation()).isNotEqualTo(ended.get());
              assertThat(scope.isCancelled()).isTrue();
            }
          });
    }
  }

  private static void meetsCancellation(int round) throws InterruptedException {
    switch (round % 4) {
      case 0 -> Task.throwIfCancelled();
      case 1 -> Thread.sleep(0, 1);
      case 2 -> Task.checkpoint();
      default -> Task.sleep(Duration.ofNanos(1));
    }
  }

  @Race
  void aFailureIsNotLostBesideACancellation(Bed bed) throws Exception {
    try (var canceller = new Canceller(103)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(104);
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              int spins = random.nextInt(300);
              var failed = new AtomicReference<IOException>();
              Throwable thrown =
                  catchThrowable(
                      () ->
                          CancelScope.run(
                              scope -> {
                                canceller.give(() -> scope.cancel("by hand"));
                                Canceller.spin(spins);
                                meetsCancellation(n);
                                failed.set(new IOException("not cancelled"));
                                throw failed.get();
                              }));
              assertThat(thrown).isSameAs(failed.get());
              Outside.waits(i);
              canceller.awaitDone();
              Outside.waits(i + 1);
            }
          });
    }
  }

  private static final class Requests implements Instrument {
    final List<CancelReason> reasons = new CopyOnWriteArrayList<>();

    @Override
    public void cancelRequested(TaskView task, String scope, CancelReason reason) {
      reasons.add(reason);
    }
  }

  @Race
  void ofDeadlineAndHandTheFirstCountsAndIsCaughtOnce(Bed bed) throws Exception {
    var requests = new Requests();
    try (var canceller = new Canceller(105)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(106);
            for (int i = 0; i < Bed.rounds(1_500); i++) {
              int n = i;
              Duration time = Duration.ofNanos(random.nextInt(30_000));
              var seen = new AtomicReference<CancelReason>();
              var scopeOf = new AtomicReference<CancelScope>();
              boolean ran =
                  CancelScope.run(
                      scope -> {
                        scopeOf.set(scope);
                        scope.deadline(time);
                        canceller.give(
                            () -> {
                              scope.cancel("by hand");
                              seen.set(scope.reason().orElseThrow());
                            });
                        Endless.of(n).await();
                      });
              assertThat(ran).isFalse();
              Outside.waits(i);
              canceller.awaitDone();
              Outside.waits(i + 1);
              CancelScope scope = scopeOf.get();
              assertThat(scope.caughtCancellation()).isTrue();
              CancelReason reason = scope.reason().orElseThrow();
              assertThat(reason.source()).isIn(Source.DEADLINE, Source.EXPLICIT);
              assertThat(reason).isSameAs(seen.get());
              assertThat(requests.reasons).containsExactly(reason);
              requests.reasons.clear();
            }
          },
          requests);
    }
  }

  @Race
  void failAfterThrowsATimeoutExactlyIfItWasTheDeadline(Bed bed) throws Exception {
    try (var canceller = new Canceller(107)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(108);
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              Duration time = Duration.ofNanos(random.nextInt(60_000));
              var timedOut = new AtomicBoolean();
              boolean ran =
                  CancelScope.run(
                      outer -> {
                        canceller.give(() -> outer.cancel("by hand"));
                        try {
                          CancelScope.failAfter(time, () -> Endless.of(n).await());
                        } catch (TimeoutException e) {
                          timedOut.set(true);
                        }
                        assertThat(timedOut).isTrue();
                        Endless.of(n + 1).await();
                      });
              assertThat(ran).isFalse();
              Outside.waits(i);
              canceller.awaitDone();
              Outside.waits(i + 1);
            }
          });
    }
  }

  @Race
  void ofTwoCancelsOneIsTheReasonAndTheOutermostCatches(Bed bed) throws Exception {
    try (var one = new Canceller(109);
        var two = new Canceller(110)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              boolean same = n % 2 == 0;
              var outerOf = new AtomicReference<CancelScope>();
              var innerOf = new AtomicReference<CancelScope>();
              CancelScope.run(
                  outer -> {
                    outerOf.set(outer);
                    CancelScope.run(
                        inner -> {
                          innerOf.set(inner);
                          one.give(() -> (same ? outer : inner).cancel("one"));
                          two.give(() -> outer.cancel("two"));
                          Endless.of(n / 2).await();
                        });
                    Endless.of(n / 2 + 1).await();
                  });
              Outside.waits(i);
              one.awaitDone();
              two.awaitDone();
              Outside.waits(i + 1);
              assertThat(outerOf.get().caughtCancellation()).isTrue();
              assertThat(outerOf.get().reason().orElseThrow().text())
                  .isIn(same ? List.of("one", "two") : List.of("two"));
              assertThat(innerOf.get().isCancelled()).isNotEqualTo(same);
            }
          });
    }
  }

  @Race
  void aTaskForkedByAnybodyMeanwhileEnds(Bed bed) throws Exception {
    try (var canceller = new Canceller(111);
        var forker = new Canceller(112)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(113);
            for (int i = 0; i < Bed.rounds(1_000); i++) {
              int n = i;
              int spins = random.nextInt(300);
              var tasks = new CopyOnWriteArrayList<Task<?>>();
              boolean ran =
                  CancelScope.run(
                      scope -> {
                        try (var nursery = Nursery.open()) {
                          canceller.give(() -> scope.cancel("by hand"));
                          forker.give(() -> forkFromOutside(nursery, tasks, n));
                          Canceller.spin(spins);
                          tasks.add(nursery.fork(() -> Endless.of(n).await()));
                          tasks.add(nursery.fork(() -> forkInside(nursery, tasks, n)));
                        }
                        Task.throwIfCancelled();
                      });
              assertThat(ran).isFalse();
              Outside.waits(i);
              canceller.awaitDone();
              forker.awaitDone();
              Outside.waits(i + 1);
              for (Task<?> task : tasks) {
                assertThat(task.outcome().orElseThrow()).isInstanceOf(Outcome.WasCancelled.class);
              }
            }
          });
    }
  }

  private static void forkFromOutside(Nursery nursery, List<Task<?>> tasks, int round) {
    try {
      tasks.add(nursery.fork(() -> Endless.of(round + 1).await()));
      tasks.add(nursery.fork(() -> forkInside(nursery, tasks, round)));
    } catch (IllegalStateException closed) {
      assertThat(closed).hasMessageContaining("is closed");
    }
  }

  private static void forkInside(Nursery nursery, List<Task<?>> tasks, int round)
      throws InterruptedException {
    tasks.add(nursery.fork(() -> Endless.of(round + 2).await()));
    try (var inner = Nursery.open()) {
      tasks.add(inner.fork(() -> Endless.of(round).await()));
      Endless.of(round + 1).await();
    }
  }
}
