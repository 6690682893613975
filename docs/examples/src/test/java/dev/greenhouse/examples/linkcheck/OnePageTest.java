package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OnePageTest {
  private final TestServer server;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  OnePageTest() throws IOException {
    server = new TestServer();
  }

  @AfterEach
  void close() {
    server.close();
  }

  private int run(String start) {
    return OnePage.run(
        start,
        Path.of("").toAbsolutePath(),
        new PrintStream(out, true, UTF_8),
        new PrintStream(err, true, UTF_8));
  }

  @Test
  void checksTheLinksOfOnePageInTheParsersCallback() {
    server
        .html("/", "<a href=/there>1</a>\n<a href=/gone>2</a>\n<a href='/there#x'>3</a>")
        .html("/there", "<a href=never-asked>x</a>");
    assertThat(run(server.url("/"))).isEqualTo(Main.BROKEN_LINKS);
    assertThat(out.toString(UTF_8))
        .contains("line 2: /gone: HTTP status 404")
        .containsPattern("1 broken\\. The loop beat \\d+ times meanwhile\\.")
        .contains("withPortalRunTree can't give them portals");
    assertThat(Collections.frequency(server.requests, "HEAD /there")).isEqualTo(1);
    assertThat(server.requests).doesNotContain("GET /never-asked", "HEAD /never-asked");
  }

  @Test
  void whatCannotBeReadIsSaidInOneSentence() {
    assertThat(run(server.url("/none"))).isEqualTo(Main.BAD_INPUT);
    assertThat(err.toString(UTF_8))
        .isEqualTo(
            "onepage: %s can't be read: java.io.IOException: HTTP status 404%n"
                .formatted(server.url("/none")));
    assertThat(run("ftp://host/")).isEqualTo(Main.BAD_INPUT);
    assertThat(err.toString(UTF_8)).contains("Only http and https");
  }
}
