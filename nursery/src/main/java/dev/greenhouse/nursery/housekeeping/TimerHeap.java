package dev.greenhouse.nursery.housekeeping;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A heap of timers, four children a node, each timer knowing its place so that it can be dropped
/// in logarithmic time and leaves nothing behind. Not thread-safe.
///
/// Times are compared by difference, as nanosecond clocks demand.
final class TimerHeap {
  private static final int FANOUT_BITS = 2;
  private static final int FANOUT = 1 << FANOUT_BITS;

  private @Nullable Timer[] heap = new @Nullable Timer[16];
  private int size;

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }

  /// The earliest deadline; there must be one.
  long earliest() {
    return at(0).deadline;
  }

  void add(Timer timer) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, size * 2);
    }
    siftUp(size++, timer);
  }

  /// Drops a timer. Returns false if it is not in the heap, which means that it has fired.
  boolean remove(Timer timer) {
    int i = timer.index;
    if (i < 0) {
      return false;
    }
    timer.index = -1;
    Timer last = at(--size);
    heap[size] = null;
    if (i != size) {
      siftDown(i, last);
      if (last.index == i) {
        siftUp(i, last);
      }
    }
    return true;
  }

  /// Takes out the earliest timer if it is due.
  @Nullable Timer pollDue(long now) {
    if (size == 0 || earliest() - now > 0) {
      return null;
    }
    Timer due = at(0);
    remove(due);
    return due;
  }

  private void siftUp(int from, Timer timer) {
    int i = from;
    while (i > 0) {
      int parent = (i - 1) >> FANOUT_BITS;
      if (timer.deadline - at(parent).deadline >= 0) {
        break;
      }
      put(i, at(parent));
      i = parent;
    }
    put(i, timer);
  }

  private void siftDown(int from, Timer timer) {
    int i = from;
    for (int first; (first = (i << FANOUT_BITS) + 1) < size; ) {
      int least = first;
      for (int c = first + 1; c < Math.min(first + FANOUT, size); c++) {
        if (at(c).deadline - at(least).deadline < 0) {
          least = c;
        }
      }
      if (timer.deadline - at(least).deadline <= 0) {
        break;
      }
      put(i, at(least));
      i = least;
    }
    put(i, timer);
  }

  private void put(int i, Timer timer) {
    heap[i] = timer;
    timer.index = i;
  }

  private Timer at(int i) {
    Timer timer = heap[i];
    if (timer == null) {
      throw new AssertionError("hole in a timer heap of " + size + " at " + i);
    }
    return timer;
  }
}
