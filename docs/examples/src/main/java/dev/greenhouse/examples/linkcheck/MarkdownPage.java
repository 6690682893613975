package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.util.List;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.HardLineBreak;
import org.commonmark.node.Heading;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.HtmlInline;
import org.commonmark.node.Image;
import org.commonmark.node.Node;
import org.commonmark.node.SoftLineBreak;
import org.commonmark.node.Text;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.parser.ParseSettings;

/// Reads Markdown as GitHub shows it: CommonMark with tables, pieces of HTML, and anchors made of
/// the headings.
final class MarkdownPage {
  private static final Parser PARSER =
      Parser.builder()
          .extensions(List.of(TablesExtension.create()))
          .includeSourceSpans(IncludeSourceSpans.BLOCKS_AND_INLINES)
          .build();

  private MarkdownPage() {}

  static void visit(URI url, byte[] body, PageVisitor visitor) {
    String text = new String(body, UTF_8);
    PARSER
        .parse(text.startsWith("\uFEFF") ? text.substring(1) : text)
        .accept(new Reader(url, visitor));
  }

  private static final class Reader extends AbstractVisitor {
    private final URI url;
    private final PageVisitor visitor;
    private final Slugs slugs = new Slugs();

    Reader(URI url, PageVisitor visitor) {
      this.url = url;
      this.visitor = visitor;
    }

    @Override
    public void visit(org.commonmark.node.Link link) {
      visitor.link(url, new Link(link.getDestination(), line(link)));
      visitChildren(link);
    }

    @Override
    public void visit(Image image) {
      visitor.link(url, new Link(image.getDestination(), line(image)));
      visitChildren(image);
    }

    @Override
    public void visit(Heading heading) {
      var text = new HeadingText();
      heading.accept(text);
      visitor.anchor(slugs.next(text.toString()));
      visitChildren(heading);
    }

    @Override
    public void visit(HtmlBlock block) {
      html(block, block.getLiteral());
    }

    @Override
    public void visit(HtmlInline tag) {
      html(tag, tag.getLiteral());
    }

    /// A piece may begin or end in the middle of an element, or stand in one that HTML demands and
    /// the piece does not have. The XML parser takes every tag as it comes.
    private void html(Node node, String html) {
      var parser = org.jsoup.parser.Parser.xmlParser().settings(ParseSettings.htmlDefault);
      Document document = Jsoup.parse(html, "", parser.setTrackPosition(true));
      HtmlPage.visit(document, url, Math.max(0, line(node) - 1), visitor);
      for (Element heading : document.select("h1, h2, h3, h4, h5, h6")) {
        visitor.anchor(slugs.next(heading.text()));
      }
    }

    /// Inline nodes of a link's reference definition have no span; then their block's.
    private static int line(Node node) {
      for (Node n = node; n != null; n = n.getParent()) {
        if (!n.getSourceSpans().isEmpty()) {
          return n.getSourceSpans().getFirst().getLineIndex() + 1;
        }
      }
      return 0;
    }
  }

  /// A heading as it is read: without markup, tags and images.
  private static final class HeadingText extends AbstractVisitor {
    private final StringBuilder text = new StringBuilder();

    @Override
    public void visit(Text node) {
      text.append(node.getLiteral());
    }

    @Override
    public void visit(Code node) {
      text.append(node.getLiteral());
    }

    @Override
    public void visit(SoftLineBreak node) {
      text.append(' ');
    }

    @Override
    public void visit(HardLineBreak node) {
      text.append(' ');
    }

    @Override
    public void visit(Image node) {
      // Its description is not part of the anchor.
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
