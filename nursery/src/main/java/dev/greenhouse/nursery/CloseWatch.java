package dev.greenhouse.nursery;

import dev.greenhouse.nursery.housekeeping.Guarded;
import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.housekeeping.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The nurseries of a greenhouse whose owners wait in `close()`. The housekeeper looks through them
/// every few milliseconds: whoever it meets twice is asked to look whether its body threw, and is
/// then left alone until it has waited so long that this is worth a line in the log.
///
/// Entering and leaving is a few instructions, because every nursery does it; no timer is set for
/// one that does not wait for long.
final class CloseWatch extends Guarded {
  private static final long TICK = TimeUnit.MILLISECONDS.toNanos(5);
  private static final int NAMES = 20;

  /// A nursery's place in the list.
  static final class Seat {
    private final NurseryImpl nursery;

    // Under the watch's spin word.
    private @Nullable Seat before;
    private @Nullable Seat after;
    private boolean listed;
    private boolean met;
    private @Nullable Report report;

    Seat(NurseryImpl nursery) {
      this.nursery = nursery;
    }
  }

  // Under the spin word.
  private @Nullable Seat first;
  private boolean ticking;

  private final long reportAfter;

  /// Makes a watch that reports who has waited for so many nanoseconds.
  CloseWatch(long reportAfter) {
    this.reportAfter = reportAfter;
  }

  void enter(Seat seat) {
    boolean start;
    lock();
    try {
      seat.after = first;
      if (first != null) {
        first.before = seat;
      }
      first = seat;
      seat.listed = true;
      seat.met = false;
      start = !ticking;
      ticking = true;
    } finally {
      unlock();
    }
    if (start) {
      Housekeeper.get().schedule(new Tick(), TICK);
    }
  }

  void leave(Seat seat) {
    Report report;
    lock();
    try {
      unlink(seat);
      report = seat.report;
      seat.report = null;
    } finally {
      unlock();
    }
    if (report != null) {
      report.drop();
    }
  }

  private void unlink(Seat seat) {
    if (!seat.listed) {
      return;
    }
    seat.listed = false;
    if (seat.before == null) {
      first = seat.after;
    } else {
      seat.before.after = seat.after;
    }
    if (seat.after != null) {
      seat.after.before = seat.before;
    }
    seat.before = null;
    seat.after = null;
  }

  private final class Tick extends Timer {
    @Override
    protected void fire() {
      List<Seat> waited = new ArrayList<>();
      boolean again;
      lock();
      try {
        for (Seat s = first; s != null; s = s.after) {
          if (s.met) {
            waited.add(s);
          }
          s.met = true;
        }
        for (Seat s : waited) {
          unlink(s);
          s.report = new Report(s.nursery, reportAfter);
        }
        again = first != null;
        ticking = again;
      } finally {
        unlock();
      }
      for (Seat s : waited) {
        setReport(s);
        s.nursery.askToLook();
      }
      if (again) {
        Housekeeper.get().schedule(this, TICK);
      }
    }

    /// The nursery may have left meanwhile; then its report must not stay behind.
    private void setReport(Seat s) {
      Report report;
      lock();
      report = s.report;
      unlock();
      if (report != null) {
        Housekeeper.get().schedule(report, reportAfter);
      }
    }

    @Override
    public String toString() {
      return "the watch of closing nurseries";
    }
  }

  /// Says once what a `close()` waits for.
  private static final class Report extends Timer {
    private final NurseryImpl nursery;
    private final long after;

    Report(NurseryImpl nursery, long after) {
      this.nursery = nursery;
      this.after = after;
    }

    @Override
    protected void fire() {
      if (nursery.isClosed()) {
        return;
      }
      List<Task<?>> tasks = nursery.children();
      String names =
          tasks.stream().limit(NAMES).map(Task::name).collect(Collectors.joining("', '", "'", "'"));
      Reports.warn(
          "close() of nursery '%s' in task '%s' has waited %s for %d task%s: %s%s. If its body threw, open it by Nursery.run or with cancelOnClose."
              .formatted(
                  nursery.name(),
                  nursery.owner().name(),
                  Durations.text(Duration.ofNanos(after)),
                  tasks.size(),
                  tasks.size() == 1 ? "" : "s",
                  names,
                  tasks.size() > NAMES ? " and %d more".formatted(tasks.size() - NAMES) : ""));
    }

    @Override
    public String toString() {
      return "the report of " + nursery;
    }
  }
}
