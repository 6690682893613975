package dev.greenhouse.tests.flat;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.awaitFuture;
import static dev.greenhouse.portal.Portal.ensurePortal;
import static dev.greenhouse.portal.Portal.hasPortal;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static dev.greenhouse.portal.Portal.withPortalRunSync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.lowlevel.AwaitedHere;
import dev.greenhouse.portal.Ambient;
import dev.greenhouse.portal.NoPortalException;
import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.io.IOException;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Portals of flat tasks: greenback's test_simple, test_with_portal_run, test_checkpoints,
/// test_exit_task_with_error, test_resume_task_with_error, test_recursive_error, test_awaitable and
/// test_portal_map_does_not_leak, on a loop.
@NeedsFlag
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FlatPortalTest {
  private static final CompletableFuture<String> DONE = CompletableFuture.completedFuture("ripe");

  /// {@return a stage that is completed by a later event of the loop}
  private static CompletableFuture<Integer> later(FlatExecutor flat, int value) {
    return flat.spawn(() -> CompletableFuture.completedFuture(value)).copy();
  }

  @OnEveryLoop
  void synchronousFunctionAwaits(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          FlatTask<Integer> task =
              flat.withPortalRunSync(
                  () -> {
                    assertThat(hasPortal()).isTrue();
                    assertThat(FlatTask.current().hasPortal()).isTrue();
                    assertThat(Thread.currentThread().isVirtual()).isTrue();
                    assertThat(await(DONE)).isEqualTo("ripe");
                    int sum = 0;
                    for (int i = 0; i < 100; i++) {
                      sum += await(later(flat, i));
                    }
                    return sum;
                  });
          assertThat(task.get()).isEqualTo(4_950);
          assertThat(task.hasPortal()).isFalse();
          var ran = new AtomicBoolean();
          FlatTask<Void> nothing = flat.withPortalRunSync(() -> ran.set(true));
          assertThat(nothing.get()).isNull();
          assertThat(ran).isTrue();
          assertThat(flat.withPortalRunSync("named", () -> FlatTask.current().name()).get())
              .isEqualTo("named");
        });
  }

  @OnEveryLoop
  void asynchronousFunctionAwaitsInItsSteps(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          FlatTask<Integer> task =
              flat.withPortalRun(
                  () -> {
                    int first = await(later(flat, 1));
                    return later(flat, 2)
                        .thenApplyAsync(n -> n + first + await(later(flat, 3)), FlatTask.current());
                  });
          assertThat(task.get()).isEqualTo(6);
        });
  }

  @OnEveryLoop
  void ensuredPortalIsForLaterSteps(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          FlatTask<Integer> task =
              flat.spawn(
                  () -> {
                    FlatTask<?> me = FlatTask.current();
                    me.ensurePortal();
                    me.ensurePortal();
                    assertThat(hasPortal()).isFalse();
                    assertThat(me.hasPortal()).isFalse();
                    assertThatThrownBy(() -> await(DONE)).isInstanceOf(NoPortalException.class);
                    return later(flat, 1).thenApplyAsync(n -> n + await(later(flat, 2)), me);
                  });
          assertThat(task.get()).isEqualTo(3);
          assertThatThrownBy(task::ensurePortal)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("is done, so a portal is of no use");
        });
  }

  @OnEveryLoop
  void taskSpawnedFromOneWithAPortalHasNone(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          FlatTask<Boolean> task =
              flat.withPortalRunSync(
                  () ->
                      await(
                          flat.spawn(
                              () -> {
                                assertThat(Thread.currentThread().isVirtual()).isFalse();
                                assertThatThrownBy(() -> await(DONE))
                                    .isInstanceOf(NoPortalException.class);
                                return CompletableFuture.completedFuture(hasPortal());
                              })));
          assertThat(task.get()).isFalse();
        });
  }

  @OnEveryLoop
  void portalsInAPortalAddNothing(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          FlatTask<String> task =
              flat.withPortalRunSync(
                  () -> {
                    ensurePortal();
                    String s =
                        withPortalRun(() -> withPortalRunSync(() -> await(DONE)) + await(DONE));
                    assertThat(hasPortal()).isTrue();
                    return s + await(DONE);
                  });
          assertThat(task.get()).isEqualTo("riperiperipe");
        });
  }

  @OnEveryLoop
  void ensurePortalInAStepLetsOthersRunAndIsForLaterStepsToo(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var others = new AtomicInteger();
          FlatTask<Integer> task =
              flat.withPortalRunSync(
                  () -> {
                    var _ =
                        flat.spawn(
                            () -> CompletableFuture.completedFuture(others.incrementAndGet()));
                    assertThat(await(() -> DONE)).isEqualTo("ripe"); // need not wait
                    assertThat(others).hasValue(0);
                    ensurePortal();
                    return others.get();
                  });
          assertThat(task.get()).isEqualTo(1);
        });
  }

  @OnEveryLoop
  void awaitingOverAndOverDoesNotStarveTheLoop(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var other = new AtomicBoolean();
          FlatTask<Integer> task =
              flat.withPortalRunSync(
                  () -> {
                    var _ =
                        flat.spawn(
                            () -> {
                              other.set(true);
                              return DONE;
                            });
                    int n = 0;
                    for (; !other.get(); n++) {
                      await(DONE);
                    }
                    return n;
                  });
          assertThat(task.get()).isBetween(1, 1_000);
        });
  }

  // ---- errors

  @OnEveryLoop
  void failureComesOutAsItIsWithBothStacks(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var error = new IOException("no harvest");
          FlatTask<Object> task =
              flat.withPortalRunSync("reaper", () -> harvest(failsLater(flat, error)));
          assertThat(catchThrowable(task::get)).hasCause(error).cause().isSameAs(error);
          assertThat(error.getSuppressed()).hasSize(1);
          assertThat(error.getSuppressed()[0])
              .isInstanceOf(AwaitedHere.class)
              .hasMessageContaining("by task 'reaper'");
          StackTraceElement[] frames = error.getSuppressed()[0].getStackTrace();
          assertThat(frames[0].getMethodName()).isEqualTo("harvest");
          assertThat(frames)
              .noneSatisfy(f -> assertThat(f.getClassName()).startsWith("dev.greenhouse.portal"))
              .noneSatisfy(f -> assertThat(f.getClassName()).startsWith("dev.greenhouse.nursery"));
        });
  }

  private static CompletableFuture<Object> failsLater(FlatExecutor flat, Exception error) {
    return flat.spawn(
            () -> {
              throw error;
            })
        .thenApply(o -> o);
  }

  private static Object harvest(CompletableFuture<Object> stage) {
    return await(stage);
  }

  @OnEveryLoop
  void exceptionPassesElevenLevelsOfAwaiting(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var error = new IOException("deep");
          FlatTask<Integer> task = flat.withPortalRunSync(() -> dig(flat, 11, error));
          assertThat(catchThrowable(task::get)).cause().isSameAs(error);
          assertThat(flat.withPortalRunSync(() -> dig(flat, 11, null)).get()).isEqualTo(11);
        });
  }

  private static int dig(FlatExecutor flat, int depth, IOException error) throws IOException {
    if (depth == 0) {
      if (error != null) {
        throw error;
      }
      return 0;
    }
    return await(flat.withPortalRunSync(() -> dig(flat, depth - 1, error)), IOException.class) + 1;
  }

  @OnEveryLoop
  void tasksThatEndLeaveNothing(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var tasks = new ArrayList<FlatTask<String>>();
          for (int i = 0; i < 1_000; i++) {
            int n = i;
            tasks.add(
                flat.withPortalRunSync(
                    () -> {
                      await(later(flat, n));
                      if (n % 3 == 0) {
                        throw new IOException("every third");
                      }
                      return await(DONE);
                    }));
          }
          for (int i = 0; i < 1_000; i++) {
            FlatTask<String> task = tasks.get(i);
            if (i % 3 == 0) {
              assertThatThrownBy(task::get).hasCauseInstanceOf(IOException.class);
            } else {
              assertThat(task.get()).isEqualTo("ripe");
            }
          }
          Eventually.run(() -> assertThat(flat.tasks()).isEmpty());
        });
  }

  // ---- what can be awaited

  @OnEveryLoop
  void futuresPublishersAndOperations(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var future = new FutureTask<>(() -> "plain");
          FlatTask<String> task =
              flat.withPortalRunSync(
                  () -> {
                    Thread.ofPlatform().start(future);
                    String s = awaitFuture(future);
                    Flow.Publisher<String> single =
                        subscriber -> {
                          var publisher = new SubmissionPublisher<String>();
                          publisher.subscribe(subscriber);
                          publisher.submit("published");
                          publisher.close();
                        };
                    s += await(single);
                    return s + await(() -> DONE) + await(DONE, IOException.class);
                  });
          assertThat(task.get()).isEqualTo("plainpublishedriperipe");
        });
  }

  // ---- what else a step can do

  @OnEveryLoop
  void otherStepsGoOnWhileAPortalAwaitsOrBlocks(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var gate = new CompletableFuture<String>();
          var latch = new CountDownLatch(1);
          FlatTask<String> awaits = flat.withPortalRunSync(() -> await(gate));
          FlatTask<String> blocks =
              flat.withPortalRunSync(
                  () -> {
                    latch.await();
                    return "blocked";
                  });
          for (int i = 0; i < 10; i++) {
            assertThat(flat.withPortalRunSync(() -> await(DONE)).get()).isEqualTo("ripe");
          }
          assertThat(awaits).isNotDone();
          assertThat(blocks).isNotDone();
          latch.countDown();
          gate.complete("late");
          assertThat(awaits.get()).isEqualTo("late");
          assertThat(blocks.get()).isEqualTo("blocked");
        });
  }

  @OnEveryLoop
  void stepsOfOneTaskWaitForItsAwaitingStep(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var gate = new CompletableFuture<String>();
          var seen = new ArrayList<String>();
          var begun = new CountDownLatch(1);
          FlatTask<String> task =
              flat.withPortalRunSync(
                  () -> {
                    begun.countDown();
                    seen.add(await(gate));
                    return "value";
                  });
          begun.await();
          task.execute(() -> seen.add("second"));
          var otherRan = flat.spawn(() -> CompletableFuture.completedFuture(1));
          assertThat(otherRan.get()).isEqualTo(1);
          assertThat(seen).isEmpty();
          gate.complete("first");
          assertThat(task.get()).isEqualTo("value");
          assertThat(seen).containsExactly("first", "second");
        });
  }

  @OnEveryLoop
  void awaitInsideSynchronizedAndALock(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var monitor = new Object();
          var lock = new ReentrantLock();
          var inside = new AtomicInteger();
          var insideLock = new AtomicInteger();
          var tasks = new ArrayList<FlatTask<Integer>>();
          for (int i = 0; i < 10; i++) {
            int n = i;
            tasks.add(
                flat.withPortalRunSync(
                    () -> {
                      synchronized (monitor) {
                        assertThat(inside.incrementAndGet()).isEqualTo(1);
                        await(later(flat, n));
                        inside.decrementAndGet();
                      }
                      lock.lock();
                      try {
                        assertThat(insideLock.incrementAndGet()).isEqualTo(1);
                        return await(later(flat, n)) - n + insideLock.getAndDecrement();
                      } finally {
                        lock.unlock();
                      }
                    }));
          }
          for (FlatTask<Integer> t : tasks) {
            assertThat(t.get()).isEqualTo(1);
          }
        });
  }

  @OnEveryLoop
  void threadsStartedInsideRunOnTheLoopAndFinish(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var late = new CountDownLatch(1);
          var ended = new CountDownLatch(2);
          FlatTask<String> task =
              flat.withPortalRunSync(
                  () -> {
                    var refused = new CompletableFuture<Throwable>();
                    Thread.startVirtualThread(
                        () -> {
                          assertThat(FlatTask.currentIfAny()).isEmpty();
                          assertThat(Ambient.current()).isEqualTo(Ambient.NEITHER);
                          refused.complete(catchThrowable(() -> await(DONE)));
                          ended.countDown();
                        });
                    Thread.startVirtualThread(
                        () -> {
                          try {
                            late.await(); // longer than its task lives
                            Thread.sleep(1);
                          } catch (InterruptedException e) {
                            throw new AssertionError(e);
                          }
                          ended.countDown();
                        });
                    return await(refused).getClass().getSimpleName();
                  });
          assertThat(task.get()).isEqualTo("NoPortalException");
          late.countDown();
          ended.await();
        });
  }

  @OnEveryLoop
  void nurseryInAStepIsAWorldOfItsOwn(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          FlatTask<Integer> task =
              flat.withPortalRunSync(
                  () -> {
                    assertThat(Ambient.current()).isEqualTo(Ambient.FLAT_TASK);
                    int sum;
                    try (var nursery = Nursery.open()) {
                      assertThat(Ambient.current()).isEqualTo(Ambient.NURSERY_TASK);
                      assertThat(hasPortal()).isFalse();
                      assertThatThrownBy(() -> await(DONE))
                          .isInstanceOf(NoPortalException.class)
                          .hasMessageContaining("Portal.ensurePortal()");
                      var fork = nursery.fork(() -> withPortalRun(() -> await(later(flat, 20))));
                      sum = withPortalRun(() -> await(later(flat, 1))) + fork.join();
                    }
                    assertThat(hasPortal()).isTrue();
                    return sum + await(later(flat, 300));
                  });
          assertThat(task.get()).isEqualTo(321);
        });
  }

  @OnEveryLoop
  void taskOfANurseryAwaitsAFlatTask(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          try (var nursery = Nursery.open()) {
            var fork =
                nursery.fork(
                    () -> withPortalRun(() -> await(flat.withPortalRunSync(() -> await(DONE)))));
            assertThat(fork.join()).isEqualTo("ripe");
          }
        });
  }

  @OnEveryLoop
  void threadLocalsOfAStepEndWithIt(LoopKind kind) throws Throwable {
    kind.run(
        flat -> {
          var local = new ThreadLocal<String>();
          FlatTask<String> task =
              flat.withPortalRun(
                  () -> {
                    local.set("step");
                    await(later(flat, 1));
                    assertThat(local.get()).isEqualTo("step");
                    return later(flat, 2)
                        .thenApplyAsync(n -> "then " + local.get(), FlatTask.current());
                  });
          assertThat(task.get()).isEqualTo("then null");
        });
  }
}
