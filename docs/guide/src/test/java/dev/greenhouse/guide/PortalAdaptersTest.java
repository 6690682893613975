package dev.greenhouse.guide;

import static dev.greenhouse.portal.Portal.asyncContext;
import static dev.greenhouse.portal.Portal.asyncIter;
import static dev.greenhouse.portal.Portal.autoAwait;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.VoidOp;
import dev.greenhouse.portal.Portal;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The blocks of `docs/guide/portals.md` about asynchronous things seen as synchronous ones.
@Timeout(30)
class PortalAdaptersTest {
  interface Client {
    CompletionStage<String> fetch(int id);
  }

  private final AtomicInteger fetched = new AtomicInteger();

  private final Client client =
      id -> {
        fetched.incrementAndGet();
        return CompletableFuture.completedFuture("page " + id);
      };

  @SuppressWarnings("try") // the thread is a task as long as the nursery is open
  private static <X extends Exception> void inPortal(VoidOp<X> op) throws X {
    try (var nursery = Nursery.open()) {
      withPortalRun(op);
    }
  }

  private List<String> pages(List<Integer> ids) {
    // region portal-auto-await
    Function<Integer, String> fetch = autoAwait(client::fetch);
    return ids.stream().map(fetch).toList();
    // endregion
  }

  @Test
  void asynchronousFunctionInAStream() {
    inPortal(() -> assertThat(pages(List.of(1, 2))).containsExactly("page 1", "page 2"));
  }

  // region portal-view-types
  public interface AsyncPrices { // the client's
    CompletionStage<Integer> of(String item);

    CompletionStage<Void> set(String item, int price);
  }

  public interface Prices { // yours
    int of(String item) throws IOException;

    void set(String item, int price);

    default int of(String item, int pieces) throws IOException {
      return of(item) * pieces;
    }
  }

  // endregion

  private static final class PriceClient implements AsyncPrices {
    private final Map<String, Integer> prices = new HashMap<>();

    @Override
    public CompletionStage<Integer> of(String item) {
      Integer price = prices.get(item);
      return price == null
          ? CompletableFuture.failedFuture(new IOException("no price of " + item))
          : CompletableFuture.completedFuture(price);
    }

    @Override
    public CompletionStage<Void> set(String item, int price) {
      prices.put(item, price);
      return CompletableFuture.completedFuture(null);
    }
  }

  private static String label(AsyncPrices client, String item) {
    // region portal-view
    Prices prices = autoAwait(Prices.class, client);
    try {
      return item + ": " + prices.of(item, 12) + " for a dozen";
    } catch (IOException e) {
      return item + ": not today";
    }
    // endregion
  }

  @Test
  void synchronousViewOfAClient() {
    inPortal(
        () -> {
          var client = new PriceClient();
          assertThat(label(client, "plum")).isEqualTo("plum: not today");
          autoAwait(Prices.class, client).set("plum", 2);
          assertThat(label(client, "plum")).isEqualTo("plum: 24 for a dozen");
        });
  }

  private static final class Memo {
    static <A, R> Function<A, R> of(Function<A, R> fn) {
      Map<A, R> known = new HashMap<>();
      return a -> {
        R value = known.get(a);
        if (value == null) {
          value = fn.apply(a);
          known.put(a, value);
        }
        return value;
      };
    }
  }

  @Test
  void cacheAroundAnAsynchronousFunction() {
    // region portal-decorate
    Function<Integer, CompletionStage<String>> cached =
        Portal.<Integer, String>decorateAsSync(Memo::of).apply(client::fetch);
    // endregion
    inPortal(
        () -> {
          for (int i = 0; i < 3; i++) {
            assertThat(cached.apply(7).toCompletableFuture()).isCompletedWithValue("page 7");
          }
        });
    assertThat(fetched).hasValue(1);
  }

  record Row(String text, boolean last) {}

  private static int countRows(Flow.Publisher<Row> table) {
    int n = 0;
    // region portal-iter
    try (var rows = asyncIter(table, 16)) { // 16 rows at most are on their way
      for (Row row : rows) {
        n += row.text().length();
        if (row.last()) {
          break; // the subscription is cancelled
        }
      }
    }
    // endregion
    return n;
  }

  @Test
  void loopOverAPublisher() throws InterruptedException {
    try (var table = new SubmissionPublisher<Row>()) {
      var submitter =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!table.hasSubscribers()) {
                      Thread.onSpinWait();
                    }
                    table.submit(new Row("one", false));
                    table.submit(new Row("two", true));
                    table.submit(new Row("three", false));
                  });
      inPortal(() -> assertThat(countRows(table)).isEqualTo(6));
      submitter.join();
    }
  }

  private static final class Connection {
    boolean closed;

    String send(String order) {
      return order + " sent";
    }

    CompletionStage<Void> closeAsync() {
      closed = true;
      return CompletableFuture.completedFuture(null);
    }
  }

  private static String sent(Connection connection, String order) {
    // region portal-context
    try (var context = asyncContext(connection, Connection::closeAsync).closeWithin(ofSeconds(2))) {
      return context.get().send(order);
    }
    // endregion
  }

  @Test
  void closingIsAwaited() {
    inPortal(
        () -> {
          var connection = new Connection();
          assertThat(sent(connection, "plums")).isEqualTo("plums sent");
          assertThat(connection.closed).isTrue();
        });
  }
}
