package dev.greenhouse.instrumentation.jfr;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;

/// A nursery's life. In its owner's thread.
@Name("dev.greenhouse.Nursery")
@Label("Nursery")
@Description("A nursery was open, from its opening until all its tasks had ended")
final class NurseryEvent extends GreenhouseEvent {
  @Label("Nursery")
  String nursery = "";

  @Label("Outer Nursery")
  @Description(
      "The nursery around it: the next one of its owner, or the one its owner is in; empty if there"
          + " is none")
  String outer = "";

  @Label("Owner")
  @Description("The task that opened and closed it")
  String owner = "";

  @Label("Owner Id")
  long ownerId;

  @Label("Greenhouse")
  String greenhouse = "";

  @Label("Tasks")
  @Description("How many tasks were forked into it")
  int tasks;

  @Label("Failed")
  @Description("How many of them failed")
  int failed;

  @Label("Cancelled")
  @Description("How many of them ended because they were cancelled")
  int cancelled;
}
