package dev.greenhouse.instrumentation.jfr;

import dev.greenhouse.instrumentation.TaskView;
import jdk.jfr.Description;
import jdk.jfr.Label;

/// What the events of one task have in common: which task it is.
abstract class EventOfTask extends GreenhouseEvent {
  @Label("Task")
  String task = "";

  @Label("Task Id")
  long taskId;

  @Label("Nursery")
  @Description("The nursery it was forked into; empty if it is in none")
  String nursery = "";

  @Label("Greenhouse")
  String greenhouse = "";

  final void isOf(TaskView view) {
    task = FlightInstrument.nameOf(view);
    taskId = view.id();
    nursery = FlightInstrument.nurseryOf(view);
    greenhouse = FlightInstrument.greenhouseOf(view);
  }
}
