package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MarkdownPageTest {
  @Test
  void findsLinksImagesAndReferencesWithTheirLines() {
    Collected page =
        parse(
            """
            # Title [in title](title.md)

            Text [inline](inline.md "with title") and
            ![image](image.png), <https://auto.example>,
            [full][ref], [ref], [![badge](badge.svg)](badge.md).

            | a | b |
            |---|---|
            | [cell](cell.md) | x |

            [ref]: ref.md
            """);
    assertThat(page.links())
        .containsExactlyInAnyOrder(
            new Link("title.md", 1),
            new Link("inline.md", 3),
            new Link("image.png", 4),
            new Link("https://auto.example", 4),
            new Link("ref.md", 5),
            new Link("ref.md", 5),
            new Link("badge.svg", 5),
            new Link("badge.md", 5),
            new Link("cell.md", 9));
  }

  @Test
  void findsLinksInPiecesOfHtml() {
    Collected page =
        parse(
            """
            Text <a href="inline.html">x</a>

            <table>
            <tr><td id="cell"><img src="image.png"></td>
            </table>
            """);
    assertThat(page.links()).containsExactly(new Link("inline.html", 1), new Link("image.png", 4));
    assertThat(page.anchors()).containsExactly("cell");
  }

  @Test
  void codeHoldsNoLinks() {
    assertThat(parse("`[a](b)`\n\n    [a](b)\n\n```\n[a](b)\n```\n").links()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # Getting started               | getting-started
          # What's new?                   | whats-new
          # `Task.join()` and *others*    | taskjoin-and-others
          # A - b                         | a---b
          # snake_case                    | snake_case
          # Über uns                      | über-uns
          # [Linked](x.md) title          | linked-title
          # 1. First                      | 1-first
          # Rocket 🚀 science             | rocket--science
          <h2 align="center">Logo</h2>    | logo
          <a name="Custom"></a>           | Custom
          """)
  void headingsHaveTheAnchorsThatGitHubMakes(String markdown, String anchor) {
    assertThat(parse(markdown).anchors()).containsExactly(anchor);
  }

  @Test
  void equalHeadingsAreNumbered() {
    assertThat(parse("# A\n\n# A\n\n# A-1\n\n# A\n").anchors())
        .containsExactlyInAnyOrder("a", "a-1", "a-1-1", "a-2");
  }

  @Test
  void aByteOrderMarkIsNoText() {
    assertThat(parse("\uFEFF# Title").anchors()).containsExactly("title");
  }

  private static Collected parse(String markdown) {
    var page = new Collected();
    MarkdownPage.visit(URI.create("http://host/page.md"), markdown.getBytes(UTF_8), page);
    return page;
  }
}
