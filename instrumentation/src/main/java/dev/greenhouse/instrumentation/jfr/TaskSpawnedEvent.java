package dev.greenhouse.instrumentation.jfr;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;

/// A task was started. In the thread that forks it.
@Name("dev.greenhouse.TaskSpawned")
@Label("Task Spawned")
@Description("A task was started")
final class TaskSpawnedEvent extends EventOfTask {
  @Label("Parent")
  @Description("The task that opened the nursery; empty if it is in none")
  String parent = "";
}
