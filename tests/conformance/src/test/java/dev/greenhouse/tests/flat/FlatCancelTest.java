package dev.greenhouse.tests.flat;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.ensurePortal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.portal.flat.FlatTask;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// What cancelling a flat task does, step by step.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FlatCancelTest {
  private static final CompletableFuture<String> DONE = CompletableFuture.completedFuture("ripe");

  private static void assertCancelled(FlatTask<?> task, String reason) {
    Throwable thrown = catchThrowable(task::join);
    assertThat(thrown).isInstanceOf(CancellationException.class).isNotInstanceOf(Cancelled.class);
    assertThat(thrown.getCause()) // the JDK wraps it
        .isInstanceOf(CancellationException.class)
        .isNotInstanceOf(Cancelled.class)
        .hasMessageContainingAll("Flat task '" + task.name() + "' was cancelled", reason);
    assertThat(task).isCancelled();
    assertThat(task.cancel(true)).isFalse();
  }

  // ---- without portals

  @OnEveryLoop
  void taskThatWaitsForItsStageCancelsThatAndIsDone(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var stage = new CompletableFuture<String>();
          var begun = new CountDownLatch(1);
          FlatTask<String> task =
              flat.spawn(
                  () -> {
                    begun.countDown();
                    return stage;
                  });
          begun.await();
          assertThat(task.cancel("enough")).isTrue();
          assertCancelled(task, "enough");
          assertThat(stage).isCancelled();
        });
  }

  @OnEveryLoop
  void stageThatRefusesIsLeftAlone(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var source = new CompletableFuture<String>();
          var begun = new CountDownLatch(1);
          FlatTask<String> task =
              flat.spawn(
                  () -> {
                    begun.countDown();
                    return source.minimalCompletionStage();
                  });
          begun.await();
          task.cancel(true);
          assertCancelled(task, "by a call of cancel");
          var stubborn =
              new CompletableFuture<String>() {
                @Override
                public boolean cancel(boolean interrupt) {
                  throw new IllegalStateException("not now");
                }
              };
          var second = new CountDownLatch(1);
          FlatTask<String> failing =
              flat.spawn(
                  () -> {
                    second.countDown();
                    return stubborn;
                  });
          second.await();
          failing.cancel("now");
          assertThatThrownBy(failing::join).hasRootCauseMessage("not now");
        });
  }

  @OnEveryLoop
  void taskThatHasNotBegunDoesNotBegin(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var ran = new AtomicBoolean();
          var kept = new AtomicReference<FlatTask<String>>();
          FlatTask<String> outer =
              flat.spawn(
                  () -> {
                    FlatTask<String> inner =
                        flat.spawn(
                            () -> {
                              ran.set(true);
                              return DONE;
                            });
                    assertThat(inner.cancel("too early")).isTrue();
                    assertThat(inner).isNotDone(); // it completes on the loop
                    kept.set(inner);
                    return DONE;
                  });
          outer.get();
          assertCancelled(kept.get(), "too early");
          assertThat(ran).isFalse();
        });
  }

  @OnEveryLoop
  void directStepRunsToItsEndAndSoDoStepsThatWereAccepted(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var seen = new ArrayList<String>();
          var stage = new CompletableFuture<String>();
          FlatTask<String> task =
              flat.spawn(
                  () -> {
                    FlatTask<?> me = FlatTask.current();
                    me.execute(() -> seen.add("accepted"));
                    me.cancel("from inside");
                    me.execute(() -> seen.add("accepted, too"));
                    seen.add("to the end");
                    return stage;
                  });
          assertCancelled(task, "from inside");
          assertThat(seen).containsExactly("to the end", "accepted", "accepted, too");
          assertThat(stage).isCancelled();
        });
  }

  @OnEveryLoop
  void failureOfACancelledTaskIsAFailure(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var error = new IOException("while it was winding down");
          FlatTask<String> task =
              flat.spawn(
                  () -> {
                    FlatTask.current().cancel("enough");
                    throw error;
                  });
          assertThat(catchThrowable(task::get)).cause().isSameAs(error);
          assertThat(task.isCancelled()).isFalse();
        });
  }

  // ---- with portals

  @NeedsFlag
  @OnEveryLoop
  void awaitingStepLeavesByCancelledAndItsStageIsCancelled(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var stage = new CompletableFuture<String>();
          var begun = new CountDownLatch(1);
          var thrown = new CompletableFuture<Throwable>();
          FlatTask<String> task =
              flat.withPortalRunSync(
                  "sower",
                  () -> {
                    begun.countDown();
                    try {
                      return await(stage);
                    } catch (Throwable t) {
                      thrown.complete(t);
                      throw t;
                    }
                  });
          begun.await();
          assertThat(task.cancel("rain")).isTrue();
          assertCancelled(task, "rain");
          assertThat(stage).isCancelled();
          assertThat(thrown.get())
              .isInstanceOfSatisfying(
                  Cancelled.class,
                  c -> {
                    assertThat(c.source()).isEqualTo(CancelReason.Source.EXPLICIT);
                    assertThat(c.taskName()).isEqualTo("sower");
                    assertThat(c).hasMessageContaining("cancelled: rain");
                    assertThat(c.getSuppressed()).isEmpty();
                  });
        });
  }

  @NeedsFlag
  @OnEveryLoop
  void everyAwaitThrowsAgainInLaterStepsToo(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var seen = new ArrayList<Throwable>();
          FlatTask<String> task =
              flat.withPortalRunSync(
                  () -> {
                    FlatTask<?> me = FlatTask.current();
                    me.cancel("for good");
                    for (int i = 0; i < 50; i++) {
                      seen.add(catchThrowable(() -> await(DONE)));
                      seen.add(catchThrowable(() -> await(new CompletableFuture<String>())));
                    }
                    seen.add(catchThrowable(() -> ensurePortal()));
                    me.execute(() -> seen.add(catchThrowable(() -> await(DONE))));
                    return "swallowed";
                  });
          assertThat(task.get()).isEqualTo("swallowed"); // its code had the last word
          assertThat(seen)
              .hasSize(102)
              .allSatisfy(t -> assertThat(t).isInstanceOf(Cancelled.class));
        });
  }

  @NeedsFlag
  @OnEveryLoop
  void blockingCallsOfTheJdkAreInterruptedAgainAndAgain(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var begun = new CountDownLatch(1);
          var interrupts = new AtomicInteger();
          FlatTask<String> task =
              flat.withPortalRunSync(
                  () -> {
                    begun.countDown();
                    while (true) {
                      try {
                        new CountDownLatch(1).await();
                      } catch (InterruptedException e) {
                        if (interrupts.incrementAndGet() == 40) { // beyond those sent at once
                          throw e;
                        }
                      }
                    }
                  });
          begun.await();
          task.cancel("wake up");
          assertCancelled(task, "wake up");
          assertThat(interrupts).hasValue(40);
        });
  }

  @NeedsFlag
  @OnEveryLoop
  void interruptFromOutsideCancels(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var thread = new CompletableFuture<Thread>();
          FlatTask<String> task =
              flat.withPortalRunSync(
                  "prodded",
                  () -> {
                    thread.complete(Thread.currentThread());
                    return await(new CompletableFuture<String>());
                  });
          thread.get().interrupt();
          assertCancelled(task, "a thread of flat task 'prodded' was interrupted");
        });
  }

  @NeedsFlag
  @OnEveryLoop
  void resultThatWasThereFirstIsNotLost(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var stage = new CompletableFuture<String>();
          FlatTask<List<Object>> task =
              flat.withPortalRunSync(
                  () -> {
                    FlatTask<?> me = FlatTask.current();
                    var _ =
                        flat.spawn(
                            () -> {
                              stage.complete("kept");
                              me.cancel("just after");
                              return DONE;
                            });
                    String first = await(stage);
                    boolean flag = Thread.currentThread().isInterrupted();
                    return List.of(first, flag, catchThrowable(() -> await(DONE)));
                  });
          assertThat(task.get().get(0)).isEqualTo("kept");
          assertThat(task.get().get(1)).as("flag of one that runs on").isEqualTo(true);
          assertThat(task.get().get(2)).isInstanceOf(Cancelled.class);
        });
  }

  @NeedsFlag
  @OnEveryLoop
  void awaitOfACancelledTaskIsNoCancellationOfOnesOwn(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          FlatTask<Throwable> task =
              flat.withPortalRunSync(
                  () -> {
                    FlatTask<String> other =
                        flat.withPortalRunSync(() -> await(new CompletableFuture<String>()));
                    var _ =
                        flat.spawn(
                            () -> {
                              other.cancel("the other");
                              return DONE;
                            });
                    Throwable thrown = catchThrowable(() -> await(other));
                    assertThat(await(DONE)).isEqualTo("ripe");
                    return thrown;
                  });
          assertThat(task.get())
              .isInstanceOf(CancellationException.class)
              .isNotInstanceOf(Cancelled.class)
              .hasMessageContaining("the other");
        });
  }

  @NeedsFlag
  @OnEveryLoop
  void cancellingWhoAwaitsATaskCancelsThat(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var inner = new CompletableFuture<FlatTask<String>>();
          FlatTask<String> outer =
              flat.withPortalRunSync(
                  () -> {
                    FlatTask<String> task =
                        flat.withPortalRunSync(() -> await(new CompletableFuture<String>()));
                    inner.complete(task);
                    return await(task);
                  });
          FlatTask<String> task = inner.get();
          outer.cancel("chain");
          assertCancelled(outer, "chain");
          assertCancelled(task, "by a call of cancel");
        });
  }
}
