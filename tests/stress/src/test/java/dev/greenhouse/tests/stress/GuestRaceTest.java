package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The end of a guest against threads that its tasks have left behind: these go on elsewhere, and
/// somebody's event loop, which may still have a pump of the guest's, must get out of it again.
@Tag("stress")
@SuppressWarnings("ThreadPriorityCheck") // a yield is a step
@Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GuestRaceTest {
  private static final int THREADS = 8;
  private static final int YIELDS = 40;
  private static final int SECONDS = 20;

  /// Keeps the loop from its next command for a moment, which the guest's end can fall into.
  private static void dally(int round) {
    for (int i = 0; i < round % 64 * 16; i++) {
      Thread.onSpinWait();
    }
  }

  private static Object leavesThreads(CountDownLatch ended) {
    for (int i = 0; i < THREADS; i++) {
      Thread.startVirtualThread(
          () -> {
            for (int n = 0; n < YIELDS; n++) {
              Thread.yield();
            }
            ended.countDown();
          });
    }
    Task.checkpoint();
    return ended;
  }

  private static void allEnd(CountDownLatch ended, int round) throws InterruptedException {
    assertThat(ended.await(SECONDS, TimeUnit.SECONDS))
        .as("all threads end in round %d; %d have not", round, ended.getCount())
        .isTrue();
  }

  @Test
  void threadsThatOutliveTheirGuestComeToTheirEnd() throws Exception {
    ExecutorService loop = Executors.newSingleThreadExecutor();
    for (int round = 0; round < Bed.rounds(3_000); round++) {
      var ended = new CountDownLatch(THREADS);
      int delay = round;
      Executor late =
          pump ->
              loop.execute(
                  () -> {
                    dally(delay);
                    pump.run();
                  });
      try (OpenGreenhouse guest = Greenhouse.builder().on(late).build()) {
        guest.launch(() -> leavesThreads(ended));
      }
      allEnd(ended, round);
      Future<?> next = loop.submit(() -> {});
      next.get(SECONDS, TimeUnit.SECONDS);
    }
    loop.shutdown(); // not if it hangs, as close would wait for it
  }

  @Test
  void threadsThatOutliveTheirGuestsExecutorComeToTheirEnd() throws Exception {
    ExecutorService loop = Executors.newSingleThreadExecutor();
    for (int round = 0; round < Bed.rounds(500); round++) {
      var ended = new CountDownLatch(THREADS);
      var full = new AtomicBoolean();
      OpenGreenhouse guest =
          Greenhouse.builder()
              .on(
                  command -> {
                    if (full.get()) {
                      throw new RejectedExecutionException("full");
                    }
                    loop.execute(command);
                  })
              .build();
      guest.launch(() -> leavesThreads(ended));
      full.set(true);
      allEnd(ended, round);
      guest.close();
      Future<?> next = loop.submit(() -> {});
      next.get(SECONDS, TimeUnit.SECONDS);
    }
    loop.shutdown();
  }
}
