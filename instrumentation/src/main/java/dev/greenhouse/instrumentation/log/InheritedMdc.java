package dev.greenhouse.instrumentation.log;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.context.InheritedContext;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/// Gives each task the MDC of whoever forked it, as it was at the fork: so a request's id is in all
/// lines that are logged for the request. It is an [InheritedContext], which says who gets what.
///
/// The task has a copy. What it puts in is seen by the tasks it forks later, and neither by its
/// parent nor by its siblings; what the parent puts in after the fork is not seen by the task.
///
/// It costs a copy of the MDC for each fork, made by the forking thread, and nothing where the MDC
/// is empty. The back end's MDC is called in the threads of tasks and of those who fork, and for
/// each its own.
public final class InheritedMdc implements Instrument {
  private final InheritedContext<Map<String, String>> context =
      InheritedContext.of(InheritedMdc::capture, InheritedMdc::attach);

  private InheritedMdc() {}

  /// {@return a new instrument}
  public static InheritedMdc create() {
    return new InheritedMdc();
  }

  private static @Nullable Map<String, String> capture() {
    Map<String, String> mine = MDC.getCopyOfContextMap();
    return mine == null || mine.isEmpty() ? null : mine;
  }

  private static AutoCloseable attach(Map<String, String> parents) {
    Map<String, String> before = capture();
    MDC.setContextMap(parents);
    return before == null ? MDC::clear : () -> MDC.setContextMap(before);
  }

  @Override
  public void taskSpawned(TaskView task) {
    context.taskSpawned(task);
  }

  @Override
  public void taskEntered(TaskView task) {
    context.taskEntered(task);
  }

  @Override
  public void taskLeft(TaskView task) {
    context.taskLeft(task);
  }

  @Override
  public void taskExited(TaskView task, Outcome<?> outcome) {
    context.taskExited(task, outcome);
  }
}
