package dev.greenhouse.examples.linkcheck;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a crawl has found.
///
/// @param starts the pages it started from
/// @param pages the pages whose links were followed
/// @param answers what is known of each address that a link leads to; if it was interrupted, of
///   some
/// @param interrupted whether somebody ended it early
/// @param unchecked how many addresses were found for which there was no answer yet
record Crawl(
    List<URI> starts,
    List<ReadPage> pages,
    Map<URI, Answer> answers,
    boolean interrupted,
    int unchecked) {
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

  /// {@return what is known of an address that a link leads to; empty if the crawl was interrupted
  /// before it answered}
  Optional<Answer> answerOf(URI url) {
    Answer answer = answers.get(url);
    if (answer == null && !interrupted) {
      throw new IllegalStateException("nobody has checked " + url);
    }
    return Optional.ofNullable(answer);
  }
}
