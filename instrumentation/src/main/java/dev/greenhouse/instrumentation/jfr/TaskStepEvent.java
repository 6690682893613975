package dev.greenhouse.instrumentation.jfr;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Threshold;

/// A long step.
@Name("dev.greenhouse.TaskStep")
@Label("Task Step")
@Description("A task ran, and held its carrier for so long")
@Threshold("20 ms")
final class TaskStepEvent extends GreenhouseEvent {
  @Label("Task")
  String task = "";

  @Label("Task Id")
  long taskId;

  @Label("Nursery")
  @Description("The nursery it was forked into; empty if it is in none")
  String nursery = "";

  @Label("Greenhouse")
  String greenhouse = "";
}
