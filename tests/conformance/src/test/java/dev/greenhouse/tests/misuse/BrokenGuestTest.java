package dev.greenhouse.tests.misuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.BadExecutor;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Executors that can't carry a greenhouse: it is broken, its tasks unwind elsewhere and say why,
/// and virtual threads that have nothing to do with it go on.
@NeedsFlag
@SuppressWarnings("ThreadPriorityCheck")
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BrokenGuestTest {
  private final AtomicInteger unwound = new AtomicInteger();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final AtomicInteger passed = new AtomicInteger();
  private CapturedLog log;

  /// Two virtual threads that have nothing to do with it and wake each other.
  @BeforeEach
  void startBystanders() {
    log = CapturedLog.begin();
    var ball = new SynchronousQueue<Integer>();
    Thread.startVirtualThread(
        () -> {
          try {
            while (!stop.get()) {
              if (ball.offer(1, 1, TimeUnit.MILLISECONDS)) {
                passed.incrementAndGet();
              }
            }
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    Thread.startVirtualThread(
        () -> {
          try {
            while (!stop.get()) {
              ball.poll(1, TimeUnit.MILLISECONDS);
            }
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
  }

  @AfterEach
  void bystandersGoOn() {
    int before = passed.get();
    Eventually.holds("bystanders go on", () -> passed.get() > before + 10);
    stop.set(true);
    log.close();
  }

  /// A main task and ten tasks below it, which wait in all sorts of ways until they are cancelled.
  private Object waitInATree(CountDownLatch inside) {
    try (var nursery = Nursery.open("below")) {
      for (int i = 0; i < 5; i++) {
        nursery.fork(() -> unwinds(inside, () -> Task.sleepForever()));
        nursery.fork(() -> unwinds(inside, () -> new CountDownLatch(1).await()));
      }
      unwinds(inside, () -> Task.sleepForever());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return null;
  }

  private interface Wait {
    void await() throws InterruptedException;
  }

  private void unwinds(CountDownLatch inside, Wait wait) throws InterruptedException {
    inside.countDown();
    try {
      wait.await();
    } finally {
      Thread.yield(); // some steps on the way out
      unwound.incrementAndGet();
    }
  }

  private static void assertBroken(Task<?> main, String fragment) {
    Eventually.holds(main + " ends", () -> main.outcome().isPresent());
    assertThat(main.outcome().orElseThrow())
        .isInstanceOfSatisfying(
            Outcome.WasCancelled.class,
            w -> {
              assertThat(w.reason().source()).isEqualTo(CancelReason.Source.BROKEN);
              assertThat(w.reason().text())
                  .contains("greenhouse 'visitor' is broken: its executor")
                  .contains(fragment);
            });
  }

  private void refusesMore(OpenGreenhouse guest, String fragment) {
    assertThatThrownBy(() -> guest.launch(() -> 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("'visitor' is broken", "Build a new greenhouse")
        .hasMessageContaining(fragment);
    log.await("'visitor' is broken", "one command after the other on a platform thread");
  }

  private void breaksAtOnce(Executor executor, String fragment) {
    try (OpenGreenhouse guest = Greenhouse.builder().name("visitor").on(executor).build()) {
      Task<?> main = guest.launch(() -> waitInATree(new CountDownLatch(0)));
      assertBroken(main, fragment);
      refusesMore(guest, fragment);
    }
  }

  @ParameterizedTest
  @EnumSource
  void thatIsNoLoopAtAll(BadExecutor executor) {
    breaksAtOnce(executor.executor(), executor.fragment);
  }

  @Test
  void thatRunsTwoAtOnce() {
    try (var threads = Executors.newCachedThreadPool()) {
      var both = new CyclicBarrier(2);
      Executor twice =
          command -> {
            for (int i = 0; i < 2; i++) {
              threads.execute(
                  () -> {
                    try {
                      both.await(5, TimeUnit.SECONDS);
                    } catch (Exception e) {
                      throw new IllegalStateException(e);
                    }
                    command.run();
                  });
            }
          };
      try (OpenGreenhouse guest = Greenhouse.builder().name("visitor").on(twice).build()) {
        Task<?> main =
            guest.launch(
                () -> {
                  while (true) { // in one step, until the second thread comes
                    if (unwound.incrementAndGet() % 1_000_000 == 0) {
                      Task.checkpoint();
                    }
                    Task.throwIfCancelled();
                  }
                });
        assertBroken(main, "two steps at once");
        refusesMore(guest, "two steps at once");
      }
    }
  }

  @Test
  void thatRejectsWhenAllTasksAreInside() throws Exception {
    var closed = new AtomicBoolean();
    try (var thread = Executors.newSingleThreadExecutor()) {
      Executor executor =
          command -> {
            if (closed.get()) {
              throw new RejectedExecutionException("full");
            }
            thread.execute(command);
          };
      try (OpenGreenhouse guest = Greenhouse.builder().name("visitor").on(executor).build()) {
        var inside = new CountDownLatch(11);
        Task<?> main = guest.launch(() -> waitInATree(inside));
        assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
        closed.set(true);
        // The next pump is the first to be rejected; the last one may still be running and take one
        // more.
        boolean refused = false;
        while (!refused) {
          try {
            assertThat(guest.launch(() -> 1)).isNotNull();
          } catch (IllegalStateException broken) {
            refused = true;
          }
        }
        assertBroken(main, "rejected a step");
        assertThat(unwound).hasValue(11);
        refusesMore(guest, "rejected a step");
      }
    }
  }

  @Test
  void thatIsShutDownWhileAllTasksWait() throws Exception {
    stopped(ExecutorService::shutdown);
  }

  @Test
  void thatIsShutDownNowWhileAllTasksWait() throws Exception {
    stopped(ExecutorService::shutdownNow);
  }

  private interface Stop {
    void stop(ExecutorService executor);
  }

  private void stopped(Stop how) throws InterruptedException {
    ExecutorService executor = Executors.newSingleThreadExecutor();
    OpenGreenhouse guest = Greenhouse.builder().name("visitor").on(executor).build();
    var inside = new CountDownLatch(11);
    Task<?> main = guest.launch(() -> waitInATree(inside));
    assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
    how.stop(executor);
    assertBroken(main, "its executor");
    assertThat(unwound).hasValue(11);
    refusesMore(guest, "its executor");
    guest.close();
  }

  @Test
  void thatIsShutDownNowWhileAStepIsQueued() throws Exception {
    ExecutorService executor = Executors.newSingleThreadExecutor();
    OpenGreenhouse guest = Greenhouse.builder().name("visitor").on(executor).build();
    var inside = new CountDownLatch(11);
    Task<?> main = guest.launch(() -> waitInATree(inside));
    assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
    var blocks = new CountDownLatch(1);
    executor.execute(
        () -> {
          blocks.countDown();
          while (!Thread.interrupted()) {
            Thread.onSpinWait();
          }
        });
    blocks.await();
    Task<Integer> second = guest.launch(() -> 1); // its step is queued and dropped
    executor.shutdownNow();
    assertBroken(main, "its executor");
    Eventually.holds("the second task ends", () -> second.outcome().isPresent());
    assertThat(unwound).hasValue(11);
    refusesMore(guest, "its executor");
    guest.close();
  }

  @Test
  void thatIsShutDownNowWhileAStepIsQueuedAndItsThreadNeverEnds() throws Exception {
    ExecutorService executor = Executors.newSingleThreadExecutor();
    OpenGreenhouse guest = Greenhouse.builder().name("visitor").on(executor).build();
    var blocks = new CountDownLatch(1);
    var end = new AtomicBoolean();
    executor.execute(
        () -> {
          blocks.countDown();
          while (!end.get()) { // deaf to interrupts
            Thread.onSpinWait();
          }
        });
    blocks.await();
    try {
      Task<?> main = guest.launch(() -> waitInATree(new CountDownLatch(0)));
      executor.shutdownNow();
      assertBroken(main, "its executor");
      guest.close();
    } finally {
      end.set(true);
    }
  }
}
