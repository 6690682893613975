package dev.greenhouse.guide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.tree.TaskAges;
import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.instrumentation.tree.TreeDump;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import java.util.ArrayList;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// The blocks of `docs/guide/trees.md`.
@Timeout(30)
class TreesTest {
  private static void serve() {
    Task.checkpoint();
  }

  @Test
  void aTreeIsPrintedAndRead() {
    var end = new CompletableFuture<String>();
    var stubborn = new ArrayList<String>();
    // region tree-ages
    var greenhouse = Greenhouse.builder().name("shop").instrument(TaskAges.create()).build();
    // endregion
    Task<String> deaf = greenhouse.launch(() -> end.join());
    deaf.cancel("enough");
    while (stubborn.isEmpty()) {
      // region tree-object
      TaskTree tree = TaskTree.of(greenhouse);
      tree.forEach(
          task -> {
            if (task.cancelled().isPresent() && task.state() == TaskState.WAITING) {
              stubborn.add(task.name() + ": " + task.doing());
            }
          });
      // endregion
    }
    // region tree
    System.err.println(TaskTree.of(greenhouse));
    // endregion
    assertThat(stubborn).first().asString().startsWith("main: ");
    assertThat(TaskTree.of(greenhouse).toText(300)).contains("greenhouse 'shop': 1 task", " old");
    end.complete("at last");
    greenhouse.close();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aSignalPrintsIt() {
    try (var greenhouse = Greenhouse.builder().build()) {
      // region tree-dump
      try (var _ = TreeDump.onSignal("USR1", greenhouse)) {
        greenhouse.run(() -> serve());
      }
      // endregion
    }
  }

  // region tree-suspension
  static final class Bell {
    private final Queue<Suspension<String>> waiting = new ConcurrentLinkedQueue<>();

    String await() {
      var suspension = Suspension.<String>create(this);
      waiting.add(suspension);
      return suspension.await();
    }

    @Override
    public String toString() {
      return "Bell.await";
    }
  }

  // endregion

  @Test
  void aWaitOfOnesOwnHasAName() {
    var bell = new Bell();
    try (var nursery = Nursery.open()) {
      Task<String> guest = nursery.fork("guest", bell::await);
      while (guest.waitsFor().isEmpty()) {
        Task.checkpoint();
      }
      assertThat(guest.waitsFor()).contains("Bell.await");
      bell.waiting.forEach(s -> s.resume("ding"));
      assertThat(guest.join()).isEqualTo("ding");
    }
  }
}
