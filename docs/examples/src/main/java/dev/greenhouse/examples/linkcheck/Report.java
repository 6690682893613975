package dev.greenhouse.examples.linkcheck;

import dev.greenhouse.examples.linkcheck.Crawl.FoundLink;
import dev.greenhouse.examples.linkcheck.Crawl.ReadPage;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// The broken links, grouped by the page they stand on, and the totals.
final class Report {
  /// What GitHub and browsers understand on every page.
  private static final Set<String> ALWAYS_THERE = Set.of("", "top");

  private final Site site;
  private final Crawl crawl;
  private final StringBuilder text = new StringBuilder();
  private int links;
  private int broken;
  private int brokenPages;
  private int external;
  private int elsewhere;
  private int unanswered;

  Report(Site site, Crawl crawl) {
    this.site = site;
    this.crawl = crawl;
    crawl.pages().stream().sorted(Comparator.comparing(ReadPage::url)).forEach(this::add);
  }

  boolean hasBroken() {
    return broken > 0;
  }

  void print(PrintStream out, int requests, Duration duration) {
    out.print(text);
    if (broken > 0) {
      out.println();
    }
    out.printf(
        Locale.ROOT,
        "%s on %s checked with %s in %.1f s: %s%n",
        count(links - external - elsewhere - unanswered, "link"),
        count(crawl.pages().size(), "page"),
        count(requests, "request"),
        duration.toMillis() / 1000.0,
        broken == 0 ? "none is broken." : summary());
    if (external > 0) {
      out.printf("%s to other servers skipped; --external checks them.%n", count(external, "link"));
    }
    if (elsewhere > 0) {
      out.printf("%s skipped that can't be fetched, such as mailto.%n", count(elsewhere, "link"));
    }
    if (crawl.interrupted()) {
      out.printf("Interrupted: %s still unchecked.%n", count(crawl.unchecked(), "address"));
    }
  }

  private String summary() {
    return "%d broken on %s.".formatted(broken, count(brokenPages, "page"));
  }

  private void add(ReadPage page) {
    var lines = new LinkedHashSet<String>();
    for (FoundLink link : page.links()) {
      links++;
      Optional<String> problem = problem(link.destination());
      if (problem.isPresent() && lines.add(line(link.link(), problem.get()))) {
        broken++;
      }
    }
    if (!lines.isEmpty()) {
      brokenPages++;
      text.append("%n%s%n".formatted(site.show(page.url())));
      lines.forEach(line -> text.append("  %s%n".formatted(line)));
    }
  }

  private static String line(Link link, String problem) {
    String what = "%s: %s".formatted(link.href(), problem);
    return link.line() > 0 ? "line %d: %s".formatted(link.line(), what) : what;
  }

  private Optional<String> problem(Destination destination) {
    return switch (destination) {
      case Destination.Place(URI url, String fragment, _) -> problem(url, fragment);
      case Destination.Invalid(String why) -> Optional.of(why);
      case Destination.Elsewhere _ -> {
        elsewhere++;
        yield Optional.empty();
      }
    };
  }

  private Optional<String> problem(URI url, String fragment) {
    Optional<Answer> answer = crawl.answerOf(url);
    if (answer.isEmpty()) {
      unanswered++;
      return Optional.empty();
    }
    return switch (answer.get()) {
      case Answer.Broken(String why) -> Optional.of(why);
      case Answer.WithAnchors(Set<String> anchors) ->
          ALWAYS_THERE.contains(fragment) || anchors.contains(fragment)
              ? Optional.empty()
              : Optional.of("%s has no anchor '%s'".formatted(site.show(url), fragment));
      case Answer.There _ -> Optional.empty();
      case Answer.External _ -> {
        external++;
        yield Optional.empty();
      }
    };
  }

  /// {@return such as "1 page" and "2 addresses"}
  static String count(int n, String noun) {
    String plural = noun.endsWith("s") ? noun + "es" : noun + "s";
    return n + " " + (n == 1 ? noun : plural);
  }
}
