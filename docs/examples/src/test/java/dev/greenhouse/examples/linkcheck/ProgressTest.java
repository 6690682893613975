package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final AtomicLong now = new AtomicLong();

  @Test
  void onATerminalOneLineIsWrittenOverAndThenCleared() {
    Progress progress = progress(true);
    progress.pageRead("a.md");
    now.addAndGet(TimeUnit.SECONDS.toNanos(1));
    progress.answered(true);
    progress.finished();
    assertThat(bytes.toString(UTF_8))
        .isEqualTo(
            "\r%-79s\r%-79s\r%79s\r"
                .formatted(
                    "1 page read, 0 addresses checked, 0 broken: a.md",
                    "1 page read, 1 address checked, 1 broken: a.md",
                    ""));
  }

  @Test
  void aTerminalIsNotFlooded() {
    Progress progress = progress(true);
    for (int i = 0; i < 1000; i++) {
      progress.answered(false);
    }
    assertThat(bytes.size()).isEqualTo(80);
  }

  @Test
  void longNamesDoNotWrap() {
    progress(true).pageRead("long".repeat(100));
    assertThat(bytes.toString(UTF_8)).hasSize(80).endsWith("...");
  }

  @Test
  void elsewhereThereAreFewerLinesTheMorePagesThereAre() {
    Progress progress = progress(false);
    for (int i = 0; i < 250; i++) {
      progress.pageRead("p");
    }
    progress.finished();
    assertThat(bytes.toString(UTF_8).lines()).hasSize(9 + 9 + 2);
    assertThat(bytes.toString(UTF_8)).doesNotContain("\r ");
  }

  private Progress progress(boolean terminal) {
    return new Progress(new PrintStream(bytes, true, UTF_8), terminal, now::get);
  }
}
