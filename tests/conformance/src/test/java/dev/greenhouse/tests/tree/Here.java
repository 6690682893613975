package dev.greenhouse.tests.tree;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.tree.TaskNode;
import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import java.util.function.Consumer;

/// Looks at the tree of the current task's greenhouse.
final class Here {
  private Here() {}

  static TaskTree tree() {
    return TaskTree.of(Task.current().greenhouse());
  }

  static TaskNode task(String name) {
    return tree()
        .find(name)
        .orElseThrow(() -> new AssertionError("no task '" + name + "' in\n" + tree()));
  }

  /// Waits until the tree says this of a task.
  static void says(String name, Consumer<TaskNode> assertions) {
    Eventually.run(() -> assertions.accept(task(name)));
  }

  static void saysDoing(String name, String doing) {
    says(
        name,
        task -> {
          assertThat(task.doing()).isEqualTo(doing);
          assertThat(task.state()).isEqualTo(TaskState.WAITING);
        });
  }

  /// Waits until nobody is on his way any more but who asks.
  static void allOthersWait() {
    Eventually.run(
        () ->
            tree()
                .forEach(
                    task ->
                        assertThat(
                                task.state() == TaskState.WAITING
                                    || task.id() == Task.current().id())
                            .as(task.name())
                            .isTrue()));
  }

  static void saysDoingLike(String name, String regex) {
    says(name, task -> assertThat(task.doing()).matches(regex));
  }
}
