package dev.greenhouse.guide;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.time.VirtualClock;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The blocks and claims of `docs/guide/cancellation.md` about graceful shutdown.
@Timeout(30)
class ShutdownTest {
  private final CountDownLatch slowRequestBegun = new CountDownLatch(1);
  private final CountDownLatch slowRequestMayEnd = new CountDownLatch(1);

  private String answer(String request) throws InterruptedException {
    if (request.equals("slow")) {
      slowRequestBegun.countDown();
      slowRequestMayEnd.await();
    }
    return "answer to " + request;
  }

  // region server
  void serve(Nursery nursery, ServerSocket server) throws IOException {
    CancelScope.moveOnWindDown(
        () -> {
          while (true) {
            Socket connection = server.accept();
            nursery.fork("connection", () -> converse(connection));
          }
        });
    server.close(); // nobody is let in any more
  }

  private void converse(Socket connection) throws IOException, InterruptedException {
    try (connection) {
      var in = new BufferedReader(new InputStreamReader(connection.getInputStream(), US_ASCII));
      while (true) {
        // Waiting for a request has no reason to go on when the server winds down.
        Optional<String> request = CancelScope.moveOnWindDown(() -> nextLine(in));
        if (request.isEmpty() || request.get().isEmpty()) {
          return;
        }
        // Answering one has.
        connection.getOutputStream().write((answer(request.get()) + "\n").getBytes(US_ASCII));
      }
    }
  }

  // endregion

  private static String nextLine(BufferedReader in) throws IOException {
    String line = in.readLine();
    return line == null ? "" : line;
  }

  private static final class Client implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader in;

    Client(ServerSocket server) throws IOException {
      socket = new Socket(server.getInetAddress(), server.getLocalPort());
      in = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
    }

    void send(String line) throws IOException {
      socket.getOutputStream().write((line + "\n").getBytes(US_ASCII));
    }

    @Nullable String receive() throws IOException {
      return in.readLine();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void whatIsBegunIsFinished() throws Exception {
    var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    var opened = new CompletableFuture<Nursery>();
    Thread main =
        Thread.ofPlatform()
            .start(
                () ->
                    Nursery.run(
                        nursery -> {
                          opened.complete(nursery);
                          nursery.fork("acceptor", () -> serve(nursery, server));
                        }));
    Nursery nursery = opened.get();
    try (var idle = new Client(server);
        var busy = new Client(server)) {
      idle.send("quick");
      assertThat(idle.receive()).isEqualTo("answer to quick");
      busy.send("slow");
      slowRequestBegun.await();

      // region stop
      nursery.cancelAfter(ofSeconds(20));
      // endregion

      assertThat(idle.receive()).isNull();
      while (!server.isClosed()) {
        Thread.onSpinWait();
      }
      assertThatThrownBy(() -> new Client(server)).isInstanceOf(ConnectException.class);
      assertThat(main.isAlive()).isTrue();
      slowRequestMayEnd.countDown();
      assertThat(busy.receive()).isEqualTo("answer to slow");
      assertThat(busy.receive()).isNull();
      main.join(); // not after the grace, but when nothing is left to do
    }
    assertThat(nursery.cancelScope().isCancelled()).isFalse();
  }

  @Test
  void whatIsNotFinishedWhenTheGraceIsOverIsCancelled() {
    var clock = new VirtualClock().autojump(true);
    try (var greenhouse = Greenhouse.builder().clock(clock).build()) {
      greenhouse.run(
          () -> {
            var tasks = new ArrayList<Task<@Nullable Void>>();
            Nursery.run(
                nursery -> {
                  tasks.add(nursery.fork("endless", () -> Task.sleepForever()));
                  nursery.cancelAfter(ofSeconds(20));
                });
            assertThat(tasks.getFirst().outcome())
                .get()
                .isInstanceOfSatisfying(
                    Outcome.WasCancelled.class,
                    o -> {
                      assertThat(o.reason().source()).isEqualTo(CancelReason.Source.SHUTDOWN);
                      assertThat(o.reason())
                          .hasToString("it was asked to wind down, and its grace of 20 s is over");
                    });
          });
      assertThat(clock.instant()).isEqualTo(new VirtualClock().instant().plusSeconds(20));
    }
  }

  private static void importAll(List<String> files, List<String> done) {
    // region batch
    for (String file : files) {
      if (CancelScope.shouldWindDown()) {
        break; // the rest next time
      }
      done.add(file);
      Task.sleep(ofSeconds(1));
    }
    // endregion
  }

  @Test
  void aBatchAsksBetweenTwoPieces() {
    var done = new CopyOnWriteArrayList<String>();
    var clock = new VirtualClock().autojump(true);
    try (var greenhouse = Greenhouse.builder().clock(clock).build()) {
      greenhouse.run(
          () ->
              Nursery.run(
                  nursery -> {
                    nursery.fork(() -> importAll(List.of("a", "b", "c", "d"), done));
                    Task.sleep(ofSeconds(1).plusMillis(500));
                    nursery.cancelAfter(ofHours(1));
                  }));
    }
    assertThat(done).containsExactly("a", "b");
  }

  @Test
  void theEarlierEndOfTwoCounts() {
    var clock = new VirtualClock().autojump(true);
    try (var greenhouse = Greenhouse.builder().clock(clock).build()) {
      greenhouse.run(
          () ->
              Nursery.run(
                  nursery -> {
                    nursery.fork(() -> Task.sleepForever());
                    nursery.cancelAfter(ofSeconds(20));
                    nursery.cancelAfter(ofSeconds(5));
                    nursery.cancelAfter(ofSeconds(60));
                  }));
    }
    assertThat(clock.instant()).isEqualTo(new VirtualClock().instant().plusSeconds(5));
  }

  @Test
  void aShieldKeepsTheRequestOut() {
    try (var greenhouse = Greenhouse.builder().build()) {
      greenhouse.run(
          () ->
              CancelScope.run(
                  scope -> {
                    scope.cancelAfter(ofHours(1));
                    assertThat(CancelScope.shouldWindDown()).isTrue();
                    CancelScope.shield(() -> assertThat(CancelScope.shouldWindDown()).isFalse());
                    assertThat(CancelScope.moveOnWindDown(() -> Task.checkpoint())).isFalse();
                    Task.checkpoint(); // the task itself is not cancelled
                  }));
    }
  }
}
