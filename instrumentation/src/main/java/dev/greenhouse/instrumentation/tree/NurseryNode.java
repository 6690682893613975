package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.CancelReason;
import java.util.List;
import java.util.Optional;

/// A nursery as it was when a [TaskTree] was taken.
///
/// @param name its name
/// @param cancelled why it was cancelled itself; empty if it was not
/// @param tasks the tasks in it, in the order of their forks
public record NurseryNode(String name, Optional<CancelReason> cancelled, List<TaskNode> tasks) {

  /// {@return its name and how many tasks it had}
  @Override
  public String toString() {
    return "nursery '%s', %d tasks".formatted(name, tasks.size());
  }
}
