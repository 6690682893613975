package dev.greenhouse.examples.linkcheck;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.parser.Parser;
import org.jsoup.select.Evaluator;
import org.jsoup.select.NodeVisitor;
import org.jsoup.select.Selector;
import org.jspecify.annotations.Nullable;

/// Reads HTML: pages, and the pieces of it that stand in Markdown.
final class HtmlPage {
  /// Elements that name something to load or to go to. No `preconnect`: that names a host only.
  private static final Evaluator LINKING =
      Selector.evaluatorOf(
          "a[href], area[href], link[href]:not([rel~=(?i)preconnect|dns-prefetch]), img,"
              + " script[src], iframe[src], frame[src], source, video, audio[src], track[src],"
              + " embed[src], object[data], input[type=image][src]");

  private static final List<String> ATTRIBUTES = List.of("href", "src", "poster", "data");

  /// One of the images of a `srcset`: a URL, which may hold commas but does not end in one, and how
  /// large the image is.
  private static final Pattern CANDIDATE = Pattern.compile("(\\S*[^\\s,])(?:\\s[^,]*)?(?:,|$)");

  private HtmlPage() {}

  /// @param charset as the server says; null if it does not, then as the page says
  static void visit(URI url, byte[] body, @Nullable Charset charset, PageVisitor visitor) {
    try {
      Document document =
          Jsoup.parse(
              new ByteArrayInputStream(body),
              charset == null ? null : charset.name(),
              url.toString(),
              Parser.htmlParser().setTrackPosition(true));
      visit(document, base(url, document), 0, visitor);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // an array can be read
    }
  }

  /// Tells what the elements below the root say.
  ///
  /// @param linesBefore how many lines of the page come before the root
  static void visit(Element root, URI base, int linesBefore, PageVisitor visitor) {
    NodeVisitor ofJsoup =
        (node, _) -> {
          if (node instanceof Element element) {
            visitOne(element, base, linesBefore, visitor);
          }
        };
    root.traverse(ofJsoup);
  }

  private static void visitOne(Element element, URI base, int linesBefore, PageVisitor visitor) {
    if (element.is(LINKING)) {
      int line = element.sourceRange().start().lineNumber() + linesBefore;
      for (String href : hrefs(element)) {
        visitor.link(base, new Link(href, line));
      }
    }
    if (element.hasAttr("id")) {
      visitor.anchor(element.attr("id"));
    }
    if (element.nameIs("a") && element.hasAttr("name")) {
      visitor.anchor(element.attr("name"));
    }
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
