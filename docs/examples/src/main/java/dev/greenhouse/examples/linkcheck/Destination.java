package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.IDN;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
    String text = Syntax.LINE_BREAK.matcher(href.strip()).replaceAll("");
    Matcher scheme = Syntax.SCHEME.matcher(text);
    if (scheme.lookingAt() && !Syntax.HTTP.matcher(scheme.group(1)).matches()) {
      return new Elsewhere(scheme.group(1).toLowerCase(Locale.ROOT));
    }
    int hash = text.indexOf('#');
    String address = hash < 0 ? text : text.substring(0, hash);
    String fragment = hash < 0 ? "" : Syntax.fragment(text.substring(hash + 1));
    try {
      URI url = Syntax.resolve(base, Syntax.encode(address));
      if (url.getHost() == null) {
        return new Invalid("no valid URL: it has no host");
      }
      return new Place(Syntax.normal(url), fragment, Syntax.isAboveRoot(url));
    } catch (URISyntaxException | IllegalArgumentException e) {
      return new Invalid("no valid URL: " + e.getMessage());
    }
  }

  /// The details of how a URL is written.
  final class Syntax {
    private static final Pattern LINE_BREAK = Pattern.compile("[\t\r\n]");
    private static final Pattern SCHEME = Pattern.compile("([a-zA-Z][a-zA-Z0-9+.-]*):");
    private static final Pattern HTTP = Pattern.compile("https?", Pattern.CASE_INSENSITIVE);
    private static final Pattern AUTHORITY =
        Pattern.compile("((?:https?:)?//)([^/?#\\\\]*)(.*)", Pattern.CASE_INSENSITIVE);
    private static final Pattern ABOVE_ROOT = Pattern.compile("^(?:/\\.\\.(?=/|$))+");

    /// Also a percent sign that escapes nothing.
    private static final Pattern ILLEGAL =
        Pattern.compile("(?:[^a-zA-Z0-9\\-._~:/?@!$&'()*+,;=%]|%(?![0-9a-fA-F]{2}))+");

    private static final Pattern SPECIAL = Pattern.compile("[^a-zA-Z0-9\\-._~]+");

    private Syntax() {}

    private static URI resolve(URI base, String address) throws URISyntaxException {
      if (address.isEmpty()) {
        return base;
      }
      if (address.startsWith("?")) { // URI would drop the page's name
        return base.resolve(new URI(base.getRawPath() + address));
      }
      return base.resolve(new URI(address));
    }

    /// Escapes what may not stand in a URL, and leaves alone what is escaped already.
    private static String encode(String address) {
      Matcher m = AUTHORITY.matcher(address);
      if (!m.matches()) {
        return escape(address);
      }
      boolean ascii = m.group(2).chars().allMatch(c -> c < 0x80);
      return m.group(1) + (ascii ? m.group(2) : IDN.toASCII(m.group(2))) + escape(m.group(3));
    }

    static String escape(String text) {
      int query = text.indexOf('?');
      String slashes =
          query < 0
              ? text.replace('\\', '/')
              : text.substring(0, query).replace('\\', '/') + text.substring(query);
      return ILLEGAL.matcher(slashes).replaceAll(m -> bytes(m.group()));
    }

    private static String bytes(String text) {
      return "%" + HexFormat.ofDelimiter("%").withUpperCase().formatHex(text.getBytes(UTF_8));
    }

    /// Escapes the name of a file, so that it is one segment of a path, whatever it holds.
    static String escapeSegment(String name) {
      return SPECIAL.matcher(name).replaceAll(m -> bytes(m.group()));
    }

    private static String fragment(String raw) {
      int directive = raw.indexOf(":~:"); // "scroll to this text": nothing that a page declares
      return decode(directive < 0 ? raw : raw.substring(0, directive));
    }

    static String decode(String text) {
      return URLDecoder.decode(escape(text).replace("+", "%2B"), UTF_8);
    }

    private static boolean isAboveRoot(URI url) {
      return ABOVE_ROOT.matcher(url.getRawPath()).find();
    }

    /// Writes equal addresses alike. Browsers drop `..` above the root.
    private static URI normal(URI url) {
      String scheme = url.getScheme().toLowerCase(Locale.ROOT);
      int port = url.getPort();
      boolean usual = port < 0 || port == (scheme.equals("https") ? 443 : 80);
      String user = url.getRawUserInfo();
      String path = ABOVE_ROOT.matcher(url.getRawPath()).replaceFirst("");
      String query = url.getRawQuery();
      return URI.create(
          scheme
              + "://"
              + (user == null ? "" : user + "@")
              + url.getHost().toLowerCase(Locale.ROOT)
              + (usual ? "" : ":" + port)
              + (path.isEmpty() ? "/" : path)
              + (query == null ? "" : "?" + query));
    }
  }
}
