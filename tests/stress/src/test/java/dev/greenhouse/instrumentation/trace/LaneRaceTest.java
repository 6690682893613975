package dev.greenhouse.instrumentation.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A lane is read while its carrier writes: whatever the picture shows as going on has begun after
/// all that has ended. It lies in the lane's package, as the moment that matters is a few
/// instructions long and a whole picture takes milliseconds.
@Tag("stress")
class LaneRaceTest {
  private static final int STEPS =
      Math.multiplyExact(20_000_000, Integer.getInteger("greenhouse.stress.scale", 1));
  private static final int SESSION = 1;
  private static final long OTHER = 1L << 40;

  @Test
  @Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void noStepBeginsAgainOrBeforeWhatHasEnded() throws InterruptedException {
    var lane = new Lane(new Events(16));
    var started = new CountDownLatch(1);
    Thread carrier = Thread.ofPlatform().daemon().name("carrier").start(() -> step(lane, started));
    started.await();
    long open = 0;
    while (carrier.isAlive()) {
      var order = new Order();
      lane.read(order);
      open += order.running ? 1 : 0;
    }
    carrier.join();
    assertThat(open).as("pictures of a step that goes on").isPositive();
  }

  /// As a busy loop does, with a task of the next number in each step. Some make another runnable,
  /// which has a number that no step has.
  private static void step(Lane lane, CountDownLatch started) {
    assertThat(lane.take(Thread.currentThread())).isTrue();
    lane.idled(SESSION);
    started.countDown();
    for (long task = 1; task <= STEPS; task++) {
      lane.began(task, SESSION);
      if (task % 8 == 0) {
        lane.scheduled(OTHER);
      }
      if (task % 8 == 4) {
        lane.scheduled(task);
      }
      lane.ended(task);
    }
  }

  /// What one picture says, in its order. Some of it may have been overwritten, anywhere.
  private static final class Order implements Events.Reader {
    private boolean running; // the last that was told is a beginning
    private long latest; // the task that it was told of
    private long time = Long.MIN_VALUE;

    @Override
    public void event(int kind, long task, long when) {
      if (kind != Events.SCHEDULED) {
        running = kind == Events.BEGAN;
        // What ends may have begun before; and what begins at this very moment is the next one.
        boolean right =
            running ? task > latest && (when > time || task == latest + 1) : task >= latest;
        if (!right || when < time) {
          throw new AssertionError(
              "Event %d of task %d, at %d, after one of %d, at %d"
                  .formatted(kind, task, when, latest, time));
        }
        latest = task;
      }
      time = when;
    }
  }
}
