package dev.greenhouse.instrumentation.log;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Events on their way to one reader. Any thread adds and never waits; when the ring is full, the
/// oldest is overwritten. Each event has a number, without gaps, so the reader knows how many it
/// missed.
final class Ring {
  /// Something that happened. What its names and texts are is found out by the reader.
  static final class Event {
    final TaskEvent kind;
    final Object subject; // a TaskView or NurseryView
    final @Nullable Object detail; // a Throwable, or a reason
    final String scope; // of a request to cancel; otherwise empty
    final long nanos; // the time it took, or -1
    private long number; // before it is put into the ring

    Event(TaskEvent kind, Object subject, @Nullable Object detail, String scope, long nanos) {
      this.kind = kind;
      this.subject = subject;
      this.detail = detail;
      this.scope = scope;
      this.nanos = nanos;
    }
  }

  private final AtomicReferenceArray<@Nullable Event> places;
  private final int mask;
  private final AtomicLong tail = new AtomicLong(); // the next number to be given
  private volatile long head; // the next number to be read; by the reader
  private volatile long lost; // by the reader

  Ring(int atLeast) {
    int size = atLeast == 1 ? 1 : Integer.highestOneBit(2 * atLeast - 1);
    places = new AtomicReferenceArray<>(size);
    mask = size - 1;
  }

  void add(Event event) {
    long number = tail.getAndIncrement();
    event.number = number;
    int i = (int) number & mask;
    while (true) {
      Event old = places.get(i);
      // Overtaken by a whole round: then this one is among the lost.
      if ((old != null && old.number > number) || places.compareAndSet(i, old, event)) {
        return;
      }
    }
  }

  /// {@return the oldest event there is, or null: there is none, or its place is being written}
  /// Reader only.
  @Nullable Event poll() {
    while (true) {
      long h = head;
      long oldest = tail.get() - mask - 1;
      if (h < oldest) {
        skip(oldest - h);
        continue;
      }
      int i = (int) h & mask;
      Event e = places.get(i);
      if (e == null || e.number < h) {
        return null;
      }
      if (e.number > h) {
        skip(1);
        continue;
      }
      places.compareAndSet(i, e, null); // or it was overwritten by a later one
      head = h + 1;
      return e;
    }
  }

  /// Gives up the oldest event, whose place is not written: its writer has died, or is stuck.
  /// Reader only.
  void skipOne() {
    if (!isEmpty()) {
      skip(1);
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // the reader's alone
  private void skip(long count) {
    lost += count;
    head += count;
  }

  boolean isEmpty() {
    return head == tail.get();
  }

  /// {@return the number that the next event will have}
  long tail() {
    return tail.get();
  }

  /// {@return all that have smaller numbers have been read or lost}
  long head() {
    return head;
  }

  long lost() {
    return lost;
  }
}
