package dev.greenhouse.nursery;

import dev.greenhouse.nursery.housekeeping.Reports;
import java.util.HashSet;
import java.util.Set;

/// Finds tasks that wait in an operation of ours and can't leave their carrier, because a class
/// initialiser or native code is on their stack. On a loop nobody else runs until that ends,
/// perhaps not even who would end it, so the log says so once. Housekeeper only.
final class PinnedWaits {
  private final Set<Long> reported = new HashSet<>();

  void examine(TaskImpl<?> task) {
    if (!task.isPinnedWhileItWaits()) {
      if (!reported.isEmpty()) {
        reported.remove(task.id());
      }
    } else if (reported.add(task.id())) {
      var stack = new Throwable("the stack of task '%s' now".formatted(task.name()));
      stack.setStackTrace(task.thread().getStackTrace());
      Reports.warn(
          "Task '%s' waits with a class initialiser or native code on its stack, so it can't leave the only carrier of greenhouse '%s', and no other task runs until the wait ends. Don't wait in class initialisers; its stack as it is now follows."
              .formatted(task.name(), task.greenhouse().name()),
          stack);
    }
  }
}
