package dev.greenhouse.tests.stress;

import dev.greenhouse.nursery.Task;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;

/// Waits that end by a cancellation only.
enum Endless {
  OURS {
    @Override
    void await() {
      Task.sleepForever();
    }
  },
  SLEEP {
    @Override
    void await() throws InterruptedException {
      Thread.sleep(Duration.ofHours(1));
    }
  },
  QUEUE {
    @Override
    void await() throws InterruptedException {
      new LinkedBlockingQueue<>().take();
    }
  };

  private static final Endless[] ALL = values();

  abstract void await() throws InterruptedException;

  /// {@return the wait of that round: one after the other}
  static Endless of(int round) {
    return ALL[round % ALL.length];
  }
}
