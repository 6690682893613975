package dev.greenhouse.tests.interop;

import static dev.greenhouse.portal.Portal.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.portal.NoPortalException;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Portals on real event loops: the loop serves its own events while tasks on it wait.
@NeedsFlag
@ExtendWith({NoThreadsLeft.class, NothingLeft.class})
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostLoopTest {
  private static final int BEATS = 10;

  /// A test that takes a loop and a way to live on it.
  @Target(ElementType.METHOD)
  @Retention(RetentionPolicy.RUNTIME)
  @ParameterizedTest(name = "{1} on {0}")
  @MethodSource("loopsAndWays")
  private @interface OnEveryLoop {}

  static Stream<Arguments> loopsAndWays() {
    return Arrays.stream(HostLoops.values())
        .flatMap(loop -> Arrays.stream(Lodging.Way.values()).map(way -> Arguments.of(loop, way)));
  }

  @FunctionalInterface
  private interface Body {
    void run(HostLoop loop, Lodging lodging) throws Throwable;
  }

  /// Also sees to it that the tasks were carried by the loop's one thread.
  private static void on(HostLoops which, Lodging.Way way, Body body) throws Throwable {
    Set<Thread> carriers = ConcurrentHashMap.newKeySet();
    try (HostLoop loop = which.open();
        Lodging lodging =
            way.open(
                step ->
                    loop.execute(
                        () -> {
                          carriers.add(Thread.currentThread());
                          step.run();
                        }))) {
      body.run(loop, lodging);
      assertThat(carriers).containsExactlyInAnyOrderElementsOf(result(loop.beats(1)));
    }
  }

  private static <T> T result(Future<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  // ---- with a portal

  /// What a task does until the loop's heart has beaten often enough; only then it may go on.
  private enum Hold {
    AWAIT {
      @Override
      void until(CompletableFuture<?> stage) {
        await(stage);
      }
    },
    AWAIT_IN_SYNCHRONIZED {
      @Override
      synchronized void until(CompletableFuture<?> stage) {
        await(stage);
      }
    },
    AWAIT_IN_LOCK {
      @Override
      void until(CompletableFuture<?> stage) {
        var lock = new ReentrantLock();
        lock.lock();
        try {
          await(stage);
        } finally {
          lock.unlock();
        }
      }
    },
    BLOCKING_CALL {
      @Override
      void until(CompletableFuture<?> stage) throws Exception {
        result(stage);
      }
    };

    abstract void until(CompletableFuture<?> stage) throws Exception;
  }

  @OnEveryLoop
  void loopsHeartBeatsWhileATaskIsHeld(HostLoops which, Lodging.Way way) throws Throwable {
    on(
        which,
        way,
        (loop, lodging) -> {
          for (Hold hold : Hold.values()) {
            CompletableFuture<String> task =
                lodging.withPortal(
                    () -> {
                      hold.until(loop.beats(BEATS));
                      return "went on";
                    });
            assertThat(result(task)).as(hold.name()).isEqualTo("went on");
          }
        });
  }

  @OnEveryLoop
  void thousandTasksAwaitWhileTheHeartBeats(HostLoops which, Lodging.Way way) throws Throwable {
    on(
        which,
        way,
        (loop, lodging) -> {
          var awaiting = new AtomicInteger();
          var beaten = new CompletableFuture<Set<Thread>>();
          var tasks =
              Stream.generate(
                      () ->
                          lodging.withPortal(
                              () -> {
                                if (awaiting.incrementAndGet() == 1_000) {
                                  var _ = loop.beats(BEATS).thenAccept(beaten::complete);
                                }
                                return await(beaten);
                              }))
                  .limit(1_000)
                  .toList();
          for (CompletableFuture<Set<Thread>> task : tasks) {
            assertThat(result(task)).hasSize(1);
          }
        });
  }

  @OnEveryLoop
  void inATaskWithAPortalTheLoopDoesNotKnowItsOwnThread(HostLoops which, Lodging.Way way)
      throws Throwable {
    on(
        which,
        way,
        (loop, lodging) -> {
          assertThat(result(lodging.withPortal(loop::isHere))).isFalse();
          assertThat(result(lodging.withPortal(() -> Thread.currentThread().isVirtual()))).isTrue();
          var inAnEvent = new CompletableFuture<Boolean>();
          loop.execute(() -> inAnEvent.complete(loop.isHere()));
          assertThat(result(inAnEvent)).isTrue();
        });
  }

  // ---- without

  /// A task of a greenhouse is a virtual thread in any case; a flat one is the loop's own.
  @OnEveryLoop
  void withoutAPortalAFlatTaskIsOnTheLoopsOwnThread(HostLoops which, Lodging.Way way)
      throws Throwable {
    on(
        which,
        way,
        (loop, lodging) -> {
          var here = new CompletableFuture<Boolean>();
          result(lodging.withoutPortal(() -> here.complete(loop.isHere())));
          assertThat(result(here)).isEqualTo(way == Lodging.Way.FLAT_EXECUTOR);
        });
  }

  @OnEveryLoop
  void withoutAPortalAwaitThrowsAtOnce(HostLoops which, Lodging.Way way) throws Throwable {
    on(
        which,
        way,
        (loop, lodging) -> {
          var never = new CompletableFuture<String>();
          assertThatThrownBy(() -> result(lodging.withoutPortal(() -> await(never))))
              .hasCauseInstanceOf(NoPortalException.class);
          var inAnEvent = new CompletableFuture<Throwable>();
          loop.execute(() -> inAnEvent.complete(catchThrowable(() -> await(never))));
          assertThat(result(inAnEvent)).isInstanceOf(NoPortalException.class);
          assertThat(never.getNumberOfDependents()).isZero();
        });
  }
}
