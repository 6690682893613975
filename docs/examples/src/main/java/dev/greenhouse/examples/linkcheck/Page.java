package dev.greenhouse.examples.linkcheck;

import java.net.URI;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/// Documents with links.
final class Page {
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

  private Page() {}

  /// Reads a document, if it is a page, and tells what stands on it.
  static void visit(Fetched.Document document, PageVisitor visitor) {
    switch (document.kind()) {
      case HTML -> HtmlPage.visit(document.url(), document.body(), document.charset(), visitor);
      case MARKDOWN -> MarkdownPage.visit(document.url(), document.body(), visitor);
      case NONE -> {}
    }
  }

  /// {@return what the fragment of a link to this document may name}
  static Set<String> anchors(Fetched.Document document) {
    var anchors = new HashSet<String>();
    visit(
        document,
        new PageVisitor() {
          @Override
          public void link(URI base, Link link) {}

          @Override
          public void anchor(String name) {
            anchors.add(name);
          }
        });
    return anchors;
  }
}
