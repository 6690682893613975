package dev.greenhouse.instrumentation.metrics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/// How long something took, many times: a count for each range of durations.
///
/// The ranges are fixed. Below 16 ns each is 1 ns wide; above, each power of two is divided into 16
/// ranges of equal width. So a range is at most a sixteenth as wide as where it begins, and
/// whatever is read from a histogram is at most 6.25 % more than what was measured, and never less.
///
/// @param count how many durations were measured
/// @param total their exact sum, in nanoseconds
/// @param buckets the ranges in which there are any, ascending
public record Histogram(long count, long total, List<Bucket> buckets) {
  /// A histogram of nothing.
  public static final Histogram EMPTY = new Histogram(0, 0, List.of());

  /// A range of durations.
  ///
  /// @param from the least duration of the range, in nanoseconds
  /// @param to the greatest duration of the range, in nanoseconds
  /// @param count how many durations of the range were measured
  public record Bucket(long from, long to, long count) {}

  /// Makes a histogram.
  public Histogram {
    buckets = List.copyOf(buckets);
  }

  /// {@return a duration that so many percent did not exceed; zero if nothing was measured}
  ///
  /// @param percent 0 to 100, as in `percentile(99.9)`
  /// @throws IllegalArgumentException if it is less or more, or not a number
  public Duration percentile(double percent) {
    if (!(percent >= 0 && percent <= 100)) {
      throw new IllegalArgumentException(
          "There is no percentile %s. Give a number from 0 to 100.".formatted(percent));
    }
    long rank = Math.max(1, (long) Math.ceil(percent / 100 * count));
    long seen = 0;
    long nanos = 0;
    for (Bucket b : buckets) {
      seen += b.count;
      nanos = b.to;
      if (seen >= rank) {
        break;
      }
    }
    return Duration.ofNanos(nanos);
  }

  /// {@return the longest, as exactly as its range tells; zero if nothing was measured}
  public Duration max() {
    return percentile(100);
  }

  /// {@return the exact mean; zero if nothing was measured}
  public Duration mean() {
    return Duration.ofNanos(count == 0 ? 0 : total / count);
  }

  /// {@return what was measured after an earlier reading}
  ///
  /// @param earlier an earlier reading of the same, or [#EMPTY]
  /// @throws IllegalArgumentException if it has measured what this has not
  public Histogram since(Histogram earlier) {
    var before = new HashMap<Long, Long>();
    earlier.buckets.forEach(b -> before.put(b.from, b.count));
    var rest = new ArrayList<Bucket>();
    for (Bucket b : buckets) {
      Long old = before.remove(b.from);
      long more = old == null ? b.count : b.count - old;
      if (more != 0) {
        rest.add(new Bucket(b.from, b.to, more));
      }
    }
    if (!before.isEmpty() || rest.stream().anyMatch(b -> b.count < 0)) {
      throw new IllegalArgumentException(
          "A histogram of %d durations is no earlier reading of one of %d. Give one that was read before this one, from the same instrument."
              .formatted(earlier.count, count));
    }
    return new Histogram(count - earlier.count, total - earlier.total, rest);
  }

  /// {@return one line for people}
  @Override
  public String toString() {
    return "count %d, mean %s, 50%% %s, 99%% %s, max %s"
        .formatted(count, mean(), percentile(50), percentile(99), max());
  }
}
