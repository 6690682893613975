package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskFailedException;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.awt.EventQueue;
import java.io.IOException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// A greenhouse on somebody else's event loop.
@NeedsFlag
@SuppressWarnings("ThreadPriorityCheck") // a yield is a step
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GuestTest {
  private static final ScopedValue<String> VALUE = ScopedValue.newInstance();

  /// Which threads carry steps.
  private static final class CarriersSeen implements Instrument {
    final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    @Override
    public void beforeTaskStep(TaskView task) {
      threads.add(Thread.currentThread());
    }
  }

  @BeforeAll
  static void headless() {
    System.setProperty("java.awt.headless", "true");
  }

  @Test
  void onSwingsEventQueue() throws Exception {
    var carriers = new CarriersSeen();
    worksOn(EventQueue::invokeLater, carriers);
    var dispatch = new Thread[1];
    EventQueue.invokeAndWait(() -> dispatch[0] = Thread.currentThread());
    assertThat(carriers.threads).containsExactly(dispatch[0]);
  }

  @Test
  void onASingleThreadExecutor() throws Exception {
    var carriers = new CarriersSeen();
    try (var executor = Executors.newSingleThreadExecutor()) {
      worksOn(executor, carriers);
      assertThat(carriers.threads).containsExactly(executor.submit(Thread::currentThread).get());
    }
  }

  @Test
  void onAnExecutorThatChangesItsThreadButRunsOneAtATime() throws Exception {
    try (var threads = Executors.newCachedThreadPool()) {
      worksOn(threads, new CarriersSeen());
    }
  }

  private static void worksOn(Executor executor, CarriersSeen carriers) throws Exception {
    try (OpenGreenhouse guest =
        Greenhouse.builder().name("guest").on(executor).instrument(carriers).build()) {
      var ran = new AtomicInteger();
      Task<String> main =
          guest.launch(
              () ->
                  ScopedValue.where(VALUE, "opener")
                      .call(
                          () -> {
                            try (var nursery = Nursery.open()) {
                              for (int i = 0; i < 1_000; i++) {
                                nursery.fork(
                                    () -> {
                                      Task.checkpoint();
                                      Task.sleep(Duration.ofMillis(1));
                                      Thread.sleep(1);
                                      assertThat(VALUE.get()).isEqualTo("opener");
                                      ran.incrementAndGet();
                                    });
                              }
                            }
                            return nurseryValue();
                          }));
      assertThat(main.join()).isEqualTo("of a task");
      assertThat(ran).hasValue(1_000);
      Task<?> failing =
          guest.launch(
              () -> {
                throw new IOException("main's");
              });
      assertThatThrownBy(failing::join)
          .isInstanceOf(TaskFailedException.class)
          .hasCauseInstanceOf(IOException.class);
    }
  }

  private static String nurseryValue() {
    return Nursery.call(nursery -> nursery.fork(() -> "of a task").join());
  }

  @Test
  void theLoopsOtherEventsAreServedBetweenTheSteps() throws Exception {
    try (var executor = Executors.newSingleThreadExecutor();
        var guest = Greenhouse.builder().on(executor).build()) {
      var served = new CountDownLatch(1);
      Task<Integer> busy =
          guest.launch(
              () -> {
                int n = 0;
                for (; served.getCount() > 0; n++) {
                  Task.checkpoint();
                }
                return n;
              });
      executor.execute(served::countDown);
      assertThat(served.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(busy.join()).isNotNegative();
    }
  }

  // ---- threads that are no tasks, and inherit the guest for their scheduler

  /// Takes many steps, of all sorts, and tells where it took the last one.
  private static CompletableFuture<Thread> startRaw(CountDownLatch go) {
    var last = new CompletableFuture<Thread>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                go.await();
                for (int i = 0; i < 20; i++) {
                  Thread.yield();
                  Thread.sleep(1);
                }
                assertThat(Task.currentIfAny()).isEmpty();
                last.complete(currentCarrier());
              } catch (Throwable t) {
                last.completeExceptionally(t);
              }
            });
    return last;
  }

  /// {@return the platform thread under the current one}
  private static Thread currentCarrier() throws ReflectiveOperationException {
    Method method = Thread.class.getDeclaredMethod("currentCarrierThread");
    method.setAccessible(true);
    return (Thread) method.invoke(null);
  }

  @Test
  void aForeignThreadRunsOnTheLoopWhileTheGuestIsThere() throws Exception {
    try (var executor = Executors.newSingleThreadExecutor();
        var guest = Greenhouse.builder().on(executor).build()) {
      Thread loop = executor.submit(Thread::currentThread).get();
      var go = new CountDownLatch(1);
      CompletableFuture<Thread> raw = guest.launch(() -> startRaw(go)).join();
      go.countDown();
      assertThat(raw.get(10, TimeUnit.SECONDS)).isSameAs(loop);
    }
  }

  @Test
  void aForeignThreadGoesOnElsewhereWhenTheGuestIsClosed() throws Exception {
    try (var executor = Executors.newSingleThreadExecutor()) {
      Thread loop = executor.submit(Thread::currentThread).get();
      var go = new CountDownLatch(1);
      CompletableFuture<Thread> raw;
      try (var guest = Greenhouse.builder().on(executor).build()) {
        raw = guest.launch(() -> startRaw(go)).join();
      }
      go.countDown();
      assertThat(raw.get(10, TimeUnit.SECONDS)).isNotSameAs(loop);
    }
  }

  @Test
  void aForeignThreadGoesOnElsewhereWhenTheExecutorIsBroken() throws Exception {
    var full = new AtomicBoolean();
    try (var log = CapturedLog.begin();
        var executor = Executors.newSingleThreadExecutor()) {
      Executor fills =
          command -> {
            if (full.get()) {
              throw new RejectedExecutionException("full");
            }
            executor.execute(command);
          };
      Thread loop = executor.submit(Thread::currentThread).get();
      var go = new CountDownLatch(1);
      try (var guest = Greenhouse.builder().name("visitor").on(fills).build()) {
        CompletableFuture<Thread> raw = guest.launch(() -> startRaw(go)).join();
        full.set(true);
        go.countDown(); // its next step is rejected
        assertThat(raw.get(10, TimeUnit.SECONDS)).isNotSameAs(loop);
        log.await("'visitor' is broken");
      }
    }
  }

  @Test
  void runIsRefusedAsItWouldBlockTheLoop() {
    try (var executor = Executors.newSingleThreadExecutor();
        var guest = Greenhouse.builder().name("visitor").on(executor).build()) {
      assertThatThrownBy(() -> guest.run(() -> {}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("'visitor' is a guest", "run", "Use launch");
      assertThatThrownBy(() -> guest.call(() -> 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("'visitor' is a guest", "call", "Use launch");
    }
  }
}
