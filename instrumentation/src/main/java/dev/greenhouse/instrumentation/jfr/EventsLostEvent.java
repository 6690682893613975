package dev.greenhouse.instrumentation.jfr;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;

/// Events of carriers came faster than they could be written.
@Name("dev.greenhouse.EventsLost")
@Label("Events Lost")
@Description(
    "Events of Greenhouse came faster than they could be written; raise the threshold of steps")
final class EventsLostEvent extends GreenhouseEvent {
  @Label("Count")
  long count;
}
