/// The stock instruments: the log, MDC, metrics and events of the Flight Recorder.
package dev.greenhouse.tests.instrument;
