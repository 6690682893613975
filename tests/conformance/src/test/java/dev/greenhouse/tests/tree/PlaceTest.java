package dev.greenhouse.tests.tree;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.FreshClass;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ExtendWith;

/// Where a task is that does not wait in an operation of Greenhouse.
@ExtendWith(NothingLeft.class)
class PlaceTest {
  private static final String HERE = ", called by " + PlaceTest.class.getName().replace(".", "\\.");

  private static void hold(CountDownLatch end) throws InterruptedException {
    end.await();
  }

  @OnEveryKind
  void inACallOfTheJdk(Kind kind) throws Throwable {
    try (var server = new ServerSocket(0)) {
      kind.run(
          () -> {
            try (var nursery = Nursery.open()) {
              var queue = new LinkedBlockingQueue<String>();
              nursery.fork("queue", () -> queue.take() + "!");
              nursery.fork("reference", queue::take);
              nursery.fork("socket", () -> server.accept());
              nursery.fork("latch", () -> hold(new CountDownLatch(1)));
              Here.saysDoingLike(
                  "queue",
                  "blocked in java\\.util\\.concurrent\\.LinkedBlockingQueue\\.take"
                      + HERE
                      + "\\.lambda\\$.*\\(PlaceTest\\.java:\\d+\\)");
              Here.saysDoing(
                  "reference", "blocked in java.util.concurrent.LinkedBlockingQueue.take");
              Here.saysDoingLike(
                  "socket", "blocked in java\\.net\\.ServerSocket\\.accept" + HERE + ".*");
              Here.saysDoingLike(
                  "latch",
                  "blocked in java\\.util\\.concurrent\\.CountDownLatch\\.await"
                      + HERE
                      + "\\.hold\\(PlaceTest\\.java:\\d+\\)");
              nursery.cancel();
            }
          });
    }
  }

  /// A call of the JDK is the one that somebody made, whatever the JDK does inside.
  @OnEveryKind
  void inAReadOfASocket(Kind kind) throws Throwable {
    try (var server = new ServerSocket(0);
        var one = new Socket(server.getInetAddress(), server.getLocalPort());
        var other = new Socket(server.getInetAddress(), server.getLocalPort())) {
      var lines = new BufferedReader(new InputStreamReader(other.getInputStream(), UTF_8));
      kind.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("bytes", () -> one.getInputStream().read() + 1);
              nursery.fork("lines", () -> lines.readLine() + "!");
              Here.saysDoingLike("bytes", "blocked in java\\.net\\.Socket\\.read" + HERE + ".*");
              Here.saysDoingLike(
                  "lines", "blocked in java\\.io\\.BufferedReader\\.readLine" + HERE + ".*");
              nursery.cancel();
            }
          });
    }
  }

  @OnEveryKind
  void atAMonitor(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var monitor = new Object();
          var end = new CountDownLatch(1);
          try (var nursery = Nursery.open()) {
            nursery.fork(
                "holder",
                () -> {
                  synchronized (monitor) {
                    hold(end);
                  }
                });
            Here.saysDoingLike("holder", "blocked in java.util.concurrent.CountDownLatch.await.*");
            nursery.fork("waiter", () -> enter(monitor));
            Here.saysDoingLike(
                "waiter", "blocked by a monitor in .*PlaceTest\\.enter\\(PlaceTest\\.java:\\d+\\)");
            end.countDown();
          }
        });
  }

  private static void enter(Object monitor) {
    synchronized (monitor) {
      assertThat(monitor).isNotNull();
    }
  }

  @OnEveryKind
  void inItsOwnCode(Kind kind) {
    var stop = new AtomicBoolean();
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> busy = greenhouse.launch(() -> spin(stop));
      try {
        Eventually.run(
            () -> {
              var task = TaskTree.of(greenhouse).roots().getFirst();
              assertThat(task.state()).isEqualTo(TaskState.RUNNING);
              assertThat(task.doing())
                  .matches(
                      "runs in (java.lang.Thread.onSpinWait, called by )?.*PlaceTest\\.spin\\(.*");
            });
      } finally {
        stop.set(true);
      }
      busy.join();
    }
  }

  private static boolean spin(AtomicBoolean stop) {
    while (!stop.get()) {
      Thread.onSpinWait();
    }
    return true;
  }

  /// Initialised by each test anew. A thread that initialises a class keeps its carrier.
  static final class WaitsForTheJdk {
    static final Object TAKEN;

    static {
      try {
        TAKEN = new LinkedBlockingQueue<>().take();
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted", e);
      }
    }

    private WaitsForTheJdk() {}
  }

  @OnEveryKind
  @NeedsFlag
  void blockedWithItsCarrier(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> pinned =
          greenhouse.launch(
              () -> {
                FreshClass.initialise(WaitsForTheJdk.class);
                return 0;
              });
      try {
        Eventually.run(
            () ->
                assertThat(TaskTree.of(greenhouse).roots().getFirst())
                    .satisfies(
                        task -> {
                          assertThat(task.marks()).containsExactly("pinned");
                          assertThat(task.doing())
                              .matches(
                                  "blocked in java.util.concurrent.LinkedBlockingQueue.take,"
                                      + " called by .*PlaceTest\\$WaitsForTheJdk.<clinit>.*");
                        }));
      } finally {
        pinned.cancel("enough");
      }
    }
  }

  /// Stacks take their time: without stacks the first thousand that are blocked have a place.
  @OnEveryKind
  void ofTheFirstThousandAndOfAllThatRun(Kind kind) {
    var end = new CountDownLatch(1);
    var stop = new AtomicBoolean();
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> main =
          greenhouse.launch(
              () -> {
                Nursery.run(
                    nursery -> {
                      for (int i = 0; i < 1_100; i++) {
                        nursery.fork(() -> hold(end));
                      }
                      // On a loop this one would keep the others from getting there.
                      Here.allOthersWait();
                      nursery.fork("busy", () -> spin(stop));
                    });
                return 0;
              });
      try {
        Eventually.run(
            () -> {
              TaskTree tree = TaskTree.of(greenhouse);
              assertThat(tree.find("busy"))
                  .hasValueSatisfying(
                      busy -> assertThat(busy.doing()).matches("runs in .*PlaceTest\\.spin\\(.*"));
              assertThat(count(tree, "blocked in java.util.concurrent.CountDownLatch.await"))
                  .isEqualTo(1_000);
              assertThat(count(tree, "is blocked elsewhere")).isEqualTo(100);
            });
        assertThat(count(TaskTree.withStacks(greenhouse), "blocked in ")).isEqualTo(1_100);
      } finally {
        stop.set(true);
        end.countDown();
      }
      main.join();
    }
  }

  private static long count(TaskTree tree, String beginning) {
    var doing = new ArrayList<String>();
    tree.forEach(task -> doing.add(task.doing()));
    return doing.stream().filter(d -> d.startsWith(beginning)).count();
  }

  @OnEveryKind
  void ofWhoLooks(Kind kind) throws Throwable {
    kind.run(() -> assertThat(Here.task("main").doing()).isEqualTo("takes this snapshot"));
  }
}
