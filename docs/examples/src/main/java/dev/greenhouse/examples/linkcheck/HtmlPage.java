package dev.greenhouse.examples.linkcheck;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.parser.Parser;
import org.jspecify.annotations.Nullable;

/// Reads HTML: pages, and the pieces of it that stand in Markdown.
final class HtmlPage {
  /// Elements that name something to load or to go to. No `preconnect`: that names a host only.
  private static final String LINKING =
      "a[href], area[href], link[href]:not([rel~=(?i)preconnect|dns-prefetch]), img, script[src],"
          + " iframe[src], frame[src], source, video, audio[src], track[src], embed[src],"
          + " object[data], input[type=image][src]";

  private static final List<String> ATTRIBUTES = List.of("href", "src", "poster", "data");

  /// One of the images of a `srcset`: a URL, which may hold commas but does not end in one, and how
  /// large the image is.
  private static final Pattern CANDIDATE = Pattern.compile("(\\S*[^\\s,])(?:\\s[^,]*)?(?:,|$)");

  private HtmlPage() {}

  /// @param charset as the server says; null if it does not, then as the page says
  static Page parse(URI url, byte[] body, @Nullable Charset charset) {
    try {
      Document document =
          Jsoup.parse(
              new ByteArrayInputStream(body),
              charset == null ? null : charset.name(),
              url.toString(),
              Parser.htmlParser().setTrackPosition(true));
      var links = new ArrayList<Link>();
      var anchors = new HashSet<String>();
      collect(document, 0, links, anchors);
      return new Page(base(url, document), links, anchors);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // an array can be read
    }
  }

  /// Adds what the elements below the root say.
  ///
  /// @param linesBefore how many lines of the page come before the root
  static void collect(Element root, int linesBefore, List<Link> links, Set<String> anchors) {
    for (Element element : root.select(LINKING)) {
      int line = element.sourceRange().start().lineNumber();
      for (String href : hrefs(element)) {
        links.add(new Link(href, line + linesBefore));
      }
    }
    root.select("[id]").forEach(e -> anchors.add(e.attr("id")));
    root.select("a[name]").forEach(e -> anchors.add(e.attr("name")));
  }

  private static List<String> hrefs(Element element) {
    var hrefs = new ArrayList<String>();
    for (String attribute : ATTRIBUTES) {
      if (element.hasAttr(attribute)) {
        hrefs.add(element.attr(attribute));
      }
    }
    CANDIDATE.matcher(element.attr("srcset")).results().map(r -> r.group(1)).forEach(hrefs::add);
    return hrefs;
  }

  private static URI base(URI url, Document document) {
    Element base = document.selectFirst("base[href]");
    return base != null && Destination.of(url, base.attr("href")) instanceof Destination.Place place
        ? place.url()
        : url;
  }
}
