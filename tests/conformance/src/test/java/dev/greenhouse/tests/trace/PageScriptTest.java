package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.greenhouse.tests.NothingLeft;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// What the page's script calculates, run by Node where that is installed.
@ExtendWith(NothingLeft.class)
@Timeout(120)
class PageScriptTest {
  @TempDir private Path folder;

  @Test
  void calculatesWhatIsDrawn() throws Exception {
    int tasks = 12;
    Optional<String> node = Browser.onPath("node");
    assumeTrue(node.isPresent(), "Node is not installed.");
    Path page = folder.resolve("page.html");
    Garden.timeline(tasks).writeHtml(page);
    Path script = folder.resolve("page-test.js");
    try (InputStream in = PageScriptTest.class.getResourceAsStream("page-test.js")) {
      Files.copy(in, script);
    }
    Process process =
        new ProcessBuilder(node.get(), script.toString(), page.toString(), Integer.toString(tasks))
            .redirectErrorStream(true)
            .start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(output).isEqualTo("all is well\n");
    assertThat(process.exitValue()).isZero();
  }
}
