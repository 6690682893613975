package dev.greenhouse.nursery.time;

import java.time.Instant;

/// The JDK's own clocks.
enum SystemClock implements Clock {
  INSTANCE;

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Instant instant() {
    return Instant.now();
  }

  @Override
  public String toString() {
    return "Clock.system()";
  }
}
