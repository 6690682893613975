package dev.greenhouse.instrumentation;

import java.util.List;
import java.util.Optional;

/// What can be seen of a task from any thread, at any time, without blocking.
public interface TaskView {
  /// {@return a number that no other task of this JVM has: the id of its thread}
  long id();

  /// {@return the task's name: the one it was given, or one made of its nursery's name and its id.
  /// It is also its thread's; a task that was given none gets it when somebody asks, and until then
  /// its thread has the nursery's}
  String name();

  /// {@return what the task is doing now}
  TaskState state();

  /// {@return the thread that the task runs in}
  Thread thread();

  /// {@return the nursery that the task was forked into; empty for a main task, a system task and a
  /// thread that opened a nursery}
  Optional<? extends NurseryView> parent();

  /// {@return the nurseries that the task has open, outermost first}
  List<? extends NurseryView> nurseries();

  /// {@return the greenhouse that the task lives in}
  GreenhouseView greenhouse();
}
