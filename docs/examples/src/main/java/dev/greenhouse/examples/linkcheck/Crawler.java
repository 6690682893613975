package dev.greenhouse.examples.linkcheck;

import dev.greenhouse.examples.linkcheck.Crawl.FoundLink;
import dev.greenhouse.examples.linkcheck.Crawl.ReadPage;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.GreenhouseBuilder;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.portal.Portal;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/// Follows all links from the start pages on, a task for each page.
///
/// The task of a page lets jsoup or commonmark walk through it. These are synchronous, and call
/// back for each link. The callback asks for the address, if nobody has before, and awaits earlier
/// answers when there are too many on their way: that suspends the task, with the parser's frames
/// in the middle of its stack, while other tasks go on. For each page that arrives it forks a task
/// into the page's nursery. So the tree of tasks is the tree of discovery, a page's nursery closes
/// when all that was found from there is done, and when [#crawl] returns nothing runs any more. If
/// a task fails, for a bug in here, the nurseries cancel all the others and the failure comes out
/// of `crawl`. A link that leads nowhere is no failure but an [Answer].
///
/// All of it is one `withPortalRunTree`, which is why the callback may await; and in one cancel
/// scope, which another thread may cancel. Then every wait for a server ends, all nurseries close,
/// and `crawl` returns what it has got.
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
  private final List<Instrument> instruments = new ArrayList<>();

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

  /// Adds instruments that are told of the crawl.
  Crawler watchedBy(List<Instrument> more) {
    instruments.addAll(more);
    return this;
  }

  /// Blocks until everything is checked, or the crawl was ended early.
  Crawl crawl() {
    GreenhouseBuilder builder = Greenhouse.builder().name("linkcheck").singleThreaded();
    instruments.forEach(builder::instrument);
    try (var loop = builder.build()) {
      loop.run(() -> Portal.withPortalRunTree(() -> whole.run(this::visitAll)));
    }
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
    Fetched.Document page = arrived(url, fetched);
    if (page != null) {
      follow(url, page);
    }
  }

  private boolean isOurs(URI url) {
    return scope.zone(url) != Scope.Zone.EXTERNAL;
  }

  private boolean mayGo(URI url) {
    return external || isOurs(url);
  }

  /// {@return the page, if its links are to be followed; then its answer comes with that}
  private Fetched.@Nullable Document arrived(URI url, Fetched fetched) {
    switch (fetched) {
      case Fetched.Document document -> {
        return toFollow(url, document);
      }
      case Fetched.Left _ -> answer(url, new Answer.External());
      case Fetched.Failed(String why, boolean notFound) ->
          answer(
              url, notFound && site.hidesFile(url) ? new Answer.There() : new Answer.Broken(why));
    }
    return null;
  }

  private Fetched.@Nullable Document toFollow(URI url, Fetched.Document document) {
    URI at = document.url();
    boolean isPage = isOurs(at) && !site.isListing(at) && document.kind() != Page.Kind.NONE;
    boolean isNew = at.equals(url) || claimed.add(at); // or else the page has a task of its own
    if (isPage && isNew && scope.zone(at) == Scope.Zone.FOLLOWED) {
      return document;
    }
    Answer answer = isPage ? withAnchors(document, Page.anchors(document)) : new Answer.There();
    answer(url, answer);
    if (isNew && !at.equals(url)) {
      answer(at, answer);
    }
    return null;
  }

  private static Answer withAnchors(Fetched.Document document, Set<String> anchors) {
    return document.complete() ? new Answer.WithAnchors(anchors) : new Answer.There();
  }

  /// The task of a page.
  private void follow(URI url, Fetched.Document page) {
    URI at = page.url();
    var found = new ArrayList<FoundLink>();
    var anchors = new HashSet<String>();
    try (var nursery = Nursery.open("links of " + site.show(at));
        var requests = new Requests(fetcher, this::mayGo, (to, it) -> came(nursery, to, it))) {
      try {
        Page.visit(
            page,
            new PageVisitor() {
              @Override
              public void link(URI base, Link link) {
                Destination destination = site.destination(base, link.href());
                found.add(new FoundLink(link, destination));
                if (destination instanceof Destination.Place(URI to, _, _) && claimed.add(to)) {
                  ask(requests, to);
                }
              }

              @Override
              public void anchor(String name) {
                anchors.add(name);
              }
            });
      } finally { // also if it was cut off
        pages.add(new ReadPage(at, found));
      }
      Answer answer = withAnchors(page, anchors);
      answer(url, answer);
      if (!at.equals(url)) {
        answer(at, answer);
      }
      progress.pageRead(site.show(at));
      requests.awaitAll();
    }
  }

  private void ask(Requests requests, URI to) {
    if (!mayGo(to)) {
      answers.put(to, new Answer.External());
      return;
    }
    try {
      requests.send(to, !isOurs(to));
    } catch (InterruptedException e) {
      // The parsers' callbacks declare nothing. Ours alone interrupts a task, for a cancellation.
      throw new CompletionException(e);
    }
  }

  private void came(Nursery nursery, URI url, Fetched fetched) {
    Fetched.Document page = arrived(url, fetched);
    if (page != null) {
      nursery.fork(site.show(url), () -> follow(url, page));
    }
  }

  private void answer(URI url, Answer answer) {
    answers.put(url, answer);
    progress.answered(answer instanceof Answer.Broken);
  }
}
