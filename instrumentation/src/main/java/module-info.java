/// The vocabulary of Greenhouse's instruments: what can be observed of a runtime, and nothing that
/// runs it.
///
/// An [dev.greenhouse.instrumentation.Instrument] is told of every spawn, schedule, step and exit.
/// The runtime itself is in module `dev.greenhouse.nursery`.
@org.jspecify.annotations.NullMarked
module dev.greenhouse.instrumentation {
  requires transitive org.jspecify;

  exports dev.greenhouse.instrumentation;
  exports dev.greenhouse.instrumentation.trace;
  exports dev.greenhouse.instrumentation.dispatch to
      dev.greenhouse.nursery;
}
