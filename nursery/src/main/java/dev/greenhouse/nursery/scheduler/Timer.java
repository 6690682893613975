package dev.greenhouse.nursery.scheduler;

import org.jspecify.annotations.Nullable;

/// Something to do at a certain time, once. It may be set again after it has fired or was dropped.
public abstract class Timer {
  /// When, in the nanoseconds of the scheduler's clock. Set before the timer is set, by who sets
  /// it.
  long deadline;

  /// The position in the heap, -1 if in none. Touched under the heap's rules only.
  int index = -1;

  /// The heap that it was put into. Written by who sets it.
  @Nullable Timers home;

  /// Nothing to set up.
  protected Timer() {}

  /// Called once when the time has come, on a carrier or on the housekeeper: it must not block.
  protected abstract void fire();
}
