package dev.greenhouse.instrumentation.metrics;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/// Snapshots of one instrument for somebody who asks for its numbers one by one. Those who ask at
/// about the same time share a snapshot, whose cost grows with the living tasks.
final class Readings {
  /// So old a snapshot may be.
  private static final long SHARED = Duration.ofMillis(100).toNanos();

  /// Recent histograms begin at least so long ago, and less than twice as long if somebody asks
  /// often.
  private static final long WINDOW = Duration.ofMinutes(1).toNanos();

  private static final MetricsSnapshot NOTHING =
      new MetricsSnapshot(0, 0, 0, 0, 0, 0, 0, Histogram.EMPTY, Histogram.EMPTY);

  /// The histograms of a moment.
  private record Mark(long at, Histogram queueDelay, Histogram stepTime) {}

  /// What is shared.
  ///
  /// @param at when it was taken
  /// @param all what was counted since the beginning
  /// @param from where the recent histograms begin
  /// @param next where they will begin when it is old enough
  private record Shared(long at, MetricsSnapshot all, Mark from, Mark next) {}

  private final Metrics metrics;
  private final LongSupplier nanoTime;

  /// Each was begun when the one that it replaces was there, so no count ever goes back.
  private final AtomicReference<Shared> last;

  Readings(Metrics metrics, LongSupplier nanoTime) {
    this.metrics = metrics;
    this.nanoTime = nanoTime;
    long at = nanoTime.getAsLong();
    var beginning = new Mark(at, Histogram.EMPTY, Histogram.EMPTY);
    last = new AtomicReference<>(new Shared(at - SHARED, NOTHING, beginning, beginning));
  }

  /// {@return what was counted since the beginning}
  MetricsSnapshot all() {
    return shared().all;
  }

  /// {@return the run-queue delays of the last minute or two}
  Histogram recentQueueDelay() {
    Shared s = shared();
    return s.all.queueDelay().since(s.from.queueDelay);
  }

  /// {@return the step times of the last minute or two}
  Histogram recentStepTime() {
    Shared s = shared();
    return s.all.stepTime().since(s.from.stepTime);
  }

  /// If two threads take a snapshot at once, both use that of the first.
  private Shared shared() {
    Shared seen = last.get();
    long at = nanoTime.getAsLong();
    if (at - seen.at < SHARED) {
      return seen;
    }
    MetricsSnapshot all = metrics.snapshot();
    boolean moves = at - seen.next.at >= WINDOW;
    var taken =
        new Shared(
            at,
            all,
            moves ? seen.next : seen.from,
            moves ? new Mark(at, all.queueDelay(), all.stepTime()) : seen.next);
    return last.compareAndSet(seen, taken) ? taken : last.get();
  }
}
