package dev.greenhouse.instrumentation.watch;

import dev.greenhouse.instrumentation.Instrument;

/// An instrument that reports a step which holds its carrier for too long, 100 ms unless said
/// otherwise, while it is still running, with its stack, once.
///
/// ```
/// Task 'parse' has held the loop of greenhouse 'web' for 104 ms, and nobody else runs there
/// meanwhile. Thread 'greenhouse-loop-web' is at:
///     at java.base/java.util.regex.Pattern$Loop.match(Pattern.java:4963)
/// ```
///
/// A task that waits holds nothing. It is a stall if the task computes, reads a file, runs native
/// code, or waits where its thread can't leave the carrier. On a loop this means that every other
/// task waits for this one. The cause may also be the machine: a pause for the garbage collector
/// holds the carriers, too.
///
/// **How it works.** A step leaves a number for its carrier and reads no clock. A daemon thread of
/// the watch's own, `greenhouse-stall-watch`, looks at these numbers four times in each threshold,
/// but not more often than once in a millisecond and not less often than once in a second, and
/// remembers since when it has seen the same one. So a step is reported between one threshold and
/// one and a quarter after its beginning, if the thread gets a processor. When nothing has run for
/// a threshold the thread sleeps, until a step wakes it. The clock is `System.nanoTime`, also where
/// the greenhouse has a virtual one.
///
/// **Reports** go to SLF4J at level WARN, and to whoever [StallWatchBuilder#onStall] names, by the
/// same thread. A back end or consumer that blocks therefore delays what is reported later, and a
/// stall that has ended meanwhile is neither reported nor counted. The tasks never wait for it.
///
/// **Hooks.** An instrument whose `beforeTaskStep` or `afterTaskStep` blocks holds the carrier as
/// well, and is reported with the carrier's stack. Of `beforeTaskStep`, those are seen that were
/// added after the watch: add it first. `beforeIdle` and `afterIdle` are not watched, nor is what a
/// carrier does apart from tasks, such as steps of threads that are no tasks.
///
/// **What is not watched.** Steps that run in the task's own thread, since they hold no carrier of
/// the greenhouse: those of a thread that became a task by opening a nursery, and all steps without
/// the flag `--add-opens java.base/java.lang`, where nothing tells a task that computes from one
/// that waits in the JDK. The log then says once that nothing is seen. At most 1,024 threads that
/// carry steps are watched at a time; threads that have ended do not count.
///
/// It may be added to several greenhouses, and be added and removed while tasks run. Of a step
/// during which it is removed it hears no end, but it sees that the task goes on.
///
/// Watchdogs of this kind are known from other event loops: asyncio's debug mode, which warns when
/// the callback is over, and Vert.x' blocked thread checker.
public sealed interface StallWatch extends Instrument, AutoCloseable permits StepWatch {
  /// {@return a watch with a threshold of 100 ms, which writes to the logger
  /// `dev.greenhouse.stalls`}
  static StallWatch create() {
    return builder().build();
  }

  /// {@return what makes a watch with another threshold, logger or consumer}
  static StallWatchBuilder builder() {
    return new StallWatchBuilder();
  }

  /// {@return how many stalls were reported until now, and how long those that are over took} The
  /// end of a reported step is measured where it happens; that of a hook which held the carrier
  /// after the step by the watch, up to a quarter of the threshold late. Any thread may ask at any
  /// time; it does not block.
  StallTotals totals();

  /// Stops watching and ends the thread. Waits up to two seconds for a report that is being made;
  /// one that takes longer is finished later, and is the last. Called in a report it does not wait.
  /// Remove the instrument, or close its greenhouse, before that: a watch that is closed and not
  /// removed costs as much as an open one, and still counts the ends of the steps it has reported.
  /// Blocks its thread, and is no checkpoint; an interrupt ends the wait early and stays set.
  /// Closing it again does nothing.
  @Override
  void close();
}
