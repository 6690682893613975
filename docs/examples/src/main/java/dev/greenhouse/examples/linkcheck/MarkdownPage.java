package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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

  static Page parse(URI url, byte[] body) {
    String text = new String(body, UTF_8);
    var reader = new Reader();
    PARSER.parse(text.startsWith("\uFEFF") ? text.substring(1) : text).accept(reader);
    return new Page(url, reader.links, reader.anchors);
  }

  private static final class Reader extends AbstractVisitor {
    final List<Link> links = new ArrayList<>();
    final Set<String> anchors = new HashSet<>();
    private final Slugs slugs = new Slugs();

    @Override
    public void visit(org.commonmark.node.Link link) {
      links.add(new Link(link.getDestination(), line(link)));
      visitChildren(link);
    }

    @Override
    public void visit(Image image) {
      links.add(new Link(image.getDestination(), line(image)));
      visitChildren(image);
    }

    @Override
    public void visit(Heading heading) {
      var text = new HeadingText();
      heading.accept(text);
      anchors.add(slugs.next(text.toString()));
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
      HtmlPage.collect(document, Math.max(0, line(node) - 1), links, anchors);
      for (Element heading : document.select("h1, h2, h3, h4, h5, h6")) {
        anchors.add(slugs.next(heading.text()));
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
