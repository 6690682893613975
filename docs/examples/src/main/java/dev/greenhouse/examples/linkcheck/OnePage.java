package dev.greenhouse.examples.linkcheck;

import dev.greenhouse.portal.Portal;
import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/// Checks the links of one page on an event loop: the small sister of [Crawler].
///
/// The parsers and what they call back are the same synchronous code, and it awaits the same
/// client. But here it runs in a [FlatTask], as asyncio would do it: in no tree and no nursery, on
/// the one thread of a loop. While the callback awaits an answer, the loop is free, and a second
/// task shows that by counting beats. What flat tasks can't have is `withPortalRunTree`: the
/// program ends with the text of its refusal.
public final class OnePage {
  private static final int TIMEOUT_SECONDS = 5;
  private static final int BEAT_MILLIS = 1;

  private final Site site;
  private final HttpClient client;
  private final PrintStream out;

  // On the loop only.
  private final Map<URI, Integer> statuses = new HashMap<>();
  private int broken;

  private OnePage(Site site, HttpClient client, PrintStream out) {
    this.site = site;
    this.client = client;
    this.out = out;
  }

  /// The program.
  ///
  /// @param args a file, a folder or a URL; by default README.md of the current folder
  public static void main(String[] args) {
    String start = args.length == 0 ? "README.md" : args[0];
    System.exit(run(start, Path.of("").toAbsolutePath(), System.out, System.err));
  }

  /// {@return the status to exit with}
  static int run(String start, Path currentFolder, PrintStream out, PrintStream err) {
    try (Site site = Site.open(start, currentFolder);
        var client = HttpClient.newHttpClient();
        var loop = FlatExecutor.open("page")) {
      var page = new OnePage(site, client, out);
      FlatTask<Integer> check = loop.withPortalRunSync(() -> page.check(site.starts().getFirst()));
      FlatTask<Integer> beats = loop.spawn(() -> beatUntil(check));
      int broken = check.join();
      out.printf("%d broken. The loop beat %d times meanwhile.%n", broken, beats.join());
      explainRefusal(loop, out);
      return broken == 0 ? Main.ALL_FINE : Main.BROKEN_LINKS;
    } catch (BadInput e) {
      err.println("onepage: " + e.getMessage());
      return Main.BAD_INPUT;
    } catch (CompletionException e) { // of the task: what the check threw
      err.printf("onepage: %s can't be read: %s%n", start, e.getCause());
      return Main.BAD_INPUT;
    }
  }

  // ---- synchronous code, in a step with a portal

  private int check(URI url) throws IOException {
    HttpResponse<byte[]> response = fetched("GET", url);
    if (response.statusCode() >= 400) {
      throw new IOException("HTTP status " + response.statusCode());
    }
    var type = response.headers().firstValue("Content-Type").orElse("");
    Page.visit(
        new Fetched.Document(url, Page.Kind.of(type, url), null, response.body(), true),
        new PageVisitor() {
          @Override
          public void link(URI base, Link link) {
            follow(site.destination(base, link.href()), link);
          }

          @Override
          public void anchor(String name) {}
        });
    return broken;
  }

  /// Called back by the parser.
  private void follow(Destination destination, Link link) {
    if (destination instanceof Destination.Place(URI to, _, _)) {
      int status = statuses.computeIfAbsent(to, this::status);
      if (status >= 400) {
        broken++;
        out.printf("line %d: %s: HTTP status %d%n", link.line(), link.href(), status);
      }
    }
  }

  /// In the middle of `computeIfAbsent`, in the middle of a parser.
  private int status(URI to) {
    try {
      return fetched("HEAD", to).statusCode();
    } catch (IOException e) {
      return 599; // no answer; there is no such status
    }
  }

  private HttpResponse<byte[]> fetched(String method, URI url) throws IOException {
    var request = HttpRequest.newBuilder(url).method(method, BodyPublishers.noBody()).build();
    return Portal.await(
        client
            .sendAsync(request, BodyHandlers.ofByteArray())
            .orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS),
        IOException.class);
  }

  // ---- steps without a portal: these must not wait

  private static CompletableFuture<Integer> beatUntil(FlatTask<?> end) {
    var beats = new CompletableFuture<Integer>();
    beat(0, end, FlatTask.current(), beats);
    return beats;
  }

  private static void beat(
      int n, FlatTask<?> end, Executor steps, CompletableFuture<Integer> beats) {
    if (end.isDone()) {
      beats.complete(n);
      return;
    }
    CompletableFuture.delayedExecutor(BEAT_MILLIS, TimeUnit.MILLISECONDS, steps)
        .execute(() -> beat(n + 1, end, steps, beats));
  }

  private static void explainRefusal(FlatExecutor loop, PrintStream out) {
    try {
      var _ = loop.withPortalRunTree(() -> CompletableFuture.completedFuture("never"));
    } catch (UnsupportedOperationException e) {
      out.println(e.getMessage());
    }
  }
}
