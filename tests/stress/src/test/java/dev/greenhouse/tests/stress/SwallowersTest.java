package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Tag;

/// Tasks that swallow their cancellation and block again: it must come again.
@SuppressWarnings({"LockNotBeforeTry", "ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class SwallowersTest {
  private interface Wait {
    void await() throws InterruptedException;
  }

  @Stress
  void eachOfTwentyWaitsIsInterrupted(Bed bed) throws Exception {
    var lock = new ReentrantLock();
    Thread holder = Thread.ofPlatform().daemon().unstarted(() -> holdForEver(lock));
    holder.start();
    while (!lock.isLocked()) {
      Thread.onSpinWait();
    }
    var monitor = new Object();
    List<Wait> waits =
        List.of(
            () -> Thread.sleep(Duration.ofHours(1)),
            () -> new LinkedBlockingQueue<>().take(),
            () -> waitIn(monitor),
            lock::lockInterruptibly);
    for (Wait wait : waits) {
      try (var canceller = new Canceller(41)) {
        bed.run(
            () -> {
              for (int i = 0; i < Bed.rounds(100); i++) {
                Nursery.run(
                    nursery -> {
                      for (int t = 0; t < 3; t++) {
                        nursery.fork(() -> swallow(wait));
                      }
                      canceller.give(() -> nursery.cancel("by hand"));
                      swallow(wait);
                    });
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                canceller.awaitDone();
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
              }
            });
      }
    }
  }

  private static void swallow(Wait wait) {
    for (int swallowed = 0; swallowed < 20; ) {
      try {
        wait.await();
        throw new AssertionError("a wait that nothing ends has ended");
      } catch (InterruptedException e) {
        swallowed++;
      }
    }
    Task.throwIfCancelled();
  }

  /// Yields between two waits: a wake-up must not bypass the scheduler.
  @Stress
  void oneThatYieldsInBetweenIsInterruptedToo(Bed bed) throws Exception {
    try (var canceller = new Canceller(42)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(100); i++) {
              Nursery.run(
                  nursery -> {
                    canceller.give(() -> nursery.cancel("by hand"));
                    swallow(
                        () -> {
                          Thread.yield();
                          Thread.sleep(Duration.ofHours(1));
                        });
                  });
            }
          });
    }
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
}
