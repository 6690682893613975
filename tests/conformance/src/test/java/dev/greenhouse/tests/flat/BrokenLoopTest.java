package dev.greenhouse.tests.flat;

import static dev.greenhouse.portal.Portal.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import dev.greenhouse.tests.BadExecutor;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
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

/// Executors that can't be loops: the flat executor is broken, its tasks fail and unwind elsewhere,
/// one at a time, later ones are refused, and virtual threads that have nothing to do with it go
/// on.
@SuppressWarnings("ThreadPriorityCheck")
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BrokenLoopTest {
  private static final CompletableFuture<String> DONE = CompletableFuture.completedFuture("ripe");

  private final AtomicBoolean stop = new AtomicBoolean();
  private final AtomicInteger passed = new AtomicInteger();

  /// Two virtual threads that have nothing to do with it and wake each other.
  @BeforeEach
  void startBystanders() {
    var ball = new SynchronousQueue<Integer>();
    Thread.startVirtualThread(() -> play(() -> ball.offer(1, 1, TimeUnit.MILLISECONDS)));
    Thread.startVirtualThread(() -> play(() -> ball.poll(1, TimeUnit.MILLISECONDS) != null));
  }

  private interface Move {
    boolean make() throws InterruptedException;
  }

  private void play(Move move) {
    try {
      while (!stop.get()) {
        if (move.make()) {
          passed.incrementAndGet();
        }
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void bystandersGoOn() {
    int before = passed.get();
    Eventually.holds("bystanders go on", () -> passed.get() > before + 10);
    stop.set(true);
  }

  private static void assertBroken(FlatTask<?> task, String fragment) {
    assertThat(catchThrowable(() -> task.get(20, TimeUnit.SECONDS)))
        .hasCauseInstanceOf(IllegalStateException.class)
        .cause()
        .hasMessageContainingAll("could not go on", "is broken: its loop", fragment);
  }

  private static void refusesMore(FlatExecutor flat, String fragment) {
    assertThatThrownBy(() -> flat.spawn(() -> DONE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("is broken: its loop", fragment, "Open another one");
    flat.close();
    assertThat(flat.tasks()).isEmpty();
  }

  private static void breaksAtOnce(Executor loop, String fragment) {
    FlatExecutor flat = FlatExecutor.on(loop);
    var ran = new AtomicBoolean();
    FlatTask<String> task =
        flat.spawn(
            () -> {
              ran.set(true);
              return DONE;
            });
    assertBroken(task, fragment);
    assertThat(ran).isFalse();
    refusesMore(flat, fragment);
  }

  @ParameterizedTest
  @EnumSource
  void thatIsNoLoopAtAll(BadExecutor executor) {
    breaksAtOnce(executor.executor(), executor.fragment);
  }

  @Test
  void thatIsAPoolAndRunsTwoStepsAtOnce() throws Exception {
    try (var threads = Executors.newFixedThreadPool(2)) {
      FlatExecutor flat = FlatExecutor.on(threads);
      var inside = new CountDownLatch(1);
      var release = new CountDownLatch(1);
      FlatTask<String> holds =
          flat.spawn(
              () -> {
                inside.countDown();
                release.await();
                return new CompletableFuture<>();
              });
      inside.await();
      var ran = new AtomicBoolean();
      FlatTask<String> second =
          flat.spawn(
              () -> {
                ran.set(true);
                return DONE;
              });
      assertBroken(second, "ran two steps at once"); // at once, while the first holds on
      assertThat(holds).isNotDone();
      release.countDown();
      assertBroken(holds, "ran two steps at once");
      assertThat(ran).isFalse();
      refusesMore(flat, "ran two steps at once");
    }
  }

  // ---- with tasks inside

  /// An executor that is well until it is told to break.
  private static final class Breakable implements Executor {
    final ExecutorService thread = Executors.newSingleThreadExecutor();
    final AtomicBoolean broken = new AtomicBoolean();

    @Override
    public void execute(Runnable command) {
      if (broken.get()) {
        throw new RejectedExecutionException("full");
      }
      thread.execute(command);
    }
  }

  /// Tasks that wait in all sorts of ways, and count how many of them unwind at a time.
  private static final class Waiters {
    final List<FlatTask<?>> tasks = new ArrayList<>();
    final CountDownLatch waiting = new CountDownLatch(12);
    final AtomicInteger unwinding = new AtomicInteger();
    final AtomicInteger most = new AtomicInteger();
    final AtomicInteger unwound = new AtomicInteger();
    final List<Throwable> seen = new ArrayList<>(); // one at a time

    Waiters(FlatExecutor flat) throws InterruptedException {
      for (int i = 0; i < 4; i++) {
        tasks.add(flat.withPortalRunSync(() -> unwinds(() -> await(new CompletableFuture<>()))));
        tasks.add(flat.withPortalRunSync(() -> unwinds(() -> await(flat.spawn(this::never)))));
        tasks.add(
            flat.withPortalRunSync(
                () ->
                    unwinds(
                        () -> {
                          new CountDownLatch(1).await();
                          return null;
                        })));
      }
      waiting.await();
    }

    private CompletableFuture<Object> never() {
      return new CompletableFuture<>();
    }

    private interface Wait {
      Object await() throws Exception;
    }

    private Object unwinds(Wait wait) throws Exception {
      waiting.countDown();
      try {
        return wait.await();
      } catch (Throwable t) {
        seen.add(t);
        most.accumulateAndGet(unwinding.incrementAndGet(), Math::max);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(2);
        while (System.nanoTime() < end) { // long enough for another one to be met
          Thread.onSpinWait();
        }
        unwinding.decrementAndGet();
        Thread.yield();
        seen.add(catchThrowable(() -> await(DONE)));
        unwound.incrementAndGet();
        throw t;
      }
    }

    void assertUnwound(String fragment) {
      for (FlatTask<?> t : tasks) {
        assertBroken(t, fragment);
      }
      assertThat(unwound).hasValue(12);
      assertThat(most).hasValue(1);
      assertThat(seen)
          .hasSize(24)
          .allSatisfy(
              t -> {
                if (t instanceof Cancelled c) {
                  assertThat(c.source()).isEqualTo(CancelReason.Source.BROKEN);
                } else {
                  assertThat(t)
                      .isInstanceOfAny(InterruptedException.class, IllegalStateException.class);
                }
              });
    }
  }

  @NeedsFlag
  @Test
  void thatRejectsWhenTasksAreInside() throws Exception {
    var loop = new Breakable();
    FlatExecutor flat = FlatExecutor.on(loop);
    var waiters = new Waiters(flat);
    loop.broken.set(true);
    FlatTask<String> last = flat.spawn(() -> DONE);
    assertBroken(last, "rejected a step");
    waiters.assertUnwound("rejected a step");
    refusesMore(flat, "rejected a step");
    loop.thread.close();
  }

  @NeedsFlag
  @Test
  void thatRejectsTheJdksOwnThreads() throws Exception {
    var loop = new Breakable();
    FlatExecutor flat = FlatExecutor.on(loop);
    var waiters = new Waiters(flat);
    var monitor = new Object();
    var thread = new CompletableFuture<Thread>();
    FlatTask<String> blocked;
    synchronized (monitor) { // its wake-up comes from the JDK's unblocker
      blocked =
          flat.withPortalRunSync(
              () -> {
                thread.complete(Thread.currentThread());
                synchronized (monitor) {
                  return await(new CompletableFuture<String>());
                }
              });
      Thread t = thread.get();
      Eventually.holds("blocked", () -> t.getState() == Thread.State.BLOCKED);
      loop.broken.set(true);
    }
    assertBroken(blocked, "rejected a step");
    waiters.assertUnwound("rejected a step");
    refusesMore(flat, "rejected a step");
    loop.thread.close();
  }

  @NeedsFlag
  @Test
  void thatOverlapsWhenTasksAreInside() throws Exception {
    try (var threads = Executors.newFixedThreadPool(2)) {
      var serial = new LoopKind.OneAtATime(threads);
      var overlaps = new AtomicBoolean();
      Executor loop =
          command -> {
            if (overlaps.get()) {
              threads.execute(command);
            } else {
              serial.execute(command);
            }
          };
      FlatExecutor flat = FlatExecutor.on(loop);
      var waiters = new Waiters(flat);
      Eventually.holds("all wait", () -> flat.tasks().size() == 16 && serial.isIdle());
      overlaps.set(true);
      var inside = new CountDownLatch(1);
      var release = new CountDownLatch(1);
      FlatTask<String> holds =
          flat.spawn(
              () -> {
                inside.countDown();
                release.await();
                return DONE;
              });
      inside.await();
      FlatTask<String> second = flat.spawn(() -> DONE);
      assertBroken(second, "ran two steps at once");
      waiters.assertUnwound("ran two steps at once"); // the one that holds on is not waited for
      release.countDown();
      assertThat(catchThrowable(() -> holds.get(20, TimeUnit.SECONDS))).isNull();
      refusesMore(flat, "ran two steps at once");
    }
  }

  private interface Stop {
    void stop(ExecutorService loop);
  }

  private static void stopped(Stop how) throws Exception {
    ExecutorService loop = Executors.newSingleThreadExecutor();
    FlatExecutor flat = FlatExecutor.on(loop);
    var waiters = new Waiters(flat);
    how.stop(loop);
    waiters.assertUnwound("its loop");
    refusesMore(flat, "its loop");
  }

  @NeedsFlag
  @Test
  void thatIsShutDownWhileTasksWait() throws Exception {
    stopped(ExecutorService::shutdown);
  }

  @NeedsFlag
  @Test
  void thatIsShutDownNowWhileTasksWait() throws Exception {
    stopped(ExecutorService::shutdownNow);
  }

  @Test
  void thatIsShutDownNowWhileAStepIsQueued() throws Exception {
    ExecutorService loop = Executors.newSingleThreadExecutor();
    FlatExecutor flat = FlatExecutor.on(loop);
    var blocks = new CountDownLatch(1);
    var end = new AtomicBoolean();
    loop.execute(
        () -> {
          blocks.countDown();
          while (!end.get()) { // deaf to interrupts
            Thread.onSpinWait();
          }
        });
    blocks.await();
    try {
      FlatTask<String> task = flat.spawn(() -> DONE);
      loop.shutdownNow();
      assertBroken(task, "has been shut down");
      refusesMore(flat, "has been shut down");
    } finally {
      end.set(true);
    }
  }

  @NeedsFlag
  @Test
  void threadsStartedInsideFinishElsewhere() throws Exception {
    var loop = new Breakable();
    FlatExecutor flat = FlatExecutor.on(loop);
    var gate = new CountDownLatch(1);
    Thread inside =
        flat.withPortalRunSync(
                () ->
                    Thread.startVirtualThread(
                        () -> {
                          try {
                            gate.await();
                            Thread.sleep(1);
                          } catch (InterruptedException e) {
                            throw new AssertionError(e);
                          }
                        }))
            .get();
    Eventually.waits(inside);
    loop.broken.set(true);
    gate.countDown();
    assertThat(inside.join(Duration.ofSeconds(20))).isTrue();
    refusesMore(flat, "rejected a step");
    loop.thread.close();
  }
}
