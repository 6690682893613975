package dev.greenhouse.examples.linkcheck;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// What a crawl has found.
///
/// @param starts the pages it started from
/// @param pages the pages whose links were followed
/// @param answers what is known of each address that a link leads to
record Crawl(List<URI> starts, List<ReadPage> pages, Map<URI, Answer> answers) {
  /// A page and its links.
  record ReadPage(URI url, List<FoundLink> links) {
    ReadPage {
      links = List.copyOf(links);
    }
  }

  /// A link and where it leads to.
  record FoundLink(Link link, Destination destination) {}

  Crawl {
    starts = List.copyOf(starts);
    pages = List.copyOf(pages);
    answers = Map.copyOf(answers);
  }

  /// {@return what is known of an address that a link leads to}
  Answer answerOf(URI url) {
    return Objects.requireNonNull(answers.get(url), () -> "nobody has checked " + url);
  }
}
