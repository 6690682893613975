package dev.greenhouse.examples.linkcheck;

import dev.greenhouse.nursery.CancelScope;
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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Fetches addresses: not too many at once, not for too long, not too much. Its methods block, and
/// may be called by many tasks.
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

  /// Fetches a page, or whatever it is.
  ///
  /// @param mayGo whether a redirection to this address is followed
  Fetched get(URI url, Predicate<URI> mayGo) throws InterruptedException {
    return follow("GET", url, mayGo);
  }

  /// Looks whether something is there, and goes wherever it is redirected to.
  Fetched probe(URI url) throws InterruptedException {
    Fetched answer = follow("HEAD", url, _ -> true);
    // Some servers refuse HEAD, or answer it wrongly.
    return answer instanceof Fetched.Failed ? follow("GET", url, _ -> true) : answer;
  }

  /// {@return how many requests were sent}
  int requests() {
    return requests.get();
  }

  /// Redirections are followed here and not by the client, so that each is one request: it waits
  /// for its turn, has its own time, and may be declined.
  private Fetched follow(String method, URI start, Predicate<URI> mayGo)
      throws InterruptedException {
    URI url = start;
    try {
      for (int i = 0; i <= MAX_REDIRECTS; i++) {
        HttpResponse<BodyStart.Bytes> response = send(method, url);
        String location = response.headers().firstValue("Location").orElse("");
        if (!isRedirect(response.statusCode()) || location.isEmpty()) {
          return document(url, response);
        }
        if (!(Destination.of(url, location) instanceof Destination.Place next)) {
          return new Fetched.Failed(
              "redirected to '%s', which is no web address".formatted(location));
        }
        if (!mayGo.test(next.url())) {
          return new Fetched.Left(next.url());
        }
        url = next.url();
      }
      return new Fetched.Failed("redirected more than %d times".formatted(MAX_REDIRECTS));
    } catch (IOException | IllegalArgumentException e) { // the latter for a port such as 99999
      return new Fetched.Failed(explain(e));
    }
  }

  private HttpResponse<BodyStart.Bytes> send(String method, URI url)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .method(method, BodyPublishers.noBody())
            .header("User-Agent", "greenhouse-linkcheck")
            .build();
    permits.acquire();
    try {
      requests.incrementAndGet();
      return await(client.sendAsync(request, info -> new BodyStart(limit(url, info.headers()))));
    } finally {
      permits.release();
    }
  }

  /// The deadline is for all of the answer. The request's own timeout ends with the headers, and a
  /// server that stops in the middle of a body would hold us for ever.
  private <T> T await(CompletableFuture<T> response) throws IOException, InterruptedException {
    try {
      CancelScope.failAfter(timeout, () -> awaitEnd(response));
    } catch (TimeoutException e) {
      throw new IOException("no answer within %s s".formatted(seconds(timeout)), e);
    } finally {
      // Whatever cancelled the task interrupts its wait. The future does not know of that.
      response.cancel(true); // closes the connection if there is no answer
    }
    if (response.state() == Future.State.SUCCESS) {
      return response.resultNow();
    }
    Throwable failure = response.exceptionNow();
    throw failure instanceof IOException io ? io : new IOException(failure);
  }

  private static void awaitEnd(Future<?> future) throws InterruptedException {
    try {
      future.get();
    } catch (ExecutionException _) {
      // It has ended; how, is seen later.
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
