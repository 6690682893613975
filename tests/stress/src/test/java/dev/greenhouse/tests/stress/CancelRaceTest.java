package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Tag;

@SuppressWarnings({"LockNotBeforeTry", "ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class CancelRaceTest {
  private static final Duration AN_HOUR = Duration.ofHours(1);

  private interface Wait {
    void await() throws Exception;
  }

  /// Waits that end by a cancellation only.
  private static List<Wait> endless() {
    var monitor = new Object();
    var lock = new ReentrantLock();
    Thread holder = Thread.ofPlatform().daemon().unstarted(() -> holdForEver(lock));
    holder.start();
    while (!lock.isLocked()) {
      Thread.onSpinWait();
    }
    return List.of(
        () -> Task.sleep(AN_HOUR),
        () -> Thread.sleep(AN_HOUR),
        () -> new LinkedBlockingQueue<>().take(),
        () -> new CountDownLatch(1).await(),
        () -> waitIn(monitor),
        lock::lockInterruptibly,
        CancelRaceTest::parkUntilInterrupted,
        CancelRaceTest::sleepInANursery);
  }

  private static void holdForEver(ReentrantLock lock) {
    lock.lock();
    while (true) {
      LockSupport.park();
    }
  }

  @SuppressWarnings("WaitNotInLoop")
  private static void waitIn(Object monitor) throws InterruptedException {
    synchronized (monitor) {
      monitor.wait();
    }
  }

  private static void parkUntilInterrupted() throws InterruptedException {
    while (!Thread.interrupted()) {
      LockSupport.parkNanos(1_000_000_000L);
    }
    throw new InterruptedException();
  }

  private static void sleepInANursery() {
    try (var nursery = Nursery.open()) {
      nursery.fork(() -> Task.sleep(AN_HOUR));
    }
    Task.throwIfCancelled();
  }

  @Stress
  void aBodyThatWaitsLeavesEachTimeAndNoInterruptIsLeft(Bed bed) throws Exception {
    for (Wait wait : endless()) {
      try (var canceller = new Canceller(1)) {
        bed.run(
            () -> {
              for (int i = 0; i < Bed.rounds(1_000); i++) {
                Throwable thrown =
                    catchThrowable(
                        () ->
                            Nursery.run(
                                nursery -> {
                                  canceller.give(() -> nursery.cancel("by hand"));
                                  wait.await();
                                }));
                assertThat(thrown).isNull();
                assertNoInterrupt("at once", i);
                canceller.awaitDone();
                assertNoInterrupt("late", i);
              }
            });
      }
    }
  }

  @Stress
  void aBodyThatEndsOrIsCancelledDoesExactlyOne(Bed bed) throws Exception {
    try (var canceller = new Canceller(2)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(3);
            for (int i = 0; i < Bed.rounds(5_000); i++) {
              var nurseryOf = new Nursery[1];
              var ended = new AtomicInteger();
              Throwable thrown =
                  catchThrowable(
                      () ->
                          Nursery.run(
                              nursery -> {
                                nurseryOf[0] = nursery;
                                canceller.give(() -> nursery.cancel("by hand"));
                                Canceller.spin(random.nextInt(300));
                                if (random.nextBoolean()) {
                                  Task.throwIfCancelled();
                                } else {
                                  Thread.sleep(0, 1);
                                }
                                ended.incrementAndGet();
                              }));
              assertThat(thrown).isNull();
              assertThat(ended.get() == 1 || nurseryOf[0].cancelScope().isCancelled()).isTrue();
              assertNoInterrupt("at once", i);
              canceller.awaitDone();
              assertNoInterrupt("late", i);
            }
          });
    }
  }

  @Stress
  void cancelAgainstCloseWithTasksInTheJdksCalls(Bed bed) throws Exception {
    List<Wait> waits = endless();
    try (var canceller = new Canceller(4)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(2_000); i++) {
              var tasks = new ArrayList<Task<?>>();
              Wait a = waits.get(i % waits.size());
              Wait b = waits.get((i + 3) % waits.size());
              try (var nursery = Nursery.open()) {
                tasks.add(nursery.fork(() -> a.await()));
                tasks.add(nursery.fork(() -> b.await()));
                canceller.give(() -> nursery.cancel("by hand"));
              }
              assertNoInterrupt("at once", i);
              canceller.awaitDone();
              assertNoInterrupt("late", i);
              for (Task<?> task : tasks) {
                assertThat(task.outcome().orElseThrow()).isInstanceOf(Outcome.WasCancelled.class);
              }
            }
          });
    }
  }

  @Stress
  void aTaskThatEndsOrIsCancelledHasExactlyOneOutcome(Bed bed) throws Exception {
    try (var canceller = new Canceller(5)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(6);
            for (int i = 0; i < Bed.rounds(5_000); i++) {
              int spins = random.nextInt(300);
              var ended = new AtomicInteger();
              Task<Integer> task;
              try (var nursery = Nursery.open()) {
                task =
                    nursery.fork(
                        () -> {
                          Canceller.spin(spins);
                          Task.checkpoint();
                          return ended.incrementAndGet();
                        });
                Task<?> t = task;
                canceller.give(() -> t.cancel("by hand"));
                if (i % 2 == 0) {
                  Task.checkpoint();
                }
              }
              canceller.awaitDone();
              assertNoInterrupt("after the task's end", i);
              switch (task.outcome().orElseThrow()) {
                case Outcome.Succeeded<Integer> s -> assertThat(ended).hasValue(1);
                case Outcome.WasCancelled<Integer> c -> assertThat(ended).hasValue(0);
                case Outcome.Failed<Integer>(Throwable error) -> throw new AssertionError(error);
              }
            }
          });
    }
  }

  @Stress
  void noFailureIsLostBesideACancellation(Bed bed) throws Exception {
    try (var canceller = new Canceller(7)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(3_000); i++) {
              var thrownByTasks = new AtomicInteger();
              Throwable thrown =
                  catchThrowable(
                      () -> {
                        try (var nursery = Nursery.open()) {
                          for (int t = 0; t < 3; t++) {
                            nursery.fork(
                                () -> {
                                  try {
                                    Task.sleepForever();
                                  } finally {
                                    if (thrownByTasks.incrementAndGet() > 0) {
                                      fail();
                                    }
                                  }
                                });
                          }
                          canceller.give(() -> nursery.cancel("by hand"));
                        }
                      });
              canceller.awaitDone();
              if (thrownByTasks.get() == 0) {
                assertThat(thrown).isNull(); // cancelled before they began
              } else {
                assertThat(thrown)
                    .isInstanceOfSatisfying(
                        NurseryFailedException.class,
                        e -> assertThat(e.failures()).hasSize(thrownByTasks.get()));
              }
              assertNoInterrupt("afterwards", i);
            }
          });
    }
  }

  private static void fail() throws IOException {
    throw new IOException("while it unwinds");
  }

  @Stress
  void twoCancelsAtOnceGiveOneReason(Bed bed) throws Exception {
    try (var one = new Canceller(8);
        var two = new Canceller(9)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(3_000); i++) {
              var forked = new AtomicReference<Task<?>>();
              boolean same = i % 2 == 0;
              Nursery.run(
                  outer ->
                      Nursery.run(
                          inner -> {
                            forked.set(inner.fork(() -> Thread.sleep(AN_HOUR)));
                            one.give(() -> outer.cancel("one"));
                            two.give(() -> (same ? outer : inner).cancel("two"));
                          }));
              Task<?> task = forked.get();
              one.awaitDone();
              two.awaitDone();
              assertNoInterrupt("afterwards", i);
              assertThat(task.outcome().orElseThrow())
                  .isInstanceOfSatisfying(
                      Outcome.WasCancelled.class,
                      c -> assertThat(c.reason().text()).isIn("one", "two"));
            }
          });
    }
  }

  @Stress
  void aChildForkedBesideACancellationIsAlwaysCancelled(Bed bed) throws Exception {
    try (var canceller = new Canceller(10)) {
      bed.run(
          () -> {
            var random = new SplittableRandom(11);
            for (int i = 0; i < Bed.rounds(3_000); i++) {
              var tasks = new ArrayList<Task<?>>();
              int deep = i % 3;
              try (var nursery = Nursery.open()) {
                canceller.give(() -> nursery.cancel("by hand"));
                Canceller.spin(random.nextInt(300));
                tasks.add(nursery.fork(() -> sleepBelow(deep)));
                tasks.add(nursery.fork(() -> Thread.sleep(AN_HOUR)));
              }
              canceller.awaitDone();
              assertNoInterrupt("afterwards", i);
              for (Task<?> task : tasks) {
                assertThat(task.outcome().orElseThrow()).isInstanceOf(Outcome.WasCancelled.class);
              }
            }
          });
    }
  }

  /// Forks the task that sleeps so many levels below.
  private static void sleepBelow(int levels) {
    if (levels == 0) {
      Task.sleepForever();
    }
    try (var nursery = Nursery.open()) {
      nursery.fork(() -> sleepBelow(levels - 1));
    }
    Task.throwIfCancelled();
  }

  private static void assertNoInterrupt(String when, int round) {
    if (Thread.currentThread().isInterrupted()) {
      throw new AssertionError("stray interrupt " + when + " in round " + round);
    }
  }
}
