package dev.greenhouse.examples.linkcheck;

import dev.greenhouse.examples.linkcheck.Crawl.FoundLink;
import dev.greenhouse.examples.linkcheck.Crawl.ReadPage;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Follows all links from the start pages on, a task for each address.
///
/// The task of a page opens a nursery and forks into it a task for each address that nobody has
/// seen before. So the tree of tasks is the tree of discovery, a page's nursery closes when all
/// that was found from there is done, and when [#crawl] returns nothing runs any more. If a task
/// fails, for a bug in here, the nurseries cancel all the others and the failure comes out of
/// `crawl`. A link that leads nowhere is no failure but an [Answer].
///
/// All of it is in one cancel scope, which another thread may cancel. Then every wait for a server
/// ends, all nurseries close, and `crawl` returns what it has got.
///
/// All of it runs on a loop: a task is left for another one only where it waits, so the collections
/// below need neither locks nor concurrent variants, and "is it new? then claim it" is one step.
/// Waiting for servers is what takes the time here; the one thread parses meanwhile.
final class Crawler {
  private final Site site;
  private final Fetcher fetcher;
  private final boolean external;
  private final Progress progress;
  private final CancelScope whole;

  // On the loop only.
  private final Set<URI> claimed = new HashSet<>();
  private final Map<URI, Answer> answers = new HashMap<>();
  private final List<ReadPage> pages = new ArrayList<>();
  private Scope scope;

  /// @param whole ends the crawl early if it is cancelled
  Crawler(Site site, Fetcher fetcher, boolean external, Progress progress, CancelScope whole) {
    this.site = site;
    this.fetcher = fetcher;
    this.external = external;
    this.progress = progress;
    this.whole = whole;
    this.scope = site.scope(site.starts().getFirst());
  }

  /// Blocks until everything is checked, or the crawl was ended early.
  Crawl crawl() {
    Greenhouse.run(() -> whole.run(this::visitAll));
    int unchecked = claimed.size() - answers.size();
    return new Crawl(site.starts(), pages, answers, whole.isCancelled(), unchecked);
  }

  private void visitAll() {
    try (var nursery = Nursery.open(site.title())) {
      claimed.addAll(site.starts());
      for (URI start : site.starts()) {
        nursery.fork(site.show(start), () -> visitStart(start));
      }
    }
  }

  private void visitStart(URI url) throws InterruptedException {
    Fetched fetched = fetcher.get(url, _ -> true);
    if (fetched instanceof Fetched.Document document) {
      // A web site has one start, and nobody has used its scope yet.
      scope = site.scope(document.url());
    }
    arrived(url, fetched);
  }

  private void visit(URI url) throws InterruptedException {
    boolean ours = scope.zone(url) != Scope.Zone.EXTERNAL;
    arrived(url, ours ? fetcher.get(url, this::mayGo) : fetcher.probe(url));
  }

  private boolean mayGo(URI url) {
    return external || scope.zone(url) != Scope.Zone.EXTERNAL;
  }

  private void arrived(URI url, Fetched fetched) {
    switch (fetched) {
      case Fetched.Document document -> read(url, document);
      case Fetched.Left _ -> answer(url, new Answer.External());
      case Fetched.Failed(String why, boolean notFound) ->
          answer(
              url, notFound && site.hidesFile(url) ? new Answer.There() : new Answer.Broken(why));
    }
  }

  private void read(URI url, Fetched.Document document) {
    URI at = document.url();
    Scope.Zone zone = scope.zone(at);
    Optional<Page> page =
        zone == Scope.Zone.EXTERNAL || site.isListing(at) ? Optional.empty() : Page.of(document);
    Answer answer =
        document.complete() && page.isPresent()
            ? new Answer.WithAnchors(page.get().anchors())
            : new Answer.There();
    answer(url, answer);
    if (!at.equals(url)) {
      if (!claimed.add(at)) {
        return; // the page has a task of its own
      }
      answer(at, answer);
    }
    if (zone == Scope.Zone.FOLLOWED && page.isPresent()) {
      follow(at, page.get());
    }
  }

  private void follow(URI url, Page page) {
    var found = new ArrayList<FoundLink>();
    try (var nursery = Nursery.open("links of " + site.show(url))) {
      for (Link link : page.links()) {
        Destination destination = site.destination(page.base(), link.href());
        found.add(new FoundLink(link, destination));
        if (destination instanceof Destination.Place(URI to, _, _) && claimed.add(to)) {
          if (mayGo(to)) {
            nursery.fork(site.show(to), () -> visit(to));
          } else {
            answers.put(to, new Answer.External());
          }
        }
      }
      pages.add(new ReadPage(url, found));
      progress.pageRead(site.show(url));
    }
  }

  private void answer(URI url, Answer answer) {
    answers.put(url, answer);
    progress.answered(answer instanceof Answer.Broken);
  }
}
