package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.Joiner;

/// Many who sleep and are cancelled together.
public enum Sleepers {
  /// Tasks of a nursery, in an operation of ours.
  TASKS_IN_OUR_SLEEP {
    @Override
    void runUntil(CountDownLatch end, CountDownLatch asleep) throws InterruptedException {
      try (var nursery = Nursery.open()) {
        for (int i = 0; i < COUNT; i++) {
          nursery.fork(
              () -> {
                asleep.countDown();
                Task.sleepForever();
              });
        }
        end.await();
        nursery.cancel();
      }
    }
  },

  /// Tasks of a nursery, in one of the JDK, which must be interrupted.
  TASKS_IN_THREAD_SLEEP {
    @Override
    void runUntil(CountDownLatch end, CountDownLatch asleep) throws InterruptedException {
      try (var nursery = Nursery.open()) {
        for (int i = 0; i < COUNT; i++) {
          nursery.fork(() -> sleepInThread(asleep));
        }
        end.await();
        nursery.cancel();
      }
    }
  },

  /// Threads of a raw scope. Its owner has no method to cancel it, but what it forks last succeeds,
  /// which cancels the others.
  RAW_IN_THREAD_SLEEP {
    @Override
    void runUntil(CountDownLatch end, CountDownLatch asleep) throws InterruptedException {
      try (var scope = StructuredTaskScope.open(Joiner.<Object>anySuccessfulResultOrThrow())) {
        for (int i = 0; i < COUNT; i++) {
          scope.fork(
              () -> {
                sleepInThread(asleep);
                return "slept";
              });
        }
        end.await();
        scope.fork(() -> "cancels");
        scope.join();
      }
    }
  };

  /// How many there are.
  static final int COUNT = 10_000;

  /// Sends all to sleep, and cancels them when told to. Returns when none is left.
  ///
  /// @param end when it is open, they are cancelled
  /// @param asleep each that is about to sleep counts it down
  abstract void runUntil(CountDownLatch end, CountDownLatch asleep) throws InterruptedException;

  private static void sleepInThread(CountDownLatch asleep) throws InterruptedException {
    asleep.countDown();
    Thread.sleep(Duration.ofDays(1));
  }
}
