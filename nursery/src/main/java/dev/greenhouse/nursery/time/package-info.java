/// Clocks and timers.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.nursery.time;
