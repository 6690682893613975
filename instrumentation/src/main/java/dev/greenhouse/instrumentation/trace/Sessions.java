package dev.greenhouse.instrumentation.trace;

import java.util.Arrays;

/// When a timeline recorded: from each start to the stop after it, or up to now. Immutable.
///
/// With each time it has the id that the next new thread would get. Ids rise, so they tell whether
/// a task's thread was made before it or after.
///
/// @param number of the last session, never 0; a new one for each start
/// @param times begins with a start
/// @param nextIds as many
@SuppressWarnings("ArrayRecordComponent") // never written after it is made
record Sessions(int number, long[] times, long[] nextIds) {
  /// What lies before so many sessions is left out of pictures.
  private static final int MOST = 1_000;

  static final Sessions NONE = new Sessions(0, new long[0], new long[0]);

  boolean areOn() {
    return times.length % 2 == 1;
  }

  Sessions started() {
    return areOn() ? this : with(Math.max(1, number + 1 & Integer.MAX_VALUE));
  }

  Sessions stopped() {
    return areOn() ? with(number) : this;
  }

  private Sessions with(int newNumber) {
    int from = times.length == 2 * MOST ? 2 : 0;
    int n = times.length - from;
    long[] longer = Arrays.copyOfRange(times, from, times.length + 1);
    long[] ids = Arrays.copyOfRange(nextIds, from, times.length + 1);
    longer[n] = System.nanoTime();
    ids[n] = Thread.ofVirtual().unstarted(() -> {}).threadId();
    return new Sessions(newNumber, longer, ids);
  }

  int last() {
    return (times.length - 1) / 2;
  }

  /// {@return the session that a time lies in, -1 if that was in a pause}
  int at(long time) {
    int found = Arrays.binarySearch(times, time);
    int before = found >= 0 ? found : -found - 2; // the start or stop that came last
    return before % 2 == 0 ? before / 2 : -1;
  }

  /// {@return when a session began}
  long begin(int session) {
    return times[2 * session];
  }

  /// {@return when a session ended, `Long.MAX_VALUE` if it has not}
  long end(int session) {
    int at = 2 * session + 1;
    return at < times.length ? times[at] : Long.MAX_VALUE;
  }

  /// {@return since when a living task, whose spawn was not recorded, was seen to live}
  long livedFrom(long task) {
    int session = 0;
    while (session < last() && nextIds[2 * session] <= task) {
      session++;
    }
    return begin(session);
  }

  /// {@return whether a task that lives now was there before the last stop}
  boolean haveSeen(long task) {
    return areOn() || task < nextIds[nextIds.length - 1];
  }
}
