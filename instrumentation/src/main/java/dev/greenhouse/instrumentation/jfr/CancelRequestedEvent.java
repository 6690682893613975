package dev.greenhouse.instrumentation.jfr;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// A scope was cancelled. In the task that cancels; with no useful stack if that is none.
@Name("dev.greenhouse.CancelRequested")
@Label("Cancel Requested")
@Description("A cancel scope was cancelled")
@StackTrace
final class CancelRequestedEvent extends GreenhouseEvent {
  @Label("Scope")
  String scope = "";

  @Label("Owner")
  @Description("The task that opened the scope")
  String task = "";

  @Label("Owner Id")
  long taskId;

  @Label("Source")
  @Description("What kind of event cancelled: EXPLICIT, DEADLINE, NURSERY_FAILED and so on")
  String source = "";

  @Label("Reason")
  String reason = "";

  @Label("Greenhouse")
  String greenhouse = "";
}
