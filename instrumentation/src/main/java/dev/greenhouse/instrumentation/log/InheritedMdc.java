package dev.greenhouse.instrumentation.log;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.stock.LiveTable;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/// Gives each task the MDC of whoever forked it, as it was at the fork: so a request's id is in all
/// lines that are logged for the request.
///
/// The task has a copy. What it puts in is seen by the tasks it forks later, and neither by its
/// parent nor by its siblings; what the parent puts in after the fork is not seen by the task. Only
/// a task that is forked while this instrument is there gets an MDC. A thread that becomes a task
/// by opening a nursery keeps the one it has.
///
/// It costs a copy of the MDC for each fork, made by the forking thread, and nothing where the MDC
/// is empty. The back end's MDC is called in the threads of tasks only, and for each its own.
public final class InheritedMdc implements Instrument {
  private static final int TABLE_BITS = 13;

  /// An MDC for a task that has not begun; then what its thread had before it.
  private final LiveTable<TaskView, Map<String, String>> forked =
      new LiveTable<>(TABLE_BITS, task -> task.state() == TaskState.ENDED);

  private InheritedMdc() {}

  /// {@return a new instrument}
  public static InheritedMdc create() {
    return new InheritedMdc();
  }

  @Override
  public void taskSpawned(TaskView task) {
    Map<String, String> mine = MDC.getCopyOfContextMap();
    if (mine != null && !mine.isEmpty() && task.thread() != Thread.currentThread()) {
      forked.put(task, mine);
    }
  }

  @Override
  public void taskEntered(TaskView task) {
    Map<String, String> parents = forked.remove(task);
    if (parents != null) {
      forked.put(task, orEmpty(MDC.getCopyOfContextMap()));
      MDC.setContextMap(parents);
    }
  }

  @Override
  public void taskLeft(TaskView task) {
    Map<String, String> before = forked.remove(task);
    if (before == null) {
      return;
    }
    if (before.isEmpty()) {
      MDC.clear();
    } else {
      MDC.setContextMap(before);
    }
  }

  private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
    return map == null ? Map.of() : map;
  }
}
