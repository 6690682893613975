package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.ExtendWith;

@SuppressWarnings("ThreadPriorityCheck") // a yield is a step
@ExtendWith(NothingLeft.class)
class StepPairsTest {
  private static final int TRACES = 10_000;
  private static final int YIELDS = 1_000;

  /// Counts the steps of each task and finds those that overlap.
  private static final class Pairs implements Instrument {
    final Map<Thread, AtomicInteger> before = new ConcurrentHashMap<>();
    final Map<Thread, AtomicInteger> after = new ConcurrentHashMap<>();
    final Map<Thread, AtomicInteger> inside = new ConcurrentHashMap<>();
    final AtomicBoolean overlapped = new AtomicBoolean();

    @Override
    public void beforeTaskStep(TaskView task) {
      count(before, task);
      if (count(inside, task) != 1) {
        overlapped.set(true);
      }
    }

    @Override
    public void afterTaskStep(TaskView task) {
      if (inside.computeIfAbsent(task.thread(), t -> new AtomicInteger()).decrementAndGet() != 0) {
        overlapped.set(true);
      }
      count(after, task);
    }

    private static int count(Map<Thread, AtomicInteger> map, TaskView task) {
      return map.computeIfAbsent(task.thread(), t -> new AtomicInteger()).incrementAndGet();
    }

    void assertBalanced() {
      assertThat(overlapped).as("steps overlap").isFalse();
      after.forEach(
          (thread, n) -> assertThat(n).as("after %s", thread).hasValue(of(before, thread)));
      assertThat(after.keySet()).isEqualTo(before.keySet());
    }

    static int of(Map<Thread, AtomicInteger> map, Thread thread) {
      return map.getOrDefault(thread, new AtomicInteger()).get();
    }
  }

  @OnEveryKind
  @NeedsFlag
  void eachThreadYieldIsAStep(Kind kind) throws Throwable {
    var pairs = new Pairs();
    var tasks = new Thread[2];
    try (OpenGreenhouse greenhouse = kind.build(pairs)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              for (int i = 0; i < tasks.length; i++) {
                tasks[i] = nursery.fork(StepPairsTest::yieldOften).thread();
              }
            }
          });
    }
    pairs.assertBalanced();
    for (Thread t : tasks) {
      assertThat(Pairs.of(pairs.before, t)).isGreaterThanOrEqualTo(YIELDS);
    }
  }

  private static void yieldOften() {
    for (int i = 0; i < YIELDS; i++) {
      Thread.yield();
    }
  }

  @OnEveryKind
  void eachCheckpointIsAStep(Kind kind) throws Throwable {
    var pairs = new Pairs();
    var tasks = new Thread[2];
    try (OpenGreenhouse greenhouse = kind.build(pairs)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              for (int i = 0; i < tasks.length; i++) {
                tasks[i] =
                    nursery
                        .fork(
                            () -> {
                              for (int n = 0; n < YIELDS; n++) {
                                Task.checkpoint();
                              }
                            })
                        .thread();
              }
            }
          });
    }
    pairs.assertBalanced();
    for (Thread t : tasks) {
      assertThat(Pairs.of(pairs.before, t)).isGreaterThanOrEqualTo(YIELDS);
    }
  }

  @OnEveryKind
  @NeedsFlag
  void tenThousandStackTracesDisturbNoStepAndLoseNoWakeUp(Kind kind) throws Throwable {
    var pairs = new Pairs();
    var threads = new Thread[4];
    var forked = new CountDownLatch(1);
    var taken = new CountDownLatch(1);
    var yields = new AtomicInteger();
    var spy =
        new Thread(
            () -> {
              try {
                forked.await();
                for (int i = 0; i < TRACES; i++) {
                  threads[i % threads.length].getStackTrace();
                }
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              } finally {
                taken.countDown();
              }
            });
    spy.start();
    try (OpenGreenhouse greenhouse = kind.build(pairs)) {
      greenhouse.run(
          () -> {
            var queue = new SynchronousQueue<Boolean>();
            try (var nursery = Nursery.open()) {
              threads[0] = nursery.fork(() -> yieldWhile(taken, yields)).thread();
              threads[1] = nursery.fork(() -> sleepWhile(taken)).thread();
              threads[2] =
                  nursery
                      .fork(
                          () -> {
                            while (queue.take()) {
                              Thread.onSpinWait();
                            }
                          })
                      .thread();
              threads[3] =
                  nursery
                      .fork(
                          () -> {
                            do {
                              queue.put(true);
                            } while (taken.getCount() > 0);
                            queue.put(false);
                          })
                      .thread();
              forked.countDown();
            }
          });
    }
    spy.join();
    pairs.assertBalanced();
    // The JDK may suspend a thread between our look at it and its step, which then does nothing.
    assertThat(Pairs.of(pairs.before, threads[0]))
        .as("no step is missed, and few are told that did not run")
        .isBetween(YIELDS, yields.get() + TRACES / threads.length / 4);
  }

  private static void yieldWhile(CountDownLatch taken, AtomicInteger yields) {
    do {
      yieldOften();
      yields.addAndGet(YIELDS);
    } while (taken.getCount() > 0);
  }

  private static void sleepWhile(CountDownLatch taken) throws InterruptedException {
    do {
      Thread.sleep(0, 100_000); // timed waits of the JDK
    } while (taken.getCount() > 0);
  }
}
