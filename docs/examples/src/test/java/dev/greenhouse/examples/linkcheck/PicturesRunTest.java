package dev.greenhouse.examples.linkcheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class PicturesRunTest {
  private static final Path FULL = Path.of("/dev/full");

  @TempDir private Path folder;

  @Test
  void traceAndTimelineHaveTheTaskOfEveryPage() throws IOException {
    Path site = Files.createDirectory(folder.resolve("site"));
    Files.writeString(site.resolve("README.md"), "# Home\n[a](a.md) [b](b.md) [none](none.md)");
    Files.writeString(site.resolve("a.md"), "[home](README.md)");
    Files.writeString(site.resolve("b.md"), "[home](README.md)");
    Path trace = folder.resolve("run.json");
    Path timeline = folder.resolve("run.html");
    Run run =
        Run.of("--trace", trace.toString(), "--timeline", timeline.toString(), site.toString());
    assertThat(run.status()).isEqualTo(Main.BROKEN_LINKS);
    assertThat(run.err()).isEmpty();
    for (Path picture : new Path[] {trace, timeline}) {
      assertThat(Files.readString(picture))
          .contains("\"a.md\"", "\"b.md\"", "linkcheck", "links of README.md");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--trace", "--timeline"})
  void aFileThatCantBeWrittenEndsTheProgramBeforeTheCrawl(String option) {
    Path file = folder.resolve("nowhere/run");
    Run run = Run.of(option, file.toString(), folder.toString());
    assertThat(run.status()).isEqualTo(Main.BAD_INPUT);
    assertThat(run.err())
        .isEqualTo(
            "linkcheck: The timeline can't be written to '%s': its folder does not exist. Name a file in a folder that exists and may be written.\n"
                .formatted(file));
    assertThat(run.out()).isEmpty();
  }

  /// Such a device is always full.
  @ParameterizedTest
  @ValueSource(strings = {"--trace", "--timeline"})
  void aFullDiskAtTheEndIsOneSentenceAndTheRunHasItsResult(String option) throws IOException {
    assumeTrue(Files.exists(FULL), "there is no " + FULL);
    Path site = Files.createDirectory(folder.resolve("site"));
    Files.writeString(site.resolve("README.md"), "# Home\n[none](none.md)");
    Run run = Run.of(option, FULL.toString(), site.toString());
    assertThat(run.status()).isEqualTo(Main.BROKEN_LINKS);
    assertThat(run.out()).contains("none.md");
    assertThat(run.err())
        .isEqualTo(
            "linkcheck: '%s' ends early, after 0 records: No space left on device. Write it again where there is room.\n"
                .formatted(FULL));
  }
}
