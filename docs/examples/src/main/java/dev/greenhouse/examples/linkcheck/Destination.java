package dev.greenhouse.examples.linkcheck;

import java.net.URI;
import java.net.URISyntaxException;

/// Where a link leads to.
sealed interface Destination {
  /// Something that can be fetched.
  ///
  /// @param url absolute, without a fragment; equal addresses are written alike
  /// @param fragment the anchor, decoded; empty if there is none
  /// @param aboveRoot whether the link has more `..` than the page has folders
  record Place(URI url, String fragment, boolean aboveRoot) implements Destination {}

  /// Something that is never fetched.
  ///
  /// @param what such as "mailto"
  record Elsewhere(String what) implements Destination {}

  /// Nowhere: what is written there is no URL.
  ///
  /// @param why what is wrong with it
  record Invalid(String why) implements Destination {}

  /// Reads a link as browsers do, which are more tolerant than [URI] and resolve some relative
  /// links otherwise.
  ///
  /// @param base the page's address
  /// @param href the link as it is written
  static Destination of(URI base, String href) {
    String text = UrlSyntax.withoutBreaks(href);
    String scheme = UrlSyntax.scheme(text);
    if (!UrlSyntax.WEB_SCHEMES.contains(scheme)) {
      return new Elsewhere(scheme);
    }
    int hash = text.indexOf('#');
    String address = hash < 0 ? text : text.substring(0, hash);
    String fragment = hash < 0 ? "" : UrlSyntax.fragment(text.substring(hash + 1));
    try {
      URI url = UrlSyntax.resolve(base, address);
      if (url.getHost() == null) {
        return new Invalid("no valid URL: it has no host");
      }
      var path = new PlainPath(url.getRawPath());
      return new Place(UrlSyntax.normal(url, path.text()), fragment, path.isAboveRoot());
    } catch (URISyntaxException | IllegalArgumentException e) {
      return new Invalid("no valid URL: " + e.getMessage());
    }
  }
}
