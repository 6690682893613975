package dev.greenhouse.examples.linkcheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Collections;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WebRunTest {
  private final TestServer server;

  WebRunTest() throws IOException {
    server = new TestServer();
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void followsWhatIsBelowTheStartAndOnlyTriesTheRest() {
    server
        .html("/docs/", "<a href=page>page</a> <a href=/outside#there>x</a> <a href=/gone>y</a>")
        .html("/docs/page", "<a href=missing>x</a>")
        .html("/outside", "<i id=there></i><a href=never-asked>x</a>");
    Run run = Run.of(server.url("/docs/"));
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out())
        .contains(server.url("/docs/") + "\n  line 1: /gone: not found\n")
        .contains(server.url("/docs/page") + "\n  line 1: missing: not found\n")
        .contains("2 broken on 2 pages");
    assertThat(server.requests).doesNotContain("GET /never-asked");
  }

  @Test
  void anAddressThatIsLinkedOftenIsFetchedOnce() {
    server
        .html("/", "<a href=/a>1</a><a href='/a#x'>2</a><a href='/b/../a'>3</a><a href=/>4</a>")
        .html("/a", "<i id=x></i><a href=/>1</a><a href=/a>2</a>");
    assertThat(Run.of(server.url("/")).status()).isZero();
    assertThat(server.requests).containsExactly("GET /", "GET /a");
  }

  @Test
  void neverMoreRequestsAtOnceThanAllowed() {
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    var four = new CyclicBarrier(4); // so that four do come, and a fifth would be seen
    var links = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      links.append("<a href=/%d>x</a>".formatted(i));
      server.on(
          "/" + i,
          exchange -> {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            await(four);
            inside.decrementAndGet();
            TestServer.respond(exchange, 200, "text/plain", "fine");
          });
    }
    server.html("/", links.toString());
    assertThat(Run.of("--requests", "4", "--timeout", "50", server.url("/")).status()).isZero();
    assertThat(most.get()).isEqualTo(4);
  }

  @Test
  void oneRequestAtATimeIsEnoughForAnyShapeOfSite() {
    server
        .html("/", "<a href=/a>x</a> <a href=/b>x</a> <a href=/silent>x</a> <a href=/old>x</a>")
        .html("/a", "<a href=/a1>x</a> <a href=/a2>x</a> <a href=/b>x</a>")
        .html("/a1", "<a href=/gone>x</a>")
        .html("/a2", "<a href=/a1>x</a> <a href=/silent2>x</a>")
        .html("/b", "<a href=/a2>x</a>")
        .silent("/silent", "")
        .silent("/silent2", "")
        .redirect("/old", "/b");
    Run run = Run.of("--requests", "1", "--timeout", "0.3", server.url("/"));
    assertThat(run.out())
        .contains("/silent: no answer", "/silent2: no answer", "/gone: not found")
        .contains("3 broken on 3 pages");
  }

  @Test
  void redirectionsAreFollowedAndTheirPagesReadOnce() {
    server
        .html("/", "<a href='/old#x'>1</a><a href='/new/#x'>2</a><a href='/old#y'>3</a>")
        .redirect("/old", "/new/")
        .html("/new/", "<i id=x></i><a href=missing>relative to the new place</a>");
    Run run = Run.of(server.url("/"));
    assertThat(run.out())
        .contains("/old has no anchor 'y'")
        .contains(server.url("/new/") + "\n  line 1: missing: not found\n")
        .contains("2 broken on 2 pages");
    assertThat(Collections.frequency(server.requests, "GET /new/missing")).isEqualTo(1);
  }

  @Test
  void aCircleOfRedirectionsIsBroken() {
    server.html("/", "<a href=/circle>x</a>").redirect("/circle", "/circle");
    assertThat(Run.of(server.url("/")).out()).contains("/circle: redirected more than 10 times");
  }

  @Test
  void aStartThatRedirectsMeansThePlaceItRedirectsTo() {
    server
        .redirect("/docs", "/docs/")
        .html("/docs/", "<a href=page>x</a><a href=/outside>y</a>")
        .html("/docs/page", "")
        .html("/outside", "<a href=not-followed>x</a>");
    Run run = Run.of(server.url("/docs"));
    assertThat(run.status()).isZero();
    assertThat(run.out()).contains("2 links on 2 pages");
  }

  @Test
  void aServerThatDoesNotAnswerIsGivenUp() {
    server
        .html("/", "<a href=/silent>x</a> <a href=/stalled>x</a>")
        .silent("/silent", "")
        .silent("/stalled", "<html><body>");
    assertThat(Run.of("--timeout", "0.3", server.url("/")).out())
        .contains("/silent: no answer within 0.3 s")
        .contains("/stalled: no answer within 0.3 s");
  }

  @Test
  void errorsAreBroken() {
    server
        .html("/", "<a href=/error>x</a> <a href='http://127.0.0.1:99999/'>x</a>")
        .on("/error", exchange -> TestServer.respond(exchange, 500, "text/plain", "no"));
    assertThat(Run.of("--external", server.url("/")).out())
        .contains("/error: HTTP status 500")
        .contains("http://127.0.0.1:99999/: ")
        .contains("2 broken");
  }

  @Test
  void otherServersAreAskedOnlyOnDemandAndNotFollowed() throws IOException {
    try (var other = new TestServer()) {
      other
          .html("/there", "<a href=/not-followed>x</a>")
          .on(
              "/no-head",
              exchange -> {
                boolean head = exchange.getRequestMethod().equals("HEAD");
                TestServer.respond(exchange, head ? 405 : 200, "text/html", "fine");
              });
      server
          .html(
              "/",
              "<a href='%s#any'>1</a><a href='%s'>2</a><a href='%s'>3</a><a href=/away>4</a>"
                  .formatted(other.url("/there"), other.url("/no-head"), other.url("/gone")))
          .redirect("/away", other.url("/there"));

      Run without = Run.of(server.url("/"));
      assertThat(without.status()).isZero();
      assertThat(without.out()).contains("4 links to other servers skipped");
      assertThat(other.requests).isEmpty();

      Run with = Run.of("--external", server.url("/"));
      assertThat(with.status()).isEqualTo(1);
      assertThat(with.out()).contains(other.url("/gone") + ": not found", "1 broken");
      assertThat(other.requests)
          .contains("HEAD /there", "HEAD /no-head", "GET /no-head")
          .doesNotContain("GET /not-followed");
    }
  }

  @Test
  void pagesAreKnownByTypeOrName() {
    server
        .html(
            "/",
            "<a href=/typed>x</a><a href=/named.md>x</a><a href=/other.bin>x</a><a href=/odd>x</a>")
        .on("/typed", e -> TestServer.respond(e, 200, "text/markdown; charset=utf-8", "[x](/m1)"))
        .on("/named.md", e -> TestServer.respond(e, 200, "text/plain", "[x](/m2)"))
        .on("/odd", e -> TestServer.respond(e, 200, "text/html; charset=???", "<a href=/m4>"))
        .on("/other.bin", e -> TestServer.respond(e, 200, "image/png", "[x](/m3)"));
    assertThat(Run.of(server.url("/")).out()).contains("/m1", "/m2", "/m4", "3 broken");
  }

  @Test
  void aStartThatCannotBeReadIsSaidInOneSentence() throws IOException {
    server.on("/image", e -> TestServer.respond(e, 200, "image/png", "x"));
    assertUnreadable(server.url("/none"), server.url("/none") + " can't be read: not found.");
    assertUnreadable(server.url("/image"), server.url("/image") + " is no page. Name a URL");
    assertUnreadable("ftp://host/", "'ftp://host/' can't be read. Only http and https");
    assertUnreadable("http://", "'http://' can't be read: it is no valid URL");
    String closed;
    try (var gone = new TestServer()) {
      closed = gone.url("/");
    }
    assertUnreadable(closed, closed + " can't be read: connection refused.");
  }

  @Test
  void onATerminalTheReportBeginsOnAClearedLine() {
    server.html("/", "<a href=/gone>x</a>");
    assertThat(Run.onTerminal(server.url("/")).out())
        .contains("\r0 pages read, 1 address checked, 0 broken: ")
        .contains(" \r\n" + server.url("/") + "\n  line 1: /gone: not found\n");
  }

  private static void assertUnreadable(String start, String sentence) {
    Run run = Run.of(start);
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).startsWith("linkcheck: " + sentence).hasLineCount(1);
  }

  private static void await(CyclicBarrier barrier) throws IOException {
    try {
      barrier.await();
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new IOException(e);
    }
  }
}
