package dev.greenhouse.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskFailedException;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The blocks of `docs/guide/nurseries.md`, on plain threads: they need no flag.
@Timeout(30)
class NurseriesTest {
  record Price(int cents) {}

  record Stock(int count) {}

  record Offer(Price price, Stock stock) {}

  interface Prices {
    Price lookup(String item) throws IOException;
  }

  interface Warehouse {
    Stock count(String item) throws InterruptedException;
  }

  private final Warehouse warehouse = item -> new Stock(3);

  private Offer checkout(String item, Prices prices, Warehouse warehouse) {
    // region checkout
    try (var nursery = Nursery.open("checkout")) {
      Task<Price> price = nursery.fork(() -> prices.lookup(item));
      Task<Stock> stock = nursery.fork(() -> warehouse.count(item));
      return new Offer(price.join(), stock.join());
    }
    // endregion
  }

  @Test
  void twoLookupsAtOnce() {
    assertThat(checkout("tomato", item -> new Price(120), warehouse))
        .isEqualTo(new Offer(new Price(120), new Stock(3)));
  }

  @Test
  void aFailureCancelsTheOther() {
    var interrupted = new CountDownLatch(1);
    Prices broken =
        item -> {
          throw new IOException("no price for " + item);
        };
    Warehouse slow =
        item -> {
          try {
            new CountDownLatch(1).await();
            throw new AssertionError("nobody counts down");
          } finally {
            interrupted.countDown();
          }
        };
    assertThatThrownBy(() -> checkout("tomato", broken, slow))
        .isInstanceOf(NurseryFailedException.class)
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining(
            "Nursery 'checkout' failed: java.io.IOException: no price for tomato");
    assertThat(interrupted.getCount()).isZero();
  }

  @Test
  void allFailuresComeOut() {
    var ready = new CountDownLatch(2);
    var seen = new CopyOnWriteArrayList<Throwable>();
    Action fetchLeft = () -> failTogether(ready, "left");
    Action fetchRight = () -> failTogether(ready, "right");
    // region failures
    try {
      Nursery.run(
          nursery -> {
            nursery.fork("left", fetchLeft::run);
            nursery.fork("right", fetchRight::run);
          });
    } catch (NurseryFailedException e) {
      for (Throwable failure : e.failures()) {
        seen.add(failure);
      }
    }
    // endregion
    assertThat(seen).extracting(Throwable::getMessage).containsExactlyInAnyOrder("left", "right");
  }

  interface Action {
    void run() throws Exception;
  }

  /// Both fail; whoever is second does so while it is being cancelled.
  private static void failTogether(CountDownLatch ready, String name) throws IOException {
    ready.countDown();
    while (ready.getCount() > 0) {
      Thread.onSpinWait();
    }
    throw new IOException(name);
  }

  @Test
  void forkFromAnywhere() {
    var visited = new ConcurrentLinkedQueue<String>();
    // region crawl
    class Crawler {
      void visit(Nursery nursery, String page) {
        visited.add(page);
        for (String link : linksOf(page)) {
          nursery.fork(() -> visit(nursery, link));
        }
      }
    }
    Nursery.run(nursery -> new Crawler().visit(nursery, "/"));
    // endregion
    assertThat(visited).containsExactlyInAnyOrder("/", "/a", "/b", "/a/a", "/a/b", "/b/a", "/b/b");
  }

  private static List<String> linksOf(String page) {
    String base = page.equals("/") ? "" : page;
    return page.length() < 4 ? List.of(base + "/a", base + "/b") : List.of();
  }

  @Test
  void startWaitsUntilReady() throws IOException {
    // region start
    try (var nursery = Nursery.open("server")) {
      int port =
          nursery.start(
              status -> {
                try (var server = new ServerSocket(0)) {
                  status.started(server.getLocalPort());
                  while (true) {
                    server.accept().close();
                  }
                }
              });
      try (var socket = new Socket("localhost", port)) {
        assertThat(socket.getInputStream().read()).isEqualTo(-1);
      }
      nursery.cancel("done");
    }
    // endregion
  }

  @Test
  void supervisedTasksFailAlone() {
    var log = new CopyOnWriteArrayList<String>();
    var served = new AtomicInteger();
    // region supervised
    var options =
        NurseryOptions.named("connections")
            .onFailure((task, error) -> log.add(task.name() + ": " + error.getMessage()));
    Nursery.run(
        options,
        nursery -> {
          nursery.fork("good", () -> served.incrementAndGet());
          nursery.fork(
              "bad",
              () -> {
                throw new IOException("reset by peer");
              });
        });
    // endregion
    assertThat(log).containsExactly("bad: reset by peer");
    assertThat(served).hasValue(1);
  }

  @Test
  void joinTellsWhatHappened() {
    var tasks = new CopyOnWriteArrayList<Task<Integer>>();
    // region join
    try (var nursery = Nursery.open(NurseryOptions.named("tries").supervised(true))) {
      Task<Integer> number = nursery.fork(() -> Integer.parseInt("twelve"));
      tasks.add(number);
      try {
        number.join();
      } catch (TaskFailedException e) {
        assertThat(e).hasCauseInstanceOf(NumberFormatException.class);
      }
    }
    // endregion
    assertThat(tasks.getFirst().outcome()).get().isInstanceOf(Outcome.Failed.class);
  }

  // region scoped
  static final ScopedValue<String> USER = ScopedValue.newInstance();

  static String greet() throws Exception {
    return ScopedValue.where(USER, "ada")
        .call(
            () -> {
              try (var nursery = Nursery.open()) {
                return nursery.fork(() -> "hello " + USER.get()).join();
              }
            });
  }

  // endregion

  @Test
  void tasksSeeScopedValues() throws Exception {
    assertThat(greet()).isEqualTo("hello ada");
  }

  @Test
  void poolsOfOnesOwn() {
    // region greenhouse
    try (var workers = Greenhouse.builder().name("workers").parallelism(4).build()) {
      int sum =
          workers.call(
              () -> {
                try (var nursery = Nursery.open()) {
                  Task<Integer> left = nursery.fork(() -> 20);
                  Task<Integer> right = nursery.fork(() -> 22);
                  return left.join() + right.join();
                }
              });
      assertThat(sum).isEqualTo(42);
    }
    // endregion
  }
}
