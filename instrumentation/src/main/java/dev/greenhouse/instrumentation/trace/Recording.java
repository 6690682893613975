package dev.greenhouse.instrumentation.trace;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// All rings of a timeline. A carrier has a lane of its own; all other threads, and carriers that
/// found theirs taken, share some rings, by their ids. Rings are made when somebody first writes
/// into them.
final class Recording {
  private static final int MAX_RINGS = 64;

  private final int capacity;
  private final int mask;
  private final AtomicReferenceArray<@Nullable Lane> lanes;
  private final AtomicReferenceArray<@Nullable Events> shared;

  /// The lane of the loop that was idle last: where a loop's carrier finds its own with few reads.
  /// By carriers of loops, without order; who reads it looks whose it is.
  private @Nullable Lane lastIdle;

  /// @param capacity of each ring, a power of two
  Recording(int capacity) {
    this.capacity = capacity;
    int wanted = Math.min(MAX_RINGS, 2 * Runtime.getRuntime().availableProcessors());
    int rings = Integer.highestOneBit(Math.max(4, wanted * 2 - 1));
    mask = rings - 1;
    lanes = new AtomicReferenceArray<>(rings);
    shared = new AtomicReferenceArray<>(rings);
  }

  /// {@return the lane of the current thread, or null if it has none}
  @Nullable Lane laneOf(Thread current) {
    Lane hint = lastIdle;
    if (hint != null && hint.isOf(current)) {
      return hint;
    }
    Lane lane = lanes.get((int) current.threadId() & mask);
    return lane != null && lane.isOf(current) ? lane : null;
  }

  /// {@return the lane of the current thread, which is a carrier or a task that has none. It may
  /// get one}
  @Nullable Lane laneOfCarrier(Thread current) {
    Lane lane = laneOf(current);
    return lane != null || current.isVirtual() ? lane : take(current);
  }

  /// The current thread, a loop's carrier, was idle.
  void idled(Thread current, int session) {
    Lane lane = laneOfCarrier(current);
    if (lane != null) {
      lane.idled(session);
      lastIdle = lane;
    }
  }

  private @Nullable Lane take(Thread current) {
    int at = (int) current.threadId() & mask;
    Lane lane = lanes.get(at);
    if (lane == null) {
      lanes.compareAndSet(at, null, new Lane(new Events(capacity)));
      lane = lanes.get(at);
    }
    return lane != null && lane.take(current) ? lane : null;
  }

  /// {@return the ring that the current thread shares with others}
  Events sharedOf(Thread current) {
    int at = (int) current.threadId() & mask;
    Events events = shared.get(at);
    while (events == null) {
      shared.compareAndSet(at, null, new Events(capacity));
      events = shared.get(at);
    }
    return events;
  }

  long lost() {
    long lost = 0;
    for (int i = 0; i <= mask; i++) {
      Lane lane = lanes.get(i);
      Events events = shared.get(i);
      lost += (lane == null ? 0 : lane.lost()) + (events == null ? 0 : events.lost());
    }
    return lost;
  }

  /// Reads all rings, one after the other.
  ///
  /// @return the time from which on no event is missing; `Long.MIN_VALUE` if none was lost
  long read(Events.Reader reader) {
    long completeFrom = Long.MIN_VALUE;
    for (int i = 0; i <= mask; i++) {
      Lane lane = lanes.get(i);
      if (lane != null) {
        completeFrom = Math.max(completeFrom, lane.read(reader));
      }
      Events events = shared.get(i);
      if (events != null) {
        completeFrom = Math.max(completeFrom, events.read(events.claims(), 0, reader));
      }
    }
    return completeFrom;
  }
}
