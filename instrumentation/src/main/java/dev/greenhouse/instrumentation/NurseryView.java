package dev.greenhouse.instrumentation;

import java.util.List;
import java.util.Optional;

/// What can be seen of a nursery from any thread, at any time, without blocking.
public interface NurseryView {
  /// {@return the nursery's name}
  String name();

  /// {@return the task that opened the nursery and will close it}
  TaskView owner();

  /// {@return the tasks in the nursery that have not ended yet, in the order of their forks}
  List<? extends TaskView> children();

  /// {@return why the nursery itself was cancelled; empty if it was not, though something around it
  /// may be}
  Optional<CancelReason> cancelled();

  /// {@return whether the nursery still takes tasks: it has not been closed, or waits for a task}
  boolean isOpen();
}
