/// The timeline: a recorder of what the tasks of a greenhouse do, and the pictures that are made of
/// it.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.instrumentation.trace;
