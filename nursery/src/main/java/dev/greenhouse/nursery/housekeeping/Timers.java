package dev.greenhouse.nursery.housekeeping;

/// Where timers are set: in a loop, with the housekeeper, or in virtual time. Any thread may use
/// them.
public interface Timers {
  /// Sets a timer.
  ///
  /// @param timer one that is not set
  /// @param deadline when, in the nanoseconds of whoever implements this
  default void set(Timer timer, long deadline) {
    timer.setIn(this, deadline);
  }

  /// Puts a timer into the queue; for [Timer].
  void insert(Timer timer, long deadline);

  /// Takes a timer out, if it is there; for [Timer].
  void remove(Timer timer);
}
