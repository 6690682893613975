package dev.greenhouse.tests.tree;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.portal.Portal;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.extension.ExtendWith;

/// A program that is stuck can be explained from its tree alone: what is asserted here is all that
/// somebody reads who knows nothing else.
@ExtendWith(NothingLeft.class)
class StuckTest {
  private static void reads(OpenGreenhouse greenhouse, String... lines) {
    Eventually.run(
        () -> {
          List<String> tree = TaskTree.of(greenhouse).toText(200).lines().toList();
          for (String line : lines) {
            assertThat(tree).anySatisfy(l -> assertThat(l).containsPattern(line));
          }
        });
  }

  /// Two tasks wait for each other, and everybody else for them.
  @OnEveryKind
  void tasksThatWaitForEachOther(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> main =
          greenhouse.launch(
              () -> {
                Nursery.run(
                    NurseryOptions.named("orders"),
                    nursery -> {
                      var second = new CompletableFuture<Task<?>>();
                      Task<?> first =
                          nursery.fork(
                              "reserve",
                              () -> Portal.withPortalRun(() -> Portal.await(second)).join());
                      second.complete(nursery.fork("pay", () -> first.join()));
                    });
                return 0;
              });
      reads(
          greenhouse,
          "^main: close of nursery 'orders'",
          "└─ nursery 'orders', 2 tasks",
          "├─ reserve: join of task 'pay'",
          "└─ pay: join of task 'reserve'");
      main.cancel("seen");
    }
  }

  /// The same by locks, which no cancellation ends.
  @OnEveryKind
  void locksThatAreTakenInTheWrongOrder(Kind kind) {
    var a = new ReentrantLock();
    var b = new ReentrantLock();
    var aIsTaken = new CompletableFuture<Boolean>();
    var bIsTaken = new CompletableFuture<Boolean>();
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> main =
          greenhouse.launch(
              () -> {
                Nursery.run(
                    nursery -> {
                      nursery.fork("left", () -> leftFirst(a, b, aIsTaken, bIsTaken));
                      nursery.fork("right", () -> rightFirst(a, b, aIsTaken, bIsTaken));
                    });
                return 0;
              });
      reads(
          greenhouse,
          "├─ left: blocked in java.util.concurrent.locks.ReentrantLock.lockInterruptibly, called"
              + " by .*StuckTest.leftFirst",
          "└─ right: blocked in java.util.concurrent.locks.ReentrantLock.lockInterruptibly, called"
              + " by .*StuckTest.rightFirst");
      main.cancel("seen");
    }
  }

  @SuppressWarnings("LockNotBeforeTry")
  private static boolean leftFirst(
      ReentrantLock a,
      ReentrantLock b,
      CompletableFuture<Boolean> mine,
      CompletableFuture<Boolean> others)
      throws InterruptedException {
    a.lockInterruptibly();
    try {
      mine.complete(true);
      others.join();
      b.lockInterruptibly();
      b.unlock();
    } finally {
      a.unlock();
    }
    return true;
  }

  @SuppressWarnings("LockNotBeforeTry")
  private static boolean rightFirst(
      ReentrantLock a,
      ReentrantLock b,
      CompletableFuture<Boolean> others,
      CompletableFuture<Boolean> mine)
      throws InterruptedException {
    b.lockInterruptibly();
    try {
      mine.complete(true);
      others.join();
      a.lockInterruptibly();
      a.unlock();
    } finally {
      b.unlock();
    }
    return true;
  }

  /// An answer that never comes, and a time limit that does not help because of a shield.
  @OnEveryKind
  void anAnswerThatNeverComes(Kind kind) {
    var never = new CompletableFuture<String>();
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> main =
          greenhouse.launch(
              () -> {
                Nursery.run(
                    NurseryOptions.named("requests"),
                    nursery ->
                        nursery.fork(
                            "fetch",
                            () ->
                                Portal.withPortalRun(
                                    () -> CancelScope.shield(() -> Portal.await(never)))));
                return 0;
              });
      reads(greenhouse, "└─ fetch: await CompletableFuture · portal");
      main.cancel("time is up");
      reads(
          greenhouse,
          "^main: cancelled \\(time is up\\); close of nursery 'requests'",
          "└─ fetch: await CompletableFuture · portal"); // not cancelled: there is a shield
      never.complete("late");
    }
  }

  /// A task that is cancelled and does not hear.
  @OnEveryKind
  void aWaitThatIgnoresItsCancellation(Kind kind) {
    var never = new CompletableFuture<String>();
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> deaf = greenhouse.launch(() -> never.join());
      reads(greenhouse, "^main: blocked in java.util.concurrent.CompletableFuture.join");
      deaf.cancel("shutting down");
      reads(
          greenhouse,
          "^main: cancelled \\(shutting down\\); blocked in"
              + " java.util.concurrent.CompletableFuture.join");
      never.complete("late");
    }
  }

  /// On a loop one that computes keeps everybody from running: those that never ran, and those
  /// whose waits are over.
  @OnEveryKind
  void aTaskThatHoldsTheLoop(Kind kind) {
    var stop = new AtomicBoolean();
    try (OpenGreenhouse greenhouse = kind.build()) {
      var answer = new CompletableFuture<String>();
      Task<?> main =
          greenhouse.launch(
              () -> {
                Nursery.run(
                    nursery -> {
                      nursery.fork("fetch", () -> Portal.withPortalRun(() -> Portal.await(answer)));
                      Eventually.run(
                          () -> assertThat(Here.task("fetch").doing()).startsWith("await"));
                      nursery.fork("report", () -> compute(stop));
                      nursery.fork("mail", () -> 1);
                    });
                return 0;
              });
      reads(greenhouse, "report: runs in .*StuckTest.compute");
      answer.complete("there");
      if (kind == Kind.LOOP) {
        reads(
            greenhouse,
            "├─ fetch: could run, and waits for its turn; has waited for: await CompletableFuture",
            "└─ mail: could run, and waits for its turn · 0 steps");
      }
      stop.set(true);
      main.join();
    }
  }

  private static boolean compute(AtomicBoolean stop) {
    long n = 0;
    while (!stop.get()) {
      n++;
    }
    return n > 0;
  }
}
