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
final class TaskStepEvent extends EventOfTask {}
