package dev.greenhouse.portal;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import dev.greenhouse.nursery.TaskFailedException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The wait for a task's end that is never given up.
final class TaskEnd {
  private TaskEnd() {}

  /// Waits for a task. If the current thread is interrupted, or is a task that is cancelled, that
  /// cancels what it waits for, and the wait goes on.
  ///
  /// @return what cut it short, if something did
  static @Nullable RuntimeException await(Task<?> task, Consumer<String> cancel) {
    try {
      joinWhateverItDid(task);
      return null;
    } catch (Cancelled | NurseryFailedException cut) {
      cancel.accept("who waits for it was cut off: " + cut.getMessage());
      if (Task.currentIfAny().isPresent()) {
        CancelScope.shield(() -> joinWhateverItDid(task));
      } else {
        joinOnInterruptedThread(task);
      }
      return cut;
    }
  }

  private static void joinWhateverItDid(Task<?> task) {
    try {
      task.join();
    } catch (TaskFailedException | TaskCancelledException e) {
      // Its outcome says so.
    }
  }

  private static void joinOnInterruptedThread(Task<?> task) {
    while (task.outcome().isEmpty()) {
      Thread.interrupted();
      try {
        joinWhateverItDid(task);
      } catch (Cancelled again) {
        // The flag is set again in any case.
      }
    }
    Thread.currentThread().interrupt();
  }
}
