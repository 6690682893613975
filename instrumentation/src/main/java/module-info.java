/// The vocabulary of Greenhouse's instruments: what can be observed of a runtime, and nothing that
/// runs it. And ready-made instruments, built on nothing else.
///
/// An [dev.greenhouse.instrumentation.Instrument] is told of every spawn, schedule, step and exit.
/// The runtime itself is in module `dev.greenhouse.nursery`.
@SuppressWarnings("requires-automatic") // Micrometer has no module descriptor, but a fixed name
@org.jspecify.annotations.NullMarked
module dev.greenhouse.instrumentation {
  requires transitive org.jspecify;
  requires transitive org.slf4j;
  // Only for dev.greenhouse.instrumentation.jfr, which says so when it is missing.
  requires static jdk.jfr;
  // Only for tree.TreeDump, likewise.
  requires static jdk.unsupported;
  // Only for dev.greenhouse.instrumentation.metrics.GreenhouseMetrics.
  requires static micrometer.core;

  exports dev.greenhouse.instrumentation;
  exports dev.greenhouse.instrumentation.context;
  exports dev.greenhouse.instrumentation.dispatch to
      dev.greenhouse.nursery;
  exports dev.greenhouse.instrumentation.jfr;
  exports dev.greenhouse.instrumentation.log;
  exports dev.greenhouse.instrumentation.metrics;
  exports dev.greenhouse.instrumentation.trace;
  exports dev.greenhouse.instrumentation.tree;
  exports dev.greenhouse.instrumentation.watch;
}
