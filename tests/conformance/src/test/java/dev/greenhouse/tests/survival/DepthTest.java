package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NothingLeft.class)
class DepthTest {
  private static final int LEVELS = 1_000;

  @OnEveryKind
  void aThousandTasksEachInANurseryOfTheOneAbove(Kind kind) throws Throwable {
    var reached = new AtomicInteger();
    kind.run(() -> nest(LEVELS, reached::incrementAndGet));
    assertThat(reached).hasValue(1);
  }

  @OnEveryKind
  void aThousandNurseriesOfOneTask(Kind kind) throws Throwable {
    var ran = new AtomicInteger();
    kind.run(
        () -> {
          var open = new ArrayDeque<Nursery>();
          for (int i = 0; i < LEVELS; i++) {
            open.push(Nursery.open("level-" + i));
            open.element().fork(() -> ran.incrementAndGet());
          }
          assertThat(Task.current().nurseries()).hasSize(LEVELS);
          while (!open.isEmpty()) {
            open.pop().close();
          }
        });
    assertThat(ran).hasValue(LEVELS);
  }

  @OnEveryKind
  void cancellingTheOutermostReachesTheInnermost(Kind kind) throws Throwable {
    var started = new CountDownLatch(1);
    var ended = new AtomicInteger();
    kind.run(
        () ->
            Nursery.run(
                outermost -> {
                  outermost.fork(
                      () ->
                          nest(
                              LEVELS,
                              () -> {
                                started.countDown();
                                try {
                                  Task.sleepForever();
                                } finally {
                                  ended.incrementAndGet();
                                }
                              }));
                  started.await();
                  outermost.cancel("enough");
                }));
    assertThat(ended).hasValue(1);
  }

  @OnEveryKind
  void aFailureOfTheInnermostComesOutOfTheOutermost(Kind kind) throws Throwable {
    var failure = new IOException("from below");
    kind.run(
        () -> {
          Throwable thrown =
              catchThrowable(
                  () ->
                      nest(
                          LEVELS,
                          () -> {
                            throw failure;
                          }));
          int levels = 0;
          for (; thrown instanceof NurseryFailedException; thrown = thrown.getCause()) {
            levels++;
          }
          assertThat(thrown).isSameAs(failure);
          assertThat(levels).isEqualTo(LEVELS);
        });
  }

  private interface Innermost {
    void run() throws Exception;
  }

  private static void nest(int levels, Innermost innermost) throws Exception {
    if (levels == 0) {
      innermost.run();
      return;
    }
    try (var nursery = Nursery.open()) {
      nursery.fork(() -> nest(levels - 1, innermost));
    }
  }
}
