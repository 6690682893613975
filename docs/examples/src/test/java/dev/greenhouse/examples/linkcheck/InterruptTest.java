package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.portal.Portal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Requests that are cut off, by their deadline or by Ctrl-C.
@Timeout(60)
class InterruptTest {
  private static final String LINKS =
      "<a href='/#none'>1</a> <a href=/silent>2</a> <a href=/stalled>3</a> <a href=mailto:x>4</a>";

  private final SilentServer server;

  InterruptTest() throws IOException {
    server = new SilentServer(LINKS);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  @ParameterizedTest
  @CsvSource({"/silent", "/stalled"})
  void aRequestThatTakesTooLongIsCancelled(String path) throws Exception {
    try (var fetcher = new Fetcher(1, Duration.ofMillis(200))) {
      Fetched fetched = Greenhouse.call(() -> fetch(fetcher, path));
      assertThat(fetched).isEqualTo(new Fetched.Failed("no answer within 0.2 s"));
      assertOneConnectionIsClosed();
    }
  }

  @ParameterizedTest
  @CsvSource({"/silent", "/stalled"})
  void aRequestOfACancelledTaskIsCancelled(String path) throws Exception {
    try (var fetcher = new Fetcher(1, Duration.ofSeconds(50))) {
      var scope = CancelScope.named("test");
      var crawl =
          new FutureTask<>(() -> Greenhouse.call(() -> scope.call(() -> fetch(fetcher, path))));
      Thread.ofPlatform().start(crawl);
      server.asked.acquire();
      scope.cancel();
      assertThat(crawl.get()).isEmpty();
      assertOneConnectionIsClosed();
    }
  }

  private Fetched fetch(Fetcher fetcher, String path) throws InterruptedException {
    URI url = URI.create(server.url(path));
    return Portal.withPortalRun(() -> fetcher.get(url, _ -> true));
  }

  /// While the client is open: closing it closes all connections.
  private void assertOneConnectionIsClosed() throws InterruptedException {
    assertThat(server.closed.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void anInterruptedRunTellsWhatItHasFound() throws Exception {
    var out = new ByteArrayOutputStream();
    var program =
        new Main(
            new PrintStream(out, true, UTF_8), System.err, false, Path.of("").toAbsolutePath());
    var run = new FutureTask<>(() -> program.run(List.of("--timeout", "50", server.url("/"))));
    Thread.ofPlatform().start(run);
    server.asked.acquire(2);
    program.interrupt();
    assertThat(run.get()).isEqualTo(Main.INTERRUPTED);
    assertIsReportOfInterruptedRun(out.toString(UTF_8));
  }

  @Test
  void aRunThatIsInterruptedBeforeItBeginsChecksNothing() {
    var out = new ByteArrayOutputStream();
    var program =
        new Main(
            new PrintStream(out, true, UTF_8), System.err, false, Path.of("").toAbsolutePath());
    program.interrupt();
    assertThat(program.run(List.of(server.url("/silent")))).isEqualTo(Main.INTERRUPTED);
    assertThat(out.toString(UTF_8))
        .contains("0 links on 0 pages checked with ")
        .contains("Interrupted: 1 address still unchecked.");
  }

  @ParameterizedTest
  @CsvSource({"INT, 2, 130", "TERM, 15, 143"})
  void aSignalEndsTheProgramWithAReport(String signal, int number, int status) throws Exception {
    assumeFalse(isIgnored(number), "children of this JVM ignore SIG" + signal);
    Process program =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "--add-opens",
                "java.base/java.lang=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "--timeout",
                "50",
                server.url("/"))
            .redirectErrorStream(true)
            .start();
    try {
      server.asked.acquire(2);
      String pid = Long.toString(program.pid());
      assertThat(new ProcessBuilder("kill", "-" + signal, pid).inheritIO().start().waitFor())
          .isZero();
      String output = new String(program.getInputStream().readAllBytes(), UTF_8);
      assertThat(program.waitFor()).isEqualTo(status);
      assertIsReportOfInterruptedRun(output);
      assertThat(server.closed.tryAcquire(2, 20, TimeUnit.SECONDS)).isTrue();
    } finally {
      program.destroyForcibly();
    }
  }

  private void assertIsReportOfInterruptedRun(String output) {
    assertThat(output.lines())
        .anySatisfy(line -> assertThat(line).contains("/#none: ", "has no anchor 'none'"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("1 link on 1 page checked with 3 requests in ")
                    .endsWith("1 broken on 1 page."))
        .last()
        .isEqualTo("Interrupted: 2 addresses still unchecked.");
  }

  /// A shell that runs something in the background may make it ignore SIGINT, and its children
  /// inherit that.
  private static boolean isIgnored(int signal) throws IOException {
    var status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return false;
    }
    try (var lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith("SigIgn:"))
          .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
          .anyMatch(mask -> (mask >> (signal - 1) & 1) != 0);
    }
  }
}
