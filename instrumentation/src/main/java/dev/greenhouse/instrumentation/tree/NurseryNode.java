package dev.greenhouse.instrumentation.tree;

import java.util.List;

/// A nursery as it was when a [TaskTree] was taken.
///
/// @param name its name
/// @param tasks the tasks in it, in the order of their forks
public record NurseryNode(String name, List<TaskNode> tasks) {

  /// {@return its name and how many tasks it had}
  @Override
  public String toString() {
    return "nursery '%s', %d tasks".formatted(name, tasks.size());
  }
}
