package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;

@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class ForkRaceTest {
  @Stress
  void everyTaskThatWasAcceptedRanBeforeCloseReturned(Bed bed) throws Exception {
    try (var forker = new Canceller(21);
        var another = new Canceller(22)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(3_000); i++) {
              var accepted = new AtomicInteger();
              var ran = new AtomicInteger();
              Nursery nursery = Nursery.open();
              Runnable forks = () -> forkUntilRefused(nursery, accepted, ran);
              forker.give(forks);
              another.give(forks);
              Canceller.spin(i % 500);
              nursery.close();
              int ranAtClose = ran.get();
              forker.awaitDone();
              another.awaitDone();
              assertThat(ran.get()).as("tasks that ran after close").isEqualTo(ranAtClose);
              assertThat(ran.get()).as("of those accepted").isEqualTo(accepted.get());
            }
          });
    }
  }

  private static void forkUntilRefused(Nursery nursery, AtomicInteger accepted, AtomicInteger ran) {
    try {
      for (int n = 0; n < 40; n++) {
        nursery.fork(() -> ran.incrementAndGet());
        accepted.incrementAndGet();
      }
    } catch (IllegalStateException closed) {
      assertThat(closed).hasMessageContaining("is closed");
    }
  }

  @Stress
  void tenThousandForksFromFourThreads(Bed bed) throws Exception {
    for (int round = 0; round < Bed.rounds(5); round++) {
      var ran = new AtomicInteger();
      bed.run(
          () -> {
            try (var nursery = Nursery.open()) {
              var all = new CountDownLatch(4);
              Runnable forker =
                  () -> {
                    for (int i = 0; i < 2_500; i++) {
                      nursery.fork(() -> ran.incrementAndGet());
                    }
                    all.countDown();
                  };
              List.of(new Thread(forker), new Thread(forker)).forEach(Thread::start);
              nursery.fork(forker::run);
              nursery.fork(forker::run);
              all.await();
            }
          });
      assertThat(ran).hasValue(10_000);
    }
  }

  /// The JDK hands a thread to its scheduler once more after its stack was taken.
  @Stress
  void stackTracesOfTasksThatAreBeginningLoseNoneOfTheirSteps(Bed bed) throws Exception {
    var newest = new AtomicReference<Thread>(Thread.currentThread());
    var stop = new AtomicBoolean();
    Thread spy =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  while (!stop.get()) {
                    newest.get().getStackTrace();
                  }
                });
    try {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(3_000); i++) {
              var ran = new AtomicInteger();
              try (var nursery = Nursery.open()) {
                for (int n = 0; n < 3; n++) {
                  newest.set(nursery.fork(() -> yieldAndCount(ran)).thread());
                }
                Canceller.spin(i % 300);
              }
              assertThat(ran).hasValue(3);
            }
          });
    } finally {
      stop.set(true);
      spy.join();
    }
  }

  private static void yieldAndCount(AtomicInteger ran) {
    Thread.yield();
    Thread.yield();
    ran.incrementAndGet();
  }

  @Stress
  void joinSeesEveryOutcome(Bed bed) throws Exception {
    bed.run(
        () -> {
          for (int i = 0; i < Bed.rounds(5_000); i++) {
            int n = i;
            try (var nursery = Nursery.open()) {
              Task<Integer> one = nursery.fork(() -> n);
              Task<Integer> two = nursery.fork(() -> one.join() + 1);
              assertThat(two.join()).isEqualTo(n + 1);
              assertThat(one.join()).isEqualTo(n);
            }
          }
        });
  }

  @Stress
  void startAgainstItsEnd(Bed bed) throws Exception {
    try (var canceller = new Canceller(23)) {
      bed.run(
          () -> {
            for (int i = 0; i < Bed.rounds(2_000); i++) {
              int n = i;
              Nursery.run(
                  nursery -> {
                    if (n % 2 == 0) {
                      canceller.give(() -> nursery.cancel("by hand"));
                    }
                    int value =
                        nursery.<Integer, RuntimeException>start(
                            status -> {
                              Task.checkpoint();
                              status.started(n);
                              Task.checkpoint();
                            });
                    assertThat(value).isEqualTo(n);
                  });
              canceller.awaitDone();
              assertThat(Thread.currentThread().isInterrupted()).isFalse();
            }
          });
    }
  }
}
