package dev.greenhouse.nursery.housekeeping;

import org.jspecify.annotations.Nullable;

/// Something to do at a certain time, once. It may be set again after it has fired or was dropped.
public abstract class Timer {
  /// When, in the nanoseconds of the queue that it is in. Under that queue's spin word.
  long deadline;

  /// The position in the heap, -1 if in none. Under the queue's spin word.
  int index = -1;

  /// The queue that it was put into last. Written before it is put there.
  private volatile @Nullable Timers home;

  /// Nothing to set up.
  protected Timer() {}

  /// Called once when the time has come, on a carrier, on the housekeeper, or by who moves a
  /// virtual clock: it must not block.
  protected abstract void fire();

  /// Sets the timer, which is not set.
  final void setIn(Timers timers, long deadline) {
    home = timers;
    timers.insert(this, deadline);
  }

  /// Drops the timer: afterwards it does not fire, unless it is firing already. Any thread.
  public final void drop() {
    Timers h = home;
    if (h != null) {
      h.remove(this);
    }
  }

  /// Fires, and survives what that throws.
  static void fireSafely(Timer timer) {
    try {
      timer.fire();
    } catch (Throwable t) {
      // Not its text: that asks users' clocks, and perhaps one of them has just thrown.
      Reports.internalError("a timer, " + timer.getClass().getName(), t);
    }
  }
}
