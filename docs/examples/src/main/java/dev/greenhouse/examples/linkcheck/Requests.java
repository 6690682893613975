package dev.greenhouse.examples.linkcheck;

import dev.greenhouse.examples.linkcheck.Fetcher.Errand;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What one page has asked for. As long as there are turns, requests are sent ahead; the answers
/// are awaited in the order of asking.
///
/// Who has to wait for a turn has nothing on its way, and who has something on its way waits for
/// its own answers, none of which takes longer than its time: so there is always a turn again.
final class Requests implements AutoCloseable {
  private record Asked(URI url, Errand errand) {}

  private final Fetcher fetcher;
  private final Predicate<URI> mayGo;
  private final BiConsumer<URI, Fetched> arrived;
  private final ArrayDeque<Asked> underWay = new ArrayDeque<>();

  /// @param mayGo whether a redirection to this address is followed
  /// @param arrived told of each answer
  Requests(Fetcher fetcher, Predicate<URI> mayGo, BiConsumer<URI, Fetched> arrived) {
    this.fetcher = fetcher;
    this.mayGo = mayGo;
    this.arrived = arrived;
  }

  /// Asks for an address, and awaits earlier ones if there is no turn for it.
  ///
  /// @param probe only looks whether something is there
  void send(URI url, boolean probe) throws InterruptedException {
    Predicate<URI> allowed = probe ? _ -> true : mayGo;
    @Nullable Errand errand = fetcher.tryBegin(url, probe, allowed);
    while (errand == null) {
      if (underWay.isEmpty()) {
        errand = fetcher.begin(url, probe, allowed);
      } else {
        awaitFirst();
        errand = fetcher.tryBegin(url, probe, allowed);
      }
    }
    underWay.addLast(new Asked(url, errand));
  }

  /// Awaits all that is still under way.
  void awaitAll() {
    while (!underWay.isEmpty()) {
      awaitFirst();
    }
  }

  private void awaitFirst() {
    Asked first = underWay.removeFirst();
    arrived.accept(first.url, fetcher.finish(first.errand));
  }

  /// Drops what nobody has awaited.
  @Override
  public void close() {
    underWay.forEach(asked -> fetcher.drop(asked.errand));
    underWay.clear();
  }
}
