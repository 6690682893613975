package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.ChildJvm;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.ExtendWith;

/// Waits that ignore interrupts: they clear the flag and wait on, so whoever interrupts them again
/// and again at once makes them spin.
@ExtendWith(NothingLeft.class)
@SuppressWarnings({"ImmutableEnumChecker", "LockNotBeforeTry", "UnnecessaryAsync"})
class UninterruptibleWaitsTest {
  private static final Duration SOON = Duration.ofMillis(20);

  /// A wait that ends when the future is completed.
  private enum Wait {
    FUTURE_JOIN(end -> end::join),
    LOCK(
        end -> {
          var lock = new ReentrantLock();
          holdUntil(end, lock::lock, lock::unlock);
          return () -> {
            lock.lock();
            lock.unlock();
          };
        }),
    SEMAPHORE(
        end -> {
          var semaphore = new Semaphore(0);
          holdUntil(end, () -> {}, semaphore::release);
          return semaphore::acquireUninterruptibly;
        }),
    MONITOR(
        end -> {
          var monitor = new Object();
          var held = new CountDownLatch(1);
          Thread.ofPlatform()
              .start(
                  () -> {
                    synchronized (monitor) {
                      held.countDown();
                      end.join();
                    }
                  });
          Eventually.holds("the monitor is held", () -> held.getCount() == 0);
          return () -> {
            synchronized (monitor) {
              assertThat(end).isDone();
            }
          };
        });

    final Function<CompletableFuture<?>, Runnable> prepare;

    Wait(Function<CompletableFuture<?>, Runnable> prepare) {
      this.prepare = prepare;
    }

    private static void holdUntil(CompletableFuture<?> end, Runnable take, Runnable giveBack) {
      var held = new CountDownLatch(1);
      Thread.ofPlatform()
          .start(
              () -> {
                take.run();
                held.countDown();
                end.join();
                giveBack.run();
              });
      Eventually.holds("it is held", () -> held.getCount() == 0);
    }
  }

  private static void isBlocked(Thread thread) {
    Eventually.holds(
        thread + " is blocked",
        () ->
            switch (thread.getState()) {
              case BLOCKED, WAITING -> true;
              default -> false;
            });
  }

  @OnEveryKind
  void theTaskGoesOnWhenTheWaitEndsAndKeepsItsValue(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (Wait wait : Wait.values()) {
            var end = new CompletableFuture<Integer>();
            Runnable call = wait.prepare.apply(end);
            var scope = CancelScope.named("waits");
            cancelAndEnd(scope, end);
            var value =
                scope.call(
                    () -> {
                      call.run();
                      return wait;
                    });
            assertThat(value).contains(wait);
            assertThat(scope.isCancelled()).isTrue();
            assertThat(scope.caughtCancellation()).isFalse();
            assertIsSoundAgain();
          }
        });
  }

  @OnEveryKind
  void itsNextCheckpointRaises(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (Wait wait : Wait.values()) {
            var end = new CompletableFuture<Integer>();
            Runnable call = wait.prepare.apply(end);
            var scope = CancelScope.named("waits");
            cancelAndEnd(scope, end);
            boolean complete =
                scope.run(
                    () -> {
                      call.run();
                      Task.checkpoint();
                    });
            assertThat(complete).as("after %s", wait).isFalse();
            assertIsSoundAgain();
          }
        });
  }

  private static void cancelAndEnd(CancelScope scope, CompletableFuture<Integer> end) {
    Thread thread = Thread.currentThread();
    var inside = Task.current();
    Thread.ofPlatform()
        .start(
            () -> {
              try {
                isBlocked(thread);
                scope.cancel("by hand");
                assertThat(inside.outcome()).isEmpty();
              } finally {
                end.complete(1);
              }
            });
  }

  private static void assertIsSoundAgain() throws InterruptedException {
    assertThat(Thread.currentThread().isInterrupted()).as("stray interrupt").isFalse();
    Thread.sleep(0); // would throw
    Task.checkpoint();
  }

  // ---- what it costs

  private static final Pattern USED = Pattern.compile("used (\\d+) of (\\d+)");

  @OnEveryKind
  void fourOfThemTogetherUseNoMoreThanFivePercentOfACore(Kind kind) throws Exception {
    ChildJvm.Result result = ChildJvm.run(Stuck.class, kind.name());
    assertThat(result.exitCode()).as(result.output()).isZero();
    var matcher = USED.matcher(result.output());
    assertThat(matcher.find()).as(result.output()).isTrue();
    long used = Long.parseLong(matcher.group(1));
    long elapsed = Long.parseLong(matcher.group(2));
    assertThat(used).as(result.output()).isLessThan(elapsed / 20);
    assertThat(result.output()).contains("all ended");
  }

  /// Measures the processor time of a JVM in which tasks are cancelled and stay.
  static final class Stuck {
    private static final long SETTLE = TimeUnit.SECONDS.toNanos(1);
    private static final long OBSERVED = TimeUnit.SECONDS.toNanos(2);

    private Stuck() {}

    public static void main(String[] args) throws Exception {
      var end = new CompletableFuture<Integer>();
      try (OpenGreenhouse greenhouse = Kind.valueOf(args[0]).build()) {
        Task<?> main =
            greenhouse.launch(
                () -> {
                  CancelScope.moveOnAfter(
                      SOON,
                      () -> {
                        try (var nursery = Nursery.open()) {
                          for (Wait wait : Wait.values()) {
                            Runnable call = wait.prepare.apply(end);
                            nursery.fork(call::run);
                          }
                        }
                      });
                  return null;
                });
        // Not to order anything: what is measured is what goes on meanwhile.
        pass(SETTLE);
        long begin = System.nanoTime();
        long before = processorNanos();
        pass(OBSERVED);
        long used = processorNanos() - before;
        long elapsed = System.nanoTime() - begin;
        assertThat(main.outcome()).isEmpty();
        end.complete(1);
        main.join();
        System.out.println("used " + used + " of " + elapsed + ", all ended");
      }
    }

    private static void pass(long nanos) {
      long end = System.nanoTime() + nanos;
      for (long left = nanos; left > 0; left = end - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
    }

    private static long processorNanos() {
      var system = ManagementFactory.getOperatingSystemMXBean();
      return ((com.sun.management.OperatingSystemMXBean) system).getProcessCpuTime();
    }
  }
}
