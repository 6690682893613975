package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.IDN;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How a URL is written: what [Destination] needs to read links as browsers do.
final class UrlSyntax {
  private static final Pattern LINE_BREAK = Pattern.compile("[\t\r\n]");
  private static final Pattern SCHEME = Pattern.compile("([a-zA-Z][a-zA-Z0-9+.-]*):");

  /// The empty one is that of a relative link.
  static final Set<String> WEB_SCHEMES = Set.of("http", "https", "");

  private static final Pattern AUTHORITY =
      Pattern.compile("((?:https?:)?//)([^/?#\\\\]*)(.*)", Pattern.CASE_INSENSITIVE);

  /// Also a percent sign that escapes nothing.
  private static final Pattern ILLEGAL =
      Pattern.compile("(?:[^a-zA-Z0-9\\-._~:/?@!$&'()*+,;=%]|%(?![0-9a-fA-F]{2}))+");

  private static final Pattern SPECIAL = Pattern.compile("[^a-zA-Z0-9\\-._~]+");

  private UrlSyntax() {}

  static String withoutBreaks(String href) {
    return LINE_BREAK.matcher(href.strip()).replaceAll("");
  }

  /// {@return the scheme in lower case; empty if there is none}
  static String scheme(String address) {
    Matcher m = SCHEME.matcher(address);
    return m.lookingAt() ? m.group(1).toLowerCase(Locale.ROOT) : "";
  }

  /// Not `URI.resolve`: that drops the page's name before a query, and one of two slashes, such as
  /// those in the address of an archived page.
  static URI resolve(URI base, String address) throws URISyntaxException {
    if (address.isEmpty()) {
      return base;
    }
    Matcher m = AUTHORITY.matcher(address);
    if (m.matches()) {
      boolean ascii = m.group(2).chars().allMatch(c -> c < 0x80);
      return new URI(
          (m.group(1).startsWith("/") ? base.getScheme() + ":" : "")
              + m.group(1)
              + (ascii ? m.group(2) : IDN.toASCII(m.group(2)))
              + escape(m.group(3)));
    }
    if (!scheme(address).isEmpty()) {
      throw new URISyntaxException(address, "there are no slashes after the scheme");
    }
    String text = escape(address);
    String path = base.getRawPath();
    String start =
        switch (text.charAt(0)) {
          case '/' -> "";
          case '?' -> path;
          default -> path.substring(0, path.lastIndexOf('/') + 1);
        };
    return new URI(base.getScheme() + "://" + base.getRawAuthority() + start + text);
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

  static String fragment(String raw) {
    int directive = raw.indexOf(":~:"); // "scroll to this text": nothing that a page declares
    return decode(directive < 0 ? raw : raw.substring(0, directive));
  }

  static String decode(String text) {
    return URLDecoder.decode(escape(text).replace("+", "%2B"), UTF_8);
  }

  /// Writes equal addresses alike.
  static URI normal(URI url, String path) {
    String scheme = url.getScheme().toLowerCase(Locale.ROOT);
    int port = url.getPort();
    boolean usual = port < 0 || port == (scheme.equals("https") ? 443 : 80);
    String user = url.getRawUserInfo();
    String query = url.getRawQuery();
    return URI.create(
        scheme
            + "://"
            + (user == null ? "" : user + "@")
            + url.getHost().toLowerCase(Locale.ROOT)
            + (usual ? "" : ":" + port)
            + path
            + (query == null ? "" : "?" + query));
  }
}
