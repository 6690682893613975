package dev.greenhouse.tests.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.instrumentation.tree.TreeDump;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.concurrent.LinkedBlockingQueue;
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

  /// Nobody else can print it: the tasks hold all carriers.
  @OnEveryKind
  void alsoWhileAllCarriersAreStuck(Kind kind) throws Exception {
    var text = new LinkedBlockingQueue<String>();
    var stop = new AtomicBoolean();
    try (OpenGreenhouse greenhouse = kind.build();
        var _ = TreeDump.onSignal("USR1", greenhouse, tree -> text.add(tree.toString()))) {
      Task<?> one = greenhouse.launch(() -> busy(stop));
      Task<?> two = greenhouse.launch(() -> busy(stop));
      Eventually.holds("one of them runs", () -> one.steps() + two.steps() > 0);
      signal();
      assertThat(text.take())
          .contains("greenhouse '" + greenhouse.name() + "': 2 tasks")
          .contains("main: runs in ")
          .contains("TreeDumpTest.busy(");
      stop.set(true);
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
    var outer = new LinkedBlockingQueue<TaskTree>();
    var inner = new LinkedBlockingQueue<TaskTree>();
    try (OpenGreenhouse greenhouse = kind.build();
        var _ = TreeDump.onSignal("USR1", greenhouse, outer::add)) {
      var second = TreeDump.onSignal("USR1", greenhouse, inner::add);
      second.close();
      second.close(); // once is enough
      signal();
      assertThat(outer.take().size()).isZero();
      assertThat(inner).isEmpty();
    }
  }

  @Test
  void aSignalThatCannotBeHadIsRefused() {
    try (OpenGreenhouse greenhouse = Kind.POOL.build()) {
      for (String signal : new String[] {"QUIT", "NOSUCH"}) {
        assertThatThrownBy(() -> TreeDump.onSignal(signal, greenhouse))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("Signal '" + signal + "' can't be had here")
            .hasMessageContaining("TaskTree.of(greenhouse)");
      }
    }
  }
}
