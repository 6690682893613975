package dev.greenhouse.tests.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.instrumentation.tree.TreeDump;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.List;
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

  /// After the last one is closed the signal would end this JVM, as it did before.
  @OnEveryKind
  void severalShareASignalWhoeverIsClosedFirst(Kind kind) throws Exception {
    var seen = new LinkedBlockingQueue<String>();
    try (OpenGreenhouse greenhouse = kind.build();
        var _ = TreeDump.onSignal("USR1", greenhouse, tree -> seen.add("last"))) {
      var first = TreeDump.onSignal("USR1", greenhouse, tree -> seen.add("first"));
      var second = TreeDump.onSignal("USR1", greenhouse, tree -> seen.add("second"));
      signal();
      assertThat(List.of(seen.take(), seen.take(), seen.take()))
          .containsExactly("last", "first", "second");
      first.close();
      first.close(); // once is enough
      signal();
      assertThat(List.of(seen.take(), seen.take())).containsExactly("last", "second");
      second.close();
      signal();
      assertThat(seen.take()).isEqualTo("last");
      assertThat(seen).isEmpty();
    }
  }

  @OnEveryKind
  void oneThatThrowsHidesNoOther(Kind kind) throws Exception {
    var seen = new LinkedBlockingQueue<TaskTree>();
    try (var log = CapturedLog.begin();
        OpenGreenhouse greenhouse = kind.build();
        var _ =
            TreeDump.onSignal(
                "USR1",
                greenhouse,
                tree -> {
                  throw new IllegalStateException("no room for a tree");
                });
        var _ = TreeDump.onSignal("USR1", greenhouse, seen::add)) {
      signal();
      assertThat(seen.take().size()).isZero();
      log.await("no room for a tree");
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
