package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HtmlPageTest {
  private static final URI URL = URI.create("http://host/a/page.html");

  @Test
  void findsWhatIsLinkedAndLoaded() {
    Collected page =
        parse(
            """
            <link rel="stylesheet" href="style.css">
            <link rel="preconnect" href="https://fonts.example">
            <script src="code.js"></script>
            <a href="one.html">1</a> <a>no link</a>
            <img src="image.png" srcset="small,1.png 1x, large.png 2x">
            <map><area href="area.html"></map> <iframe src="frame.html"></iframe>
            <video src="film.mp4" poster="poster.png"></video>
            <object data="thing.svg"></object>
            """);
    assertThat(page.links())
        .extracting(Link::href)
        .containsExactlyInAnyOrder(
            "style.css",
            "code.js",
            "one.html",
            "image.png",
            "small,1.png",
            "large.png",
            "area.html",
            "frame.html",
            "film.mp4",
            "poster.png",
            "thing.svg");
  }

  @Test
  void linksKnowTheirLines() {
    assertThat(parse("<p>\n<a href=x>x</a>\n\n<img src=y>").links())
        .containsExactly(new Link("x", 2), new Link("y", 4));
  }

  @Test
  void idsAndNamesAreAnchors() {
    assertThat(parse("<h1 id=one>1</h1><a name=two></a><input name=three>").anchors())
        .containsExactlyInAnyOrder("one", "two");
  }

  @Test
  void aBaseElementChangesWhatLinksAreRelativeTo() {
    assertThat(parse("<base href='/other/'><a href=x>x</a>").bases())
        .containsExactly(URI.create("http://host/other/"));
  }

  @Test
  void theServersCharsetCountsBeforeThePages() {
    byte[] body = "<meta charset=iso-8859-1><a href='grün'>x</a>".getBytes(UTF_8);
    assertThat(parse(body, UTF_8).links()).extracting(Link::href).containsExactly("grün");
  }

  @Test
  void anUnknownCharsetDoesNotStopTheCrawl() {
    assertThat(parse("<meta charset=no-such><a href='x'>x</a>").links()).hasSize(1);
    assertThat(parse("<meta charset='???'><a href='x'>x</a>").links()).hasSize(1);
  }

  private static Collected parse(String html) {
    return parse(html.getBytes(UTF_8), null);
  }

  private static Collected parse(byte[] body, @Nullable Charset charset) {
    var page = new Collected();
    HtmlPage.visit(URL, body, charset, page);
    return page;
  }
}
