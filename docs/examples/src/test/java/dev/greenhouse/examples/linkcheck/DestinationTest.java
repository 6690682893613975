package dev.greenhouse.examples.linkcheck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.examples.linkcheck.Destination.Elsewhere;
import dev.greenhouse.examples.linkcheck.Destination.Invalid;
import dev.greenhouse.examples.linkcheck.Destination.Place;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DestinationTest {
  private static final URI BASE = URI.create("http://host/a/b.html?q=1");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          c.html                    | http://host/a/c.html
          ./c/../d                  | http://host/a/d
          ../c                      | http://host/c
          /c                        | http://host/c
          /c/../d/./e               | http://host/d/e
          ..                        | http://host/
          .                         | http://host/a/
          c/%2E%2E/d                | http://host/a/d
          x//y                      | http://host/a/x//y
          /web/http://other/        | http://host/web/http://other/
          ''                        | http://host/a/b.html?q=1
          ?q=2                      | http://host/a/b.html?q=2
          //other/c                 | http://other/c
          HTTP://Other:80           | http://other/
          https://other:443/c       | https://other/c
          https://other:8443/c      | https://other:8443/c
          http://user@other/        | http://user@other/
          http://[::1]:8080/c       | http://[::1]:8080/c
          with space                | http://host/a/with%20space
          with%20escape             | http://host/a/with%20escape
          100%                      | http://host/a/100%25
          b{c}[d]                   | http://host/a/b%7Bc%7D%5Bd%5D
          grün                      | http://host/a/gr%C3%BCn
          http://grün.example/      | http://xn--grn-ioa.example/
          folder\\file              | http://host/a/folder/file
          c?x=a b&y=\\              | http://host/a/c?x=a%20b&y=%5C
          """,
      quoteCharacter = '\'')
  void resolvesAsBrowsersDo(String href, String url) {
    assertThat(Destination.of(BASE, href)).isEqualTo(new Place(URI.create(url), "", false));
  }

  @Test
  void blanksAroundAndLineBreaksInsideDoNotCount() {
    assertThat(Destination.of(BASE, "  c\n.html "))
        .isEqualTo(new Place(URI.create("http://host/a/c.html"), "", false));
  }

  @ParameterizedTest
  @CsvSource({
    "#x,x",
    "#gr%C3%BCn,grün",
    "#a+b,a+b",
    "#50%,50%",
    "#:~:text=word,''",
    "#x:~:text=word,x",
    "#,''"
  })
  void fragmentsAreDecoded(String href, String fragment) {
    assertThat(Destination.of(BASE, href)).isEqualTo(new Place(BASE, fragment, false));
  }

  @Test
  void knowsLinksAboveTheRoot() {
    assertThat(Destination.of(BASE, "../../c"))
        .isEqualTo(new Place(URI.create("http://host/c"), "", true));
    assertThat(Destination.of(BASE, "../..c"))
        .isEqualTo(new Place(URI.create("http://host/..c"), "", false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"mailto:a@b.c", "javascript:void(0)", "data:text/plain,x", "TEL:+1"})
  void otherSchemesLeadElsewhere(String href) {
    assertThat(Destination.of(BASE, href)).isInstanceOf(Elsewhere.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://", "http:c", "http://[::1/c", "http://a b/c", "https://:80/"})
  void whatIsNoUrlIsInvalid(String href) {
    assertThat(Destination.of(BASE, href)).isInstanceOf(Invalid.class);
  }
}
