package dev.greenhouse.tests.stress;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import java.util.List;

/// What the tasks of a greenhouse that hangs are doing.
final class Dump {
  private static final int TASKS = 20;
  private static final int FRAMES = 12;

  private Dump() {}

  static String of(OpenGreenhouse greenhouse) {
    var text = new StringBuilder();
    add(text, greenhouse.roots(), "\n");
    return text.toString();
  }

  private static void add(StringBuilder text, List<Task<?>> tasks, String indent) {
    tasks.stream()
        .limit(TASKS)
        .forEach(
            task -> {
              text.append(indent).append(task).append(' ').append(task.thread().getState());
              if (task.thread().isInterrupted()) {
                text.append(" interrupted");
              }
              StackTraceElement[] stack = task.thread().getStackTrace();
              for (int i = 0; i < Math.min(FRAMES, stack.length); i++) {
                text.append(indent).append("    at ").append(stack[i]);
              }
              for (Nursery nursery : task.nurseries()) {
                text.append(indent).append("  ").append(nursery);
                add(text, nursery.children(), indent + "    ");
              }
            });
    if (tasks.size() > TASKS) {
      text.append(indent).append("... of ").append(tasks.size());
    }
  }
}
