package dev.greenhouse.nursery.housekeeping;

/// A heap of timers that any thread may use: under a spin word, as timers are set on carriers.
public final class TimerQueue extends Guarded {
  /// What [#earliest] says if there is no timer.
  public static final long NEVER = Long.MAX_VALUE;

  private final TimerHeap heap = new TimerHeap(); // under the spin word

  /// Read without the spin word by who only wants to know whether to look closer.
  private volatile boolean empty = true;

  /// Makes an empty queue.
  public TimerQueue() {}

  /// Puts a timer in.
  ///
  /// @return whether it is the earliest now
  public boolean insert(Timer timer, long deadline) {
    lock();
    try {
      heap.remove(timer); // it is there if setting it died half-way the last time
      timer.deadline = deadline;
      heap.add(timer);
      empty = false;
      return timer.index == 0;
    } finally {
      unlock();
    }
  }

  /// Takes a timer out, if it is there.
  public void remove(Timer timer) {
    lock();
    try {
      heap.remove(timer);
      empty = heap.isEmpty();
    } finally {
      unlock();
    }
  }

  /// {@return whether there is no timer}
  public boolean isEmpty() {
    return empty;
  }

  /// {@return how many timers are set}
  public int size() {
    lock();
    try {
      return heap.size();
    } finally {
      unlock();
    }
  }

  /// {@return the nanoseconds until the earliest deadline, 0 or less if it has passed, or [#NEVER]}
  public long untilEarliest(long now) {
    if (empty) {
      return NEVER;
    }
    lock();
    try {
      return heap.isEmpty() ? NEVER : heap.earliest() - now;
    } finally {
      unlock();
    }
  }

  /// Fires all timers whose time has come, one after the other, and what these add.
  ///
  /// @return whether there was one
  public boolean fireDue(long now) {
    boolean any = false;
    while (!empty) {
      Timer due;
      lock();
      try {
        due = heap.pollDue(now);
        empty = heap.isEmpty();
      } finally {
        unlock();
      }
      if (due == null) {
        break;
      }
      any = true;
      Timer.fireSafely(due);
    }
    return any;
  }

  /// {@return the earliest deadline, or [#NEVER]}
  long earliest() {
    lock();
    try {
      return heap.isEmpty() ? NEVER : heap.earliest();
    } finally {
      unlock();
    }
  }
}
