package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import dev.greenhouse.portal.ThreadPortal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;

/// Threads that call into a portal while it is closed, stopped, or while they give up.
@Tag("stress")
class ThreadPortalRaceTest {
  private static final int ROUNDS = 1_000;

  /// What the calls of a round came to.
  private static final class Tally {
    final AtomicInteger begun = new AtomicInteger();
    final AtomicInteger running = new AtomicInteger();
    final AtomicInteger values = new AtomicInteger();
    final AtomicInteger refused = new AtomicInteger();
    final AtomicInteger cancelled = new AtomicInteger();
    final AtomicReference<Throwable> unexpected = new AtomicReference<>();

    int work() {
      begun.incrementAndGet();
      running.incrementAndGet();
      try {
        Task.checkpoint();
        return 1;
      } finally {
        running.decrementAndGet();
      }
    }

    void call(ThreadPortal portal) {
      try {
        values.addAndGet(portal.call(this::work));
      } catch (TaskCancelledException e) {
        cancelled.incrementAndGet();
      } catch (IllegalStateException e) {
        refused.incrementAndGet();
      } catch (Throwable t) {
        unexpected.set(t);
      }
    }

    void submit(ThreadPortal portal, AtomicReference<CompletableFuture<Integer>> future) {
      try {
        future.set(portal.submit(this::work));
      } catch (IllegalStateException e) {
        refused.incrementAndGet();
      } catch (Throwable t) {
        unexpected.set(t);
      }
    }
  }

  @Stress
  void callsAgainstCloseAndStopHaveExactlyOneEnd(Bed bed) throws Exception {
    try (var caller = new Canceller(91);
        var submitter = new Canceller(92)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(ROUNDS); i++) {
              var tally = new Tally();
              var submitted = new AtomicReference<CompletableFuture<Integer>>();
              boolean stops = i % 2 == 0;
              try (var portal = ThreadPortal.open()) {
                caller.give(() -> tally.call(portal));
                submitter.give(() -> tally.submit(portal, submitted));
                Canceller.spin(i % 200);
                if (stops) {
                  portal.stop("by hand");
                }
              }
              assertThat(tally.running).as("runs after close, round " + i).hasValue(0);
              caller.awaitDone();
              submitter.awaitDone();
              assertThat(tally.unexpected).hasValue(null);
              var future = submitted.get();
              if (future != null) {
                assertThat(future).isDone();
                (future.isCancelled() ? tally.cancelled : tally.values).incrementAndGet();
              }
              assertThat(tally.values.get() + tally.cancelled.get() + tally.refused.get())
                  .isEqualTo(2);
              if (!stops) {
                assertThat(tally.cancelled).hasValue(0);
              }
              assertThat(tally.begun.get() + tally.refused.get()).isEqualTo(2);
              Outside.noInterrupt("afterwards", i);
            }
          });
    }
  }

  @Stress
  void cancelOfAFutureAgainstItsEnd(Bed bed) throws Exception {
    try (var canceller = new Canceller(93)) {
      bed.run(
          () -> {
            try (var portal = ThreadPortal.open()) {
              for (int i = 0; i < Bed.rounds(ROUNDS); i++) {
                var ended = new AtomicInteger();
                CompletableFuture<Integer> future =
                    portal.submit(
                        () -> {
                          Task.checkpoint();
                          return ended.incrementAndGet();
                        });
                canceller.give(() -> future.cancel(true));
                while (!future.isDone()) {
                  Task.checkpoint();
                }
                canceller.awaitDone();
                assertThat(ended).hasValue(future.isCancelled() ? 0 : 1);
              }
            }
          });
    }
  }

  @Stress
  void usersThatComeAndGoShareOneGreenhouseAtATime(Bed bed) throws Exception {
    var open = new AtomicInteger();
    var made = new AtomicInteger();
    var shared =
        ThreadPortal.shared(
            () -> {
              made.incrementAndGet();
              return bed.build();
            });
    var users = new Thread[3];
    var thrown = new AtomicReference<Throwable>();
    for (int u = 0; u < users.length; u++) {
      users[u] =
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < Bed.rounds(ROUNDS) / 4 && thrown.get() == null; i++) {
                      try (var portal = shared.use()) {
                        open.addAndGet(portal.call(() -> 1));
                        open.addAndGet(portal.submit(() -> -1).get());
                      } catch (Throwable t) {
                        thrown.set(t);
                      }
                    }
                  });
    }
    for (Thread user : users) {
      user.join();
    }
    assertThat(thrown).hasValue(null);
    assertThat(open).hasValue(0);
    assertThat(made.get()).isPositive();
    assertThat(shared).hasToString("SharedThreadPortal[users: 0]");
  }
}
