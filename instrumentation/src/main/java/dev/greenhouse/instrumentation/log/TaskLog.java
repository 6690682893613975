package dev.greenhouse.instrumentation.log;

import dev.greenhouse.instrumentation.Instrument;
import java.time.Duration;

/// An instrument that writes what tasks do to SLF4J: who was spawned where, how each ended and
/// after how long, what was cancelled and why, which nurseries were opened and closed.
///
/// ```
/// Task 'page-17' spawned in nursery 'crawl'
/// Task 'page-17' failed after 1.204 s: java.io.IOException: reset by peer
/// Nursery 'crawl' of task 'main' closed after 1.3 s
/// ```
///
/// Lines are written by a daemon thread of the log's own, never by the tasks or their carriers: a
/// logging back end that blocks, even for ever, stops that thread only. Until it gets to them,
/// events wait in a ring of fixed size. When that is full the oldest are lost, and the log says how
/// many. A line's time and thread are therefore the writer's; durations are measured where things
/// happen. Names and messages are shown on one line and cut when they are very long.
///
/// It may be added to several greenhouses. The end of a greenhouse waits, for a second at most,
/// until its events are written; [#close] does, too.
public sealed interface TaskLog extends Instrument, AutoCloseable permits RingLog {
  /// {@return a log with the usual levels, of the logger `dev.greenhouse.tasks`}
  static TaskLog create() {
    return builder().build();
  }

  /// {@return what makes a log with other levels or another logger}
  static TaskLogBuilder builder() {
    return new TaskLogBuilder();
  }

  /// Waits until what has happened before this call is written. Blocks its thread, and is no
  /// checkpoint; an interrupt ends it early and stays set. Any thread may call it, hooks excepted.
  ///
  /// @param limit how long to wait at most
  /// @return whether all of it is written or counted as lost
  boolean flush(Duration limit);

  /// {@return how many events were lost because the back end could not keep up} Any thread may ask.
  long lost();

  /// Stops listening, waits up to two seconds until the rest is written, and ends the thread.
  /// Remove the instrument, or close its greenhouse, before that; what it hears afterwards is not
  /// written. Blocks its thread, and is no checkpoint; an interrupt ends the wait early and stays
  /// set. Closing it again does nothing.
  @Override
  void close();
}
