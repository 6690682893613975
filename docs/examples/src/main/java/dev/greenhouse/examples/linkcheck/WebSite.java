package dev.greenhouse.examples.linkcheck;

import java.net.URI;
import java.util.List;

/// A site that somebody else serves.
///
/// @param start the page to start from
record WebSite(URI start) implements Site {
  private static final URI NO_BASE = URI.create("http://localhost/");

  static WebSite of(String url) throws BadInput {
    return switch (Destination.of(NO_BASE, url)) {
      case Destination.Place place -> new WebSite(place.url());
      case Destination.Invalid(String why) ->
          throw new BadInput("'%s' can't be read: it is %s.".formatted(url, why));
      case Destination.Elsewhere _ -> throw new AssertionError(url);
    };
  }

  @Override
  public List<URI> starts() {
    return List.of(start);
  }

  /// A start that redirects, from http to https or from a folder's name to the folder, means the
  /// place that it redirects to.
  @Override
  public Scope scope(URI startedAt) {
    return Scope.below(startedAt);
  }

  @Override
  public Destination destination(URI base, String href) {
    return Destination.of(base, href);
  }

  @Override
  public boolean isListing(URI url) {
    return false;
  }

  @Override
  public boolean hidesFile(URI url) {
    return false;
  }

  @Override
  public String show(URI url) {
    return url.toString();
  }

  @Override
  public String title() {
    return start.toString();
  }

  @Override
  public void close() {}
}
