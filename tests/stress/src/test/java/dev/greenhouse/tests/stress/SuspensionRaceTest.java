package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;

@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class SuspensionRaceTest {
  @Stress
  void resumeAgainstCancelHasExactlyOneWinner(Bed bed) throws Exception {
    try (var canceller = new Canceller(31);
        var resumer = new Canceller(32)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(10_000); i++) {
              int n = i;
              var resumed = new AtomicBoolean();
              var received = new AtomicInteger(-1);
              var cancelled = new AtomicBoolean();
              Nursery.run(
                  nursery -> {
                    var suspension = Suspension.<Integer>create();
                    canceller.give(() -> nursery.cancel("by hand"));
                    resumer.give(() -> resumed.set(suspension.resume(n)));
                    try {
                      received.set(suspension.await());
                    } catch (Cancelled e) {
                      cancelled.set(true);
                    }
                  });
              canceller.awaitDone();
              resumer.awaitDone();
              assertThat(Thread.currentThread().isInterrupted()).isFalse();
              assertThat(cancelled.get()).as("round " + n).isNotEqualTo(resumed.get());
              assertThat(received.get()).isEqualTo(resumed.get() ? n : -1);
            }
          });
    }
  }

  @Stress
  void twoResumersHaveExactlyOneWinner(Bed bed) throws Exception {
    try (var one = new Canceller(33);
        var two = new Canceller(34)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(10_000); i++) {
              var wins = new AtomicInteger();
              var suspension = Suspension.<Integer>create();
              one.give(() -> wins.addAndGet(suspension.resume(1) ? 1 : 0));
              two.give(() -> wins.addAndGet(suspension.resume(2) ? 1 : 0));
              assertThat(suspension.await()).isBetween(1, 2);
              one.awaitDone();
              two.awaitDone();
              assertThat(wins).hasValue(1);
            }
          });
    }
  }

  @Stress
  void thousandsOfStackTracesLoseNoWakeUpOfAPingPong(Bed bed) throws Exception {
    var threads = new Thread[4];
    var stop = new AtomicBoolean();
    Thread spy =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  while (!stop.get()) {
                    for (Thread t : threads) {
                      if (t != null) {
                        t.getStackTrace();
                      }
                    }
                  }
                });
    try {
      bed.run(
          () -> {
            var queue = new SynchronousQueue<Integer>();
            int balls = Bed.rounds(5_000);
            var turns = new Turns();
            try (var nursery = Nursery.open()) {
              nursery.fork(
                  () -> {
                    threads[0] = Thread.currentThread();
                    for (int i = 0; i < balls; i++) {
                      queue.put(i);
                    }
                  });
              nursery.fork(
                  () -> {
                    threads[1] = Thread.currentThread();
                    for (int i = 0; i < balls; i++) {
                      assertThat(queue.take()).isEqualTo(i);
                    }
                  });
              for (int side = 0; side < 2; side++) {
                int me = side;
                nursery.fork(
                    () -> {
                      threads[2 + me] = Thread.currentThread();
                      turns.play(me, balls);
                    });
              }
            }
          });
    } finally {
      stop.set(true);
      spy.join();
    }
  }

  /// Two tasks that wake each other by suspensions, and yield now and then.
  static final class Turns {
    private final AtomicInteger turn = new AtomicInteger();

    /// A place for each side: in one for both, who is late overwrites who waits.
    private final AtomicReferenceArray<Suspension<Integer>> waiting = new AtomicReferenceArray<>(2);

    /// Whether each wait begins with a permit left over, and so wakes by chance first.
    private final boolean wakeByChance;

    Turns() {
      this(false);
    }

    Turns(boolean wakeByChance) {
      this.wakeByChance = wakeByChance;
    }

    void play(int me, int balls) {
      for (int i = me; i < 2 * balls; i += 2) {
        while (turn.get() != i) {
          var suspension = Suspension.<Integer>create();
          waiting.set(me, suspension);
          if (turn.get() == i) {
            waiting.set(me, null);
            break;
          }
          if (wakeByChance) {
            LockSupport.unpark(Thread.currentThread());
          }
          suspension.await();
        }
        turn.set(i + 1);
        Suspension<Integer> other = waiting.getAndSet(1 - me, null);
        if (other != null) {
          other.resume(i);
        }
        if (i % 7 == 0) {
          Task.checkpoint();
        }
      }
    }
  }
}
