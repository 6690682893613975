package dev.greenhouse.nursery.time;

import java.time.Instant;

/// What a greenhouse reads the time from: for sleeping and for deadlines.
///
/// Any thread may call it, also from inside the scheduler: an implementation is thread-safe, never
/// blocks, and its nanoseconds never go backwards.
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
