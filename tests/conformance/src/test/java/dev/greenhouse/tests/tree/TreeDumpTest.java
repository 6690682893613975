package dev.greenhouse.tests.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.tree.TreeDump;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;

/// A tree is printed when the process gets a signal.
@ExtendWith(NothingLeft.class)
@DisabledOnOs(OS.WINDOWS)
class TreeDumpTest {
  private static void signal() throws IOException, InterruptedException {
    String me = Long.toString(ProcessHandle.current().pid());
    assertThat(new ProcessBuilder("kill", "-USR1", me).start().waitFor()).isZero();
  }

  /// Nobody else can print it: the task holds all carriers.
  @OnEveryKind
  void alsoWhileAllCarriersAreStuck(Kind kind) throws Exception {
    var text = new ByteArrayOutputStream();
    var stop = new AtomicBoolean();
    try (OpenGreenhouse greenhouse = kind.build();
        var out = new PrintStream(text, true, StandardCharsets.UTF_8);
        var dump = TreeDump.onSignal("USR1", greenhouse, out)) {
      Task<?> one = greenhouse.launch(() -> busy(stop));
      Task<?> two = greenhouse.launch(() -> busy(stop));
      Eventually.holds("one of them runs", () -> one.steps() + two.steps() > 0);
      signal();
      Eventually.run(
          () ->
              assertThat(text.toString(StandardCharsets.UTF_8))
                  .contains("greenhouse '" + greenhouse.name() + "': 2 tasks")
                  .contains("main: runs in ")
                  .contains("TreeDumpTest.busy("));
      stop.set(true);
      assertThat(dump).isNotNull();
    }
  }

  private static boolean busy(AtomicBoolean stop) {
    while (!stop.get()) {
      Thread.onSpinWait();
    }
    return true;
  }

  @OnEveryKind
  void closingRestoresWhatWasThere(Kind kind) throws Exception {
    var outer = new ByteArrayOutputStream();
    var inner = new ByteArrayOutputStream();
    try (OpenGreenhouse greenhouse = kind.build();
        var first =
            TreeDump.onSignal(
                "USR1", greenhouse, new PrintStream(outer, true, StandardCharsets.UTF_8))) {
      var second =
          TreeDump.onSignal(
              "USR1", greenhouse, new PrintStream(inner, true, StandardCharsets.UTF_8));
      second.close();
      second.close(); // once is enough
      signal();
      Eventually.run(() -> assertThat(outer.toString(StandardCharsets.UTF_8)).contains("0 tasks"));
      assertThat(inner.size()).isZero();
      assertThat(first).isNotNull();
    }
  }

  @Test
  void aSignalThatCannotBeHadIsRefused() {
    try (OpenGreenhouse greenhouse = Kind.POOL.build()) {
      for (String signal : new String[] {"QUIT", "NOSUCH"}) {
        assertThatThrownBy(() -> TreeDump.onSignal(signal, greenhouse, System.out))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("Signal '" + signal + "' can't be had here")
            .hasMessageContaining("TaskTree.of(greenhouse)");
      }
    }
  }
}
