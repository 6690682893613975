package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The page's script, run by Node with a stand-in for the browser, where Node is installed.
@ExtendWith(NothingLeft.class)
@Timeout(120)
class PageScriptTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {5, 5000})
  void drawsZoomsSearchesAndTellsWithSoManyTasks(int tasks) throws Exception {
    Optional<String> node = onPath("node");
    assumeTrue(node.isPresent(), "Node is not installed");
    Path page = folder.resolve("page.html");
    record(tasks).writeHtml(page);
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

  /// Main, one that fails, one that is cancelled, and others.
  private static Timeline record(int tasks) {
    var timeline = Timeline.recording();
    try (OpenGreenhouse greenhouse = Kind.available().getFirst().build(timeline)) {
      greenhouse.run(
          () -> {
            Nursery.run(
                nursery -> {
                  for (int i = 2; i < tasks - 1; i++) {
                    nursery.fork("task " + i, () -> Task.checkpoint());
                  }
                });
            assertThatThrownBy(
                    () ->
                        Nursery.run(
                            nursery -> {
                              nursery.fork("sleeper", () -> Task.sleepForever());
                              Task.checkpoint();
                              nursery.fork(
                                  "broken",
                                  () -> {
                                    throw new IOException("the hose leaks");
                                  });
                            }))
                .isInstanceOf(NurseryFailedException.class);
          });
    }
    return timeline;
  }

  private static Optional<String> onPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }
}
