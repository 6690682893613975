package dev.greenhouse.instrumentation.watch;

import java.time.Duration;

/// What a [StallWatch] has counted: numbers of one moment, which belong together.
///
/// @param stalls how many stalls were reported
/// @param ended how many of them are over
/// @param time how long those that are over took together, each from when the watch first saw the
///   step, which is at most a quarter of the threshold after its beginning, to its end
public record StallTotals(long stalls, long ended, Duration time) {
  static final StallTotals NONE = new StallTotals(0, 0, Duration.ZERO);

  StallTotals withBegun() {
    return new StallTotals(stalls + 1, ended, time);
  }

  StallTotals withEnded(long nanos) {
    return new StallTotals(stalls, ended + 1, time.plusNanos(nanos));
  }
}
