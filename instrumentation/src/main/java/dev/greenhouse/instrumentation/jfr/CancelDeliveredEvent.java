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
final class CancelDeliveredEvent extends EventOfTask {
  @Label("Source")
  @Description("What kind of event cancelled: EXPLICIT, DEADLINE, NURSERY_FAILED and so on")
  String source = "";

  @Label("Reason")
  String reason = "";
}
