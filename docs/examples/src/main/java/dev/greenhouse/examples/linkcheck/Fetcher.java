package dev.greenhouse.examples.linkcheck;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.portal.Portal;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Fetches addresses: not too many at once, not for too long, not too much. Awaits the JDK's
/// asynchronous client, so it is for tasks with a portal.
final class Fetcher implements AutoCloseable {
  /// What is read of a page. No page for people is longer.
  static final int PAGE_LIMIT = 10 << 20;

  /// What is read of other things. A connection can be used again only if all was read.
  private static final int OTHER_LIMIT = 64 << 10;

  private static final int MAX_REDIRECTS = 10;
  private static final Pattern CHARSET =
      Pattern.compile("charset\\s*=\\s*\"?([^\\s;\"]+)", Pattern.CASE_INSENSITIVE);

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();
  private final Semaphore permits;
  private final Duration timeout;
  private final AtomicInteger requests = new AtomicInteger();

  Fetcher(int atOnce, Duration timeout) {
    this.permits = new Semaphore(atOnce);
    this.timeout = timeout;
  }

  /// An address that was asked for. It has one of the turns until it is [#finish]ed or dropped.
  static final class Errand {
    private final boolean probe;
    private final URI start;
    private final Predicate<URI> mayGo;
    private final Sent first;

    private Errand(boolean probe, URI start, Predicate<URI> mayGo, Sent first) {
      this.probe = probe;
      this.start = start;
      this.mayGo = mayGo;
      this.first = first;
    }
  }

  private record Sent(CompletableFuture<HttpResponse<BodyStart.Bytes>> response, long at) {
    Duration age() {
      return Duration.ofNanos(System.nanoTime() - at);
    }
  }

  /// Fetches a page, or whatever it is.
  ///
  /// @param mayGo whether a redirection to this address is followed
  Fetched get(URI url, Predicate<URI> mayGo) throws InterruptedException {
    return finish(begin(url, false, mayGo));
  }

  /// Asks for an address as soon as there is a turn.
  ///
  /// @param probe only looks whether something is there
  /// @param mayGo whether a redirection to this address is followed
  Errand begin(URI url, boolean probe, Predicate<URI> mayGo) throws InterruptedException {
    permits.acquire();
    return begun(url, probe, mayGo);
  }

  /// Asks for an address if there is a turn now, and does not wait; null if there is none.
  @Nullable Errand tryBegin(URI url, boolean probe, Predicate<URI> mayGo) {
    return permits.tryAcquire() ? begun(url, probe, mayGo) : null;
  }

  private Errand begun(URI url, boolean probe, Predicate<URI> mayGo) {
    return new Errand(probe, url, mayGo, send(probe ? "HEAD" : "GET", url));
  }

  /// Awaits what was asked for, wherever it is redirected to.
  Fetched finish(Errand errand) {
    try {
      Fetched answer =
          follow(errand.probe ? "HEAD" : "GET", errand.start, errand.first, errand.mayGo);
      return errand.probe && answer instanceof Fetched.Failed
          // Some servers refuse HEAD, or answer it wrongly.
          ? follow("GET", errand.start, send("GET", errand.start), errand.mayGo)
          : answer;
    } finally {
      permits.release();
    }
  }

  /// Nobody wants it any more.
  void drop(Errand errand) {
    errand.first.response.cancel(true);
    permits.release();
  }

  /// {@return how many requests were sent}
  int requests() {
    return requests.get();
  }

  /// Redirections are followed here and not by the client, so that each is one request: it has its
  /// own time, and may be declined.
  private Fetched follow(String method, URI start, Sent first, Predicate<URI> mayGo) {
    URI url = start;
    Sent sent = first;
    try {
      for (int i = 0; ; i++) {
        HttpResponse<BodyStart.Bytes> response = answer(sent);
        String location = response.headers().firstValue("Location").orElse("");
        if (!isRedirect(response.statusCode()) || location.isEmpty()) {
          return document(url, response);
        }
        if (i == MAX_REDIRECTS) {
          return new Fetched.Failed("redirected more than %d times".formatted(MAX_REDIRECTS));
        }
        if (!(Destination.of(url, location) instanceof Destination.Place next)) {
          return new Fetched.Failed(
              "redirected to '%s', which is no web address".formatted(location));
        }
        if (!mayGo.test(next.url())) {
          return new Fetched.Left(next.url());
        }
        url = next.url();
        sent = send(method, url);
      }
    } catch (IOException | IllegalArgumentException e) { // the latter for a port such as 99999
      return new Fetched.Failed(explain(e));
    }
  }

  private Sent send(String method, URI url) {
    requests.incrementAndGet();
    long now = System.nanoTime();
    try {
      HttpRequest request =
          HttpRequest.newBuilder(url)
              .method(method, BodyPublishers.noBody())
              .header("User-Agent", "greenhouse-linkcheck")
              .build();
      return new Sent(
          client.sendAsync(request, info -> new BodyStart(limit(url, info.headers()))), now);
    } catch (RuntimeException e) { // told to whoever awaits it
      return new Sent(CompletableFuture.failedFuture(e), now);
    }
  }

  /// Awaits all of an answer, and not for too long: the request's own timeout ends with the
  /// headers, and a server that stops in the middle of a body would hold us for ever. Whatever cuts
  /// the wait off cancels the request, which closes its connection.
  private HttpResponse<BodyStart.Bytes> answer(Sent sent) throws IOException {
    if (sent.response.isDone()) { // in time, perhaps, though nobody looked
      return Portal.await(sent.response, IOException.class);
    }
    try {
      return CancelScope.failAfter(
          timeout.minus(sent.age()), () -> Portal.await(sent.response, IOException.class));
    } catch (TimeoutException e) {
      throw new IOException("no answer within %s s".formatted(seconds(timeout)), e);
    }
  }

  private static int limit(URI url, HttpHeaders headers) {
    return kind(url, headers) == Page.Kind.NONE ? OTHER_LIMIT : PAGE_LIMIT;
  }

  private static Page.Kind kind(URI url, HttpHeaders headers) {
    return Page.Kind.of(headers.firstValue("Content-Type").orElse(""), url);
  }

  private static Fetched document(URI url, HttpResponse<BodyStart.Bytes> response) {
    int status = response.statusCode();
    if (status < 200 || status >= 300) {
      return status == 404
          ? new Fetched.Failed("not found", true)
          : new Fetched.Failed("HTTP status " + status);
    }
    return new Fetched.Document(
        url,
        kind(url, response.headers()),
        charset(response.headers()),
        response.body().bytes(),
        response.body().complete());
  }

  private static @Nullable Charset charset(HttpHeaders headers) {
    Matcher m = CHARSET.matcher(headers.firstValue("Content-Type").orElse(""));
    try {
      return m.find() ? Charset.forName(m.group(1)) : null;
    } catch (IllegalArgumentException _) { // not known, or no name at all: then as the page says
      return null;
    }
  }

  private static boolean isRedirect(int status) {
    return switch (status) {
      case 301, 302, 303, 307, 308 -> true;
      default -> false;
    };
  }

  /// The client's exceptions often have no message, or one for its authors.
  private static String explain(Exception e) {
    for (@Nullable Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof UnresolvedAddressException) {
        return "unknown host";
      }
    }
    if (e instanceof ConnectException) {
      return "connection refused";
    }
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  private static String seconds(Duration d) {
    return BigDecimal.valueOf(d.toMillis(), 3).stripTrailingZeros().toPlainString();
  }

  @Override
  public void close() {
    client.shutdownNow(); // nobody waits for an answer any more
    client.close();
  }
}
