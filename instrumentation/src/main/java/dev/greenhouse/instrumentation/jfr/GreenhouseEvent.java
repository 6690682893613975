package dev.greenhouse.instrumentation.jfr;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.StackTrace;

/// What the events have in common: where Mission Control shows them.
@Category("Greenhouse")
@StackTrace(false)
abstract class GreenhouseEvent extends Event {}
