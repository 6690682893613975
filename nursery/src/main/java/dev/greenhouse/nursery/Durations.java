package dev.greenhouse.nursery;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/// Durations as nanoseconds that don't overflow, and as people write them.
final class Durations {
  /// Half the range, so that differences of nanosecond times stay right: 146 years.
  static final long FOREVER = Long.MAX_VALUE / 2;

  private static final long SECOND = 1_000_000_000;

  private Durations() {}

  /// {@return the nanoseconds, at most 146 years either way}
  static long saturatedNanos(Duration d) {
    long seconds = d.toSeconds();
    if (seconds >= FOREVER / SECOND) {
      return FOREVER;
    }
    return seconds <= -FOREVER / SECOND ? -FOREVER : seconds * SECOND + d.toNanosPart();
  }

  /// {@return the duration between two times, however far apart}
  static Duration between(Instant from, Instant to) {
    return Duration.ofSeconds(
        Math.subtractExact(to.getEpochSecond(), from.getEpochSecond()),
        (long) to.getNano() - from.getNano());
  }

  /// {@return the time after some nanoseconds, at most `Instant.MAX`}
  static Instant plus(Instant from, long nanos) {
    return from.isAfter(Instant.MAX.minusNanos(FOREVER)) ? Instant.MAX : from.plusNanos(nanos);
  }

  /// {@return the duration as in "2 s", "1.5 s", "150 ms" or "3 h 20 min"}
  static String text(Duration d) {
    if (d.isNegative()) {
      boolean most = d.toSeconds() == Long.MIN_VALUE; // which has no counterpart
      return "-" + text(most ? Duration.ofSeconds(Long.MAX_VALUE) : d.negated());
    }
    long seconds = d.toSeconds();
    if (seconds >= 120) {
      long minutes = d.toMinutes();
      return minutes < 60
          ? joined(minutes, "min", d.toSecondsPart(), "s")
          : joined(d.toHours(), "h", d.toMinutesPart(), "min");
    }
    long nanos = d.toNanos();
    if (nanos == 0) {
      return "0 s";
    } else if (nanos >= 1_000_000_000) {
      return decimal(nanos, 1e9) + " s";
    } else if (nanos >= 1_000_000) {
      return decimal(nanos, 1e6) + " ms";
    }
    return nanos >= 1_000 ? decimal(nanos, 1e3) + " µs" : nanos + " ns";
  }

  private static String joined(long n, String unit, long rest, String restUnit) {
    return rest == 0 ? n + " " + unit : n + " " + unit + " " + rest + " " + restUnit;
  }

  private static String decimal(long nanos, double unit) {
    String text = String.format(Locale.ROOT, "%.3f", nanos / unit);
    return text.replaceAll("\\.?0+$", "");
  }
}
