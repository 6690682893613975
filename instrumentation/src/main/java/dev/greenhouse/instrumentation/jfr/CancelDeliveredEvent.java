package dev.greenhouse.instrumentation.jfr;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// Cancellation was raised in a task. In its own thread.
@Name("dev.greenhouse.CancelDelivered")
@Label("Cancel Delivered")
@Description("Cancellation was raised in a task")
@StackTrace
final class CancelDeliveredEvent extends GreenhouseEvent {
  @Label("Task")
  String task = "";

  @Label("Task Id")
  long taskId;

  @Label("Nursery")
  @Description("The nursery it was forked into; empty if it is in none")
  String nursery = "";

  @Label("Greenhouse")
  String greenhouse = "";

  @Label("Source")
  @Description("What kind of event cancelled: EXPLICIT, DEADLINE, NURSERY_FAILED and so on")
  String source = "";

  @Label("Reason")
  String reason = "";
}
