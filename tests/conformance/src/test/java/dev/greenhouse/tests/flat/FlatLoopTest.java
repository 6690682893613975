package dev.greenhouse.tests.flat;

import static dev.greenhouse.portal.Portal.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.awt.EventQueue;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// The loops under flat tasks: one's own, somebody's, and what else runs there.
@SuppressWarnings("ThreadPriorityCheck")
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FlatLoopTest {
  private static final CompletableFuture<String> DONE = CompletableFuture.completedFuture("ripe");

  @BeforeAll
  static void headless() {
    System.setProperty("java.awt.headless", "true");
  }

  private static Thread threadOf(FlatExecutor flat) throws Exception {
    return flat.spawn(() -> CompletableFuture.completedFuture(Thread.currentThread())).get();
  }

  @Test
  void ownLoopIsADaemonThatEndsWithItsExecutor() throws Exception {
    Thread loop;
    try (FlatExecutor flat = FlatExecutor.open("orchard")) {
      loop = threadOf(flat);
      assertThat(loop.getName()).isEqualTo("greenhouse-orchard");
      assertThat(loop.isDaemon()).isTrue();
      assertThat(threadOf(flat)).isSameAs(loop);
    }
    assertThat(loop.isAlive()).isFalse();
  }

  @Test
  void givenLoopIsNotShutDown() throws Exception {
    try (var loop = Executors.newSingleThreadExecutor()) {
      Thread thread = loop.submit(Thread::currentThread).get();
      try (FlatExecutor flat = FlatExecutor.on(loop)) {
        assertThat(threadOf(flat)).isSameAs(thread);
      }
      assertThat(loop.isShutdown()).isFalse();
      assertThat(loop.submit(Thread::currentThread).get()).isSameAs(thread);
    }
  }

  @Test
  void onSwingsEventQueue() throws Exception {
    try (FlatExecutor flat = FlatExecutor.on(EventQueue::invokeLater)) {
      assertThat(
              flat.spawn(() -> CompletableFuture.completedFuture(EventQueue.isDispatchThread()))
                  .get())
          .isTrue();
    }
  }

  @NeedsFlag
  @Test
  void heartbeatOfTheLoopGoesOnWhileAPortalAwaitsOrBlocks() throws Exception {
    try (ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();
        FlatExecutor flat = FlatExecutor.on(loop)) {
      var beats = new AtomicInteger();
      var _ = loop.scheduleAtFixedRate(beats::incrementAndGet, 0, 1, TimeUnit.MILLISECONDS);
      var gate = new CompletableFuture<String>();
      var latch = new CountDownLatch(1);
      FlatTask<String> awaits = flat.withPortalRunSync(() -> await(gate));
      FlatTask<Boolean> blocks = flat.withPortalRunSync(() -> latch.await(1, TimeUnit.MINUTES));
      int before = beats.get();
      Eventually.holds("beats", () -> beats.get() > before + 20);
      assertThat(awaits).isNotDone();
      assertThat(blocks).isNotDone();
      gate.complete("go");
      latch.countDown();
      assertThat(awaits.get()).isEqualTo("go");
      assertThat(blocks.get()).isTrue();
    }
  }

  @NeedsFlag
  @Test
  void portalsStepsAreCarriedByTheLoopsThread() throws Exception {
    Set<Thread> carriers = ConcurrentHashMap.newKeySet();
    try (var loop =
        Executors.newSingleThreadExecutor(
            body -> {
              var thread = new Thread(body, "given");
              carriers.add(thread);
              return thread;
            })) {
      try (FlatExecutor flat = FlatExecutor.on(loop)) {
        FlatTask<String> task =
            flat.withPortalRunSync(
                () -> {
                  Thread.yield();
                  return Thread.currentThread().toString(); // names the carrier
                });
        assertThat(task.get()).contains("given");
      }
      assertThat(carriers).hasSize(1);
    }
  }

  @NeedsFlag
  @Test
  void loopWhoseThreadDiesAndIsReplacedCarriesOn() throws Exception {
    try (var loop = Executors.newSingleThreadExecutor();
        FlatExecutor flat = FlatExecutor.on(loop)) {
      var gate = new CompletableFuture<String>();
      FlatTask<String> task = flat.withPortalRunSync(() -> await(gate) + await(DONE));
      Thread first = threadOf(flat);
      first.setUncaughtExceptionHandler((t, e) -> {});
      loop.execute(
          () -> {
            throw new IllegalStateException("the thread's end");
          });
      assertThat(threadOf(flat)).isNotSameAs(first);
      gate.complete("still ");
      assertThat(task.get()).isEqualTo("still ripe");
    }
  }

  /// A loop that can be run inside of one of its own events, as modal dialogs do.
  private static final class Reentrant implements AutoCloseable {
    private final ArrayDeque<Runnable> events = new ArrayDeque<>(); // under its own monitor
    private final AtomicBoolean end = new AtomicBoolean();

    Reentrant() {
      Thread.ofPlatform()
          .start(
              () -> {
                while (!end.get()) {
                  runOne();
                  LockSupport.parkNanos(10_000);
                }
              });
    }

    void execute(Runnable event) {
      synchronized (events) {
        events.add(event);
      }
    }

    void runOne() {
      Runnable event;
      synchronized (events) {
        event = events.poll();
      }
      if (event != null) {
        event.run();
      }
    }

    @Override
    public void close() {
      end.set(true);
    }
  }

  @Test
  void loopInsideOfAStepTakesNoOtherSteps() throws Exception {
    try (var loop = new Reentrant();
        FlatExecutor flat = FlatExecutor.on(loop::execute)) {
      var seen = Collections.synchronizedList(new ArrayList<String>());
      FlatTask<String> task =
          flat.spawn(
              () -> {
                seen.add("dialog opens");
                var others = new AtomicInteger();
                for (int i = 0; i < 3; i++) {
                  var _ =
                      flat.spawn(
                          () -> {
                            seen.add("step");
                            return DONE;
                          });
                  loop.execute(others::incrementAndGet);
                }
                while (others.get() < 3) {
                  loop.runOne();
                }
                seen.add("dialog closes");
                return DONE;
              });
      assertThat(task.get()).isEqualTo("ripe");
      Eventually.holds("the other steps", () -> flat.tasks().isEmpty());
      assertThat(seen).containsExactly("dialog opens", "dialog closes", "step", "step", "step");
    }
  }

  @NeedsFlag
  @OnEveryLoop
  void threadLeftBehindByATaskFinishesAfterItsLoopHasEnded(LoopKind kind) throws Throwable {
    var gate = new CountDownLatch(1);
    var thread = new CompletableFuture<Thread>();
    kind.run(
        flat ->
            flat.withPortalRunSync(
                    () -> thread.complete(Thread.startVirtualThread(() -> passLate(gate))))
                .get());
    gate.countDown();
    assertThat(thread.get().join(Duration.ofSeconds(20))).isTrue();
  }

  private static void passLate(CountDownLatch gate) {
    try {
      gate.await();
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @NeedsFlag
  @Test
  void stackTracesOfItsThreadsDoNoHarm() throws Exception {
    try (FlatExecutor flat = FlatExecutor.open()) {
      var thread = new CompletableFuture<Thread>();
      FlatTask<Integer> task =
          flat.withPortalRunSync(
              () -> {
                thread.complete(Thread.currentThread());
                int sum = 0;
                for (int i = 0; i < 2_000; i++) {
                  int n = i;
                  sum += await(flat.spawn(() -> CompletableFuture.completedFuture(n % 2)));
                }
                return sum;
              });
      Thread t = thread.get();
      while (!task.isDone()) {
        t.getStackTrace();
      }
      assertThat(task.get()).isEqualTo(1_000);
    }
  }
}
