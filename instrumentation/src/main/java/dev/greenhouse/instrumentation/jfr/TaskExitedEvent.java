package dev.greenhouse.instrumentation.jfr;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;

/// A task's life, from its spawn to its end.
@Name("dev.greenhouse.TaskExited")
@Label("Task Exited")
@Description("A task has ended; the duration is its whole life")
final class TaskExitedEvent extends EventOfTask {
  @Label("Outcome")
  @Description("succeeded, failed or cancelled")
  String outcome = "";

  @Label("Detail")
  @Description("The exception that it threw, or why it was cancelled")
  String detail = "";
}
