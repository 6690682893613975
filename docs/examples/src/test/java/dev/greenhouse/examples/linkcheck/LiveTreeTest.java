package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// `--tree`: what a run that waits is waiting for.
@Timeout(60)
class LiveTreeTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aSignalShowsWhatTheRunWaitsFor() throws Exception {
    try (var server = new SilentServer("<a href=/silent>1</a> <a href=/stalled>2</a>")) {
      var program =
          new Main(
              new PrintStream(PrintStream.nullOutputStream()),
              new PrintStream(err, true, UTF_8),
              false,
              Path.of("").toAbsolutePath());
      var run =
          new FutureTask<>(
              () -> program.run(List.of("--tree", "--timeout", "50", server.url("/"))));
      Thread.ofPlatform().start(run);
      server.asked.acquire(2);
      long pid = ProcessHandle.current().pid();
      assertThat(err.toString(UTF_8)).contains("kill -USR1 " + pid + " shows the task tree.");
      // The server has the requests a moment before the task waits for their answers.
      while (!err.toString(UTF_8).contains("await HttpClient · portal tree · deadline in 4")) {
        signal(pid);
      }
      assertThat(err.toString(UTF_8))
          .contains("close of nursery '" + server.url("/") + "'")
          .contains(Fetcher.class.getName());
      program.interrupt();
      assertThat(run.get()).isEqualTo(Main.INTERRUPTED);
    }
  }

  @Test
  void aStallShowsTheTreeWithWhoCausesIt() throws Exception {
    Options options = Options.parse(List.of("--tree"));
    try (var tree = LiveTree.of(options, new PrintStream(err, true, UTF_8))) {
      var builder = Greenhouse.builder().name("stalled").singleThreaded();
      tree.instruments().forEach(builder::instrument);
      try (var greenhouse = builder.build()) {
        greenhouse.run(
            () -> {
              try (var nursery = Nursery.open("beds")) {
                nursery.fork("sleeper", () -> Task.sleepForever());
                Task.checkpoint();
                nursery.fork("digger", this::digUntilTheTreeIsShown).join();
                nursery.cancel();
              }
            });
      }
    }
    String shown = err.toString(UTF_8);
    assertThat(shown.substring(shown.indexOf("Task 'digger' has held the loop")))
        .contains("greenhouse 'stalled': 3 tasks", "sleepForever", "digUntilTheTreeIsShown");
  }

  /// Keeps the loop until then.
  private void digUntilTheTreeIsShown() {
    while (!err.toString(UTF_8).contains("greenhouse 'stalled': 3 tasks")) {
      Thread.onSpinWait();
    }
  }

  /// Returns when the tree is shown.
  private void signal(long pid) throws IOException, InterruptedException {
    int before = err.toString(UTF_8).length();
    new ProcessBuilder("kill", "-USR1", Long.toString(pid)).start().waitFor();
    while (!err.toString(UTF_8).substring(before).contains("greenhouse 'linkcheck'")) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }
}
