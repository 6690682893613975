package dev.greenhouse.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.instrumentation.trace.TimelineFile;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The blocks of `docs/guide/timeline.md`.
@Timeout(30)
class TimelineTest {
  private final List<String> baskets = List.of("apples", "pears");
  @TempDir private Path folder;

  private static void checkOut(List<String> baskets) {
    try (var nursery = Nursery.open("check out")) {
      baskets.forEach(basket -> nursery.fork(basket, () -> Task.checkpoint()));
    }
  }

  @Test
  void aRunIsRecordedAndDrawn() throws IOException {
    // region timeline-record
    var timeline = Timeline.recording();
    try (var greenhouse = Greenhouse.builder().instrument(timeline).build()) {
      greenhouse.run(() -> checkOut(baskets));
    }
    timeline.writeHtml(folder.resolve("run.html"));
    timeline.writeJson(folder.resolve("run.json"));
    // endregion
    assertThat(folder.resolve("run.html")).content().contains("apples", "pears", "check out");
    assertThat(folder.resolve("run.json")).content().contains("apples", "pears", "check out");
  }

  @Test
  void aRunningProgramIsDrawn() throws IOException {
    var out = new ByteArrayOutputStream();
    // region timeline-common
    var timeline = Timeline.recording(10_000); // events of each carrier
    var instruments = Greenhouse.common().instruments();
    instruments.add(timeline);
    try {
      checkOut(baskets);
      timeline.writeHtml(out);
    } finally {
      instruments.remove(timeline);
    }
    // endregion
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("apples", "pears");
    assertThat(timeline.lost()).isZero();
  }

  private void recordTo(Path path) throws IOException {
    // region timeline-open
    var timeline = Timeline.recording();
    try (TimelineFile file = timeline.openHtml(path); // fails here, if it can't be written
        var greenhouse = Greenhouse.builder().instrument(timeline).build()) {
      greenhouse.run(() -> checkOut(baskets));
      file.write();
    }
    // endregion
  }

  @Test
  void aFileIsOpenedBeforeTheWork() throws IOException {
    recordTo(folder.resolve("run.html"));
    assertThat(Files.readString(folder.resolve("run.html"))).contains("apples");
    assertThatIOException()
        .isThrownBy(() -> recordTo(folder.resolve("nowhere/run.html")))
        .withMessageContaining("its folder does not exist");
  }
}
