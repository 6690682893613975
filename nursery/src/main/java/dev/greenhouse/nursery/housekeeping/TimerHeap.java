package dev.greenhouse.nursery.housekeeping;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A heap of timers, four children a node, each timer knowing its place so that it can be dropped
/// in logarithmic time and leaves nothing behind. Not thread-safe.
///
/// Times are compared by difference, as nanosecond clocks demand.
///
/// Timers are set by tasks, whose stack may overflow anywhere. So changes are made by plain stores
/// that leave every timer in exactly one place; if a call between them dies, the heap is at most
/// out of order.
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
    Timer first = heap[0];
    if (first == null) {
      throw new AssertionError("an empty timer heap was asked for its earliest timer");
    }
    return first.deadline;
  }

  /// Adds a timer that is in no heap.
  void add(Timer timer) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, size * 2);
    }
    heap[size] = timer;
    timer.index = size;
    size++;
    siftUp(timer);
  }

  /// Drops a timer. Returns false if it is not in the heap, which means that it has fired.
  boolean remove(Timer timer) {
    int i = timer.index;
    if (i < 0) {
      return false;
    }
    int end = size - 1;
    Timer last = heap[end];
    if (last == null) {
      throw new AssertionError("hole in a timer heap of " + size);
    }
    heap[i] = last;
    last.index = i;
    timer.index = -1;
    heap[end] = null;
    size = end;
    if (i != end) {
      siftDown(last);
      siftUp(last);
    }
    return true;
  }

  /// Takes out the earliest timer if it is due.
  @Nullable Timer pollDue(long now) {
    Timer first = heap[0];
    if (first == null || first.deadline - now > 0) {
      return null;
    }
    remove(first);
    return first;
  }

  private void siftUp(Timer timer) {
    while (timer.index > 0) {
      int at = timer.index;
      int up = (at - 1) >> FANOUT_BITS;
      Timer parent = heap[up];
      if (parent == null || timer.deadline - parent.deadline >= 0) {
        return;
      }
      heap[at] = parent;
      parent.index = at;
      heap[up] = timer;
      timer.index = up;
    }
  }

  private void siftDown(Timer timer) {
    while (true) {
      int at = timer.index;
      int first = (at << FANOUT_BITS) + 1;
      int end = first + FANOUT < size ? first + FANOUT : size;
      Timer least = timer;
      for (int c = first; c < end; c++) {
        Timer child = heap[c];
        if (child != null && child.deadline - least.deadline < 0) {
          least = child;
        }
      }
      int down = least.index;
      if (down == at) {
        return;
      }
      heap[at] = least;
      least.index = at;
      heap[down] = timer;
      timer.index = down;
    }
  }
}
