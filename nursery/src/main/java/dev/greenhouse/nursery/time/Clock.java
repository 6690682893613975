package dev.greenhouse.nursery.time;

import java.time.Instant;

/// What a greenhouse reads the time from: for sleeping and for deadlines.
///
/// Any thread may call it, also from inside the scheduler: an implementation is thread-safe, never
/// blocks, and its nanoseconds never go backwards.
///
/// Who sleeps is woken by the system's time, and sleeps on if this clock says that it is too early.
/// So a clock that is slower than the system's is followed exactly; with one that is faster, sleeps
/// and deadlines end as late as the system's clock has it, unless the task comes to a checkpoint
/// before. Time that jumps is for [VirtualClock].
public interface Clock {
  /// {@return nanoseconds since some fixed but arbitrary moment, as `System.nanoTime` gives them;
  /// only differences mean something}
  long nanoTime();

  /// {@return the time of day}
  Instant instant();

  /// {@return the system's clock}
  static Clock system() {
    return SystemClock.INSTANCE;
  }
}
