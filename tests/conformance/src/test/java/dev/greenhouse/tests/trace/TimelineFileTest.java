package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.instrumentation.trace.TimelineFile;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.ChildJvm;
import dev.greenhouse.tests.NothingLeft;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files that can't be written, or not to the end.
@ExtendWith(NothingLeft.class)
@Timeout(60)
class TimelineFileTest {
  @TempDir private Path folder;

  /// A timeline of some hundred tasks.
  private static Timeline recorded() {
    var timeline = Timeline.recording();
    try (var greenhouse = Greenhouse.builder().name("files").parallelism(2).build()) {
      greenhouse.instruments().add(timeline);
      greenhouse.run(
          () ->
              Nursery.run(
                  nursery -> {
                    for (int i = 0; i < 500; i++) {
                      nursery.fork("task number " + i, () -> Task.checkpoint());
                    }
                  }));
    }
    return timeline;
  }

  @Test
  void writesBothPicturesAndReplacesWhatWasThere() throws IOException {
    Timeline timeline = recorded();
    Path json = Files.writeString(folder.resolve("t.json"), "old".repeat(1_000_000));
    timeline.writeJson(json);
    assertThat(Trace.parse(Files.readString(json)).labels()).contains("main", "task number 499");
    Path html = folder.resolve("t.html");
    timeline.writeHtml(html);
    assertThat(Files.readString(html)).contains("task number 499").endsWith("</html>\n");
  }

  @Test
  void whatIsWrongWithAFileIsSaidAtTheStart() {
    var timeline = Timeline.recording();
    Path nowhere = folder.resolve("no/such/folder/t.json");
    assertThatIOException()
        .isThrownBy(() -> timeline.openJson(nowhere))
        .withMessage(
            "The timeline can't be written to '%s': its folder does not exist. Name a file in a"
                + " folder that exists and may be written.",
            nowhere);
    assertThatIOException()
        .isThrownBy(() -> timeline.openHtml(folder))
        .withMessageContaining("it is a folder");
    assertThatIOException().isThrownBy(() -> timeline.writeJson(nowhere));
    assertThatIOException().isThrownBy(() -> timeline.writeHtml(nowhere));
  }

  @Test
  void aFileThatWasOnlyOpenedStaysAsItWas() throws IOException {
    Path file = Files.writeString(folder.resolve("t.json"), "precious");
    Timeline.recording().openJson(file).close();
    assertThat(file).hasContent("precious");
  }

  @Test
  void anOpenFileIsWrittenWhenTheWorkIsDone() throws IOException {
    Path file = folder.resolve("t.json");
    var timeline = Timeline.recording();
    try (var out = timeline.openJson(file);
        var greenhouse = Greenhouse.builder().instrument(timeline).parallelism(2).build()) {
      greenhouse.run(() -> Task.checkpoint());
      out.write();
      assertThat(out.path()).isEqualTo(file);
    }
    assertThat(Trace.parse(Files.readString(file)).labels()).containsExactly("main");
  }

  /// Takes so many bytes, and refuses what would be more.
  private static final class Full extends OutputStream {
    final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private final int room;

    Full(int room) {
      this.room = room;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (taken.size() + length > room) {
        throw new IOException("No space left on device");
      }
      taken.write(bytes, from, length);
    }

    String text() {
      return taken.toString(StandardCharsets.UTF_8);
    }
  }

  @Test
  void aStreamThatIsFullInTheMiddleEndsWithANote() throws IOException {
    Timeline timeline = recorded();
    for (int room : new int[] {12_000, 40_000, 60_001}) {
      var full = new Full(room);
      assertThatIOException()
          .isThrownBy(() -> timeline.writeJson(full))
          .withMessageMatching(
              "The trace ends early, after \\d+ records: No space left on device\\. Write it again"
                  + " where there is room\\.");
      // Its tasks may lack their ends, so it is not checked further than that it is JSON.
      var trace = Trace.json(full.text());
      assertThat(trace.get("traceEvents").size()).isGreaterThan(10);
      assertThat(trace.get("otherData").get("note").asText()).startsWith("The trace ends early");
    }
  }

  @Test
  void aPageThatIsFullInTheMiddleEndsWithANote() throws IOException {
    var full = new Full(60_000);
    Timeline timeline = recorded();
    assertThatIOException().isThrownBy(() -> timeline.writeHtml(full));
    assertThat(Page.data(full.text()).get("note").asText()).startsWith("The page ends early");
    assertThat(full.text()).endsWith("</html>\n");
  }

  @Test
  void aStreamThatTakesNothingIsReported() throws IOException {
    Timeline timeline = recorded();
    var full = new Full(0);
    assertThatIOException()
        .isThrownBy(() -> timeline.writeJson(full))
        .withMessageContaining("after 0 records");
    assertThat(full.text()).isEmpty();
  }

  /// Writes both pictures to files that may not grow.
  static final class Writer {
    public static void main(String[] args) {
      Timeline timeline = recorded();
      for (String name : args) {
        try {
          if (name.endsWith("json")) {
            timeline.writeJson(Path.of(name));
          } else {
            timeline.writeHtml(Path.of(name));
          }
          System.out.println("written");
        } catch (IOException e) {
          System.out.println(e.getMessage());
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"t.json", "t.html"})
  void aPipeIsWrittenToAsItIs(String name) throws Exception {
    Path stdout = Path.of("/dev/stdout");
    assumeTrue(Files.exists(stdout), "there is no " + stdout);
    Path link = Files.createSymbolicLink(folder.resolve(name), stdout);
    ChildJvm.Result result = ChildJvm.run(Writer.class, link.toString());
    assertThat(result.output()).contains("task number 499").endsWith("written\n");
    assertThat(result.exitCode()).isZero();
  }

  @Test
  void aClosedFileSaysSoAsAnyOtherThatCantBeWritten() throws IOException {
    Path file = folder.resolve("t.json");
    TimelineFile closed = Timeline.recording().openJson(file);
    closed.close();
    assertThatIOException()
        .isThrownBy(closed::write)
        .withMessageStartingWith("'" + file + "' ends early, after 0 records: ");
  }

  /// A limit for the size of files fails as a full disk does: in the middle of a write.
  @Test
  void aFileThatCantGrowIsEndedWithANoteInPlaceOfItsLastRecords() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "there is no shell that sets limits");
    Path json = folder.resolve("t.json");
    Path html = folder.resolve("t.html");
    Process process =
        new ProcessBuilder(
                "/bin/sh",
                "-c",
                "ulimit -f 96 && exec \"$@\"", // 48 KiB
                "sh",
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                Writer.class.getName(),
                json.toString(),
                html.toString())
            .redirectErrorStream(true)
            .start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(output).contains("'" + json + "' ends early", "'" + html + "' ends early");
    var trace = Trace.json(Files.readString(json));
    assertThat(trace.get("otherData").get("note").asText()).contains("ends early");
    assertThat(trace.get("traceEvents").size()).isGreaterThan(100);
    String page = Files.readString(html);
    assertThat(Page.data(page).get("note").asText()).contains("ends early");
    assertThat(page).endsWith("</html>\n");
  }
}
