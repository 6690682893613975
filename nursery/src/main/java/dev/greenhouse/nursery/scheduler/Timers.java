package dev.greenhouse.nursery.scheduler;

/// Where timers are set: a loop's own, or the housekeeper's shared ones.
interface Timers {
  /// Sets a timer that is not set.
  void insert(Timer timer);

  /// Drops a timer. Afterwards it won't fire, unless it is already firing.
  void remove(Timer timer);
}
