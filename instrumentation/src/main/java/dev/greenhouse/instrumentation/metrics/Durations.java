package dev.greenhouse.instrumentation.metrics;

import dev.greenhouse.instrumentation.metrics.Histogram.Bucket;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicLongArray;

/// Counts durations by range; see [Histogram] for the ranges. Any number of threads may add at a
/// time: they are spread over copies, so that carriers seldom write to the same memory. Adding
/// allocates nothing.
final class Durations {
  private static final int BITS = 4;
  private static final int PARTS = 1 << BITS; // of each power of two
  private static final int RANGES = (63 - BITS + 1) * PARTS;
  private static final int TOTAL = RANGES; // the last place of a copy is the sum
  private static final int MOST_COPIES = 8;

  private final AtomicLongArray[] copies;

  Durations() {
    int wanted = Math.min(MOST_COPIES, Runtime.getRuntime().availableProcessors());
    copies = new AtomicLongArray[Integer.highestOneBit(2 * wanted - 1)];
    for (int i = 0; i < copies.length; i++) {
      copies[i] = new AtomicLongArray(RANGES + 1);
    }
  }

  void add(long nanos) {
    long duration = Math.max(0, nanos);
    var copy = copies[(int) Thread.currentThread().threadId() & copies.length - 1];
    copy.getAndIncrement(rangeOf(duration));
    copy.getAndAdd(TOTAL, duration);
  }

  Histogram read() {
    var buckets = new ArrayList<Bucket>();
    long count = 0;
    for (int range = 0; range < RANGES; range++) {
      long n = sum(range);
      if (n > 0) {
        count += n;
        buckets.add(new Bucket(from(range), from(range + 1) - 1, n));
      }
    }
    return new Histogram(count, sum(TOTAL), buckets);
  }

  private long sum(int place) {
    long sum = 0;
    for (var copy : copies) {
      sum += copy.get(place);
    }
    return sum;
  }

  /// {@return the number of the range of a duration that is not negative}
  static int rangeOf(long nanos) {
    if (nanos < PARTS) {
      return (int) nanos;
    }
    int power = 63 - Long.numberOfLeadingZeros(nanos);
    return (power - BITS + 1) * PARTS + ((int) (nanos >>> (power - BITS)) & (PARTS - 1));
  }

  /// {@return the least duration of a range; of that after the last, one more than the greatest
  /// long, which wraps}
  static long from(int range) {
    if (range < PARTS) {
      return range;
    }
    int power = range / PARTS + BITS - 1;
    return (long) (PARTS + range % PARTS) << (power - BITS);
  }
}
