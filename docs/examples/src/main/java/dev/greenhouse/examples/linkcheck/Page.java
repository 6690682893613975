package dev.greenhouse.examples.linkcheck;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// What a page says.
///
/// @param base the address that its links are relative to
/// @param links the links that stand on it, in their order
/// @param anchors what a link's fragment may name
record Page(URI base, List<Link> links, Set<String> anchors) {
  /// How a page is written.
  enum Kind {
    HTML,
    MARKDOWN,

    /// No page: an image, a program, a text without links.
    NONE;

    /// Goes by the content type; by the name if that says nothing, as servers often don't know
    /// Markdown.
    static Kind of(String contentType, URI url) {
      int parameters = contentType.indexOf(';');
      String type =
          (parameters < 0 ? contentType : contentType.substring(0, parameters))
              .strip()
              .toLowerCase(Locale.ROOT);
      return switch (type) {
        case "text/html", "application/xhtml+xml" -> HTML;
        case "text/markdown", "text/x-markdown" -> MARKDOWN;
        case "", "text/plain", "application/octet-stream" -> ofName(url.getPath());
        default -> NONE;
      };
    }

    static Kind ofName(String name) {
      String lower = name.toLowerCase(Locale.ROOT);
      if (lower.endsWith(".md") || lower.endsWith(".markdown")) {
        return MARKDOWN;
      }
      return lower.endsWith(".html") || lower.endsWith(".htm") ? HTML : NONE;
    }
  }

  /// {@return what a document says; empty if it is no page}
  static Optional<Page> of(Fetched.Document document) {
    return switch (document.kind()) {
      case HTML -> Optional.of(HtmlPage.parse(document.url(), document.body(), document.charset()));
      case MARKDOWN -> Optional.of(MarkdownPage.parse(document.url(), document.body()));
      case NONE -> Optional.empty();
    };
  }

  Page {
    links = List.copyOf(links);
    anchors = Set.copyOf(anchors);
  }
}
