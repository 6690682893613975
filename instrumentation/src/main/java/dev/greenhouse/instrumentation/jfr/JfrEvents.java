package dev.greenhouse.instrumentation.jfr;

import dev.greenhouse.instrumentation.Instrument;

/// Instruments that tell the JDK's Flight Recorder what tasks do. `jfr print --categories
/// Greenhouse` shows the events, and so does JDK Mission Control, under "Greenhouse" in its event
/// browser.
///
/// | event | when it is written | what its time means |
/// |---|---|---|
/// | `dev.greenhouse.TaskSpawned` | a task was started | |
/// | `dev.greenhouse.TaskExited` | a task has ended, with its outcome | the duration is the task's whole life |
/// | `dev.greenhouse.TaskStep` | a task has held its carrier for longer than the threshold: 20 ms, or what the recording's settings say | the duration is the step's |
/// | `dev.greenhouse.CancelRequested` | a scope was cancelled, with the stack if a task did it | |
/// | `dev.greenhouse.CancelDelivered` | cancellation was raised in a task, with its stack | |
/// | `dev.greenhouse.Nursery` | a nursery has closed, with the number of its tasks | the duration is from its opening to its close |
/// | `dev.greenhouse.EventsLost` | more events came from carriers than could be written | |
///
/// Events are on whenever a recording runs, unless its settings switch them off: `jcmd <pid>
/// JFR.start +dev.greenhouse.TaskStep#threshold=5ms`. While none is on, a hook of a step tests two
/// flags, a spawn three, an exit two, every other hook one; and none allocates. What began before
/// the recording ends without a duration. Names and messages are shown on one line and cut when
/// they are very long.
///
/// Events name their tasks. The thread that an event is filed under is the task's or the forking
/// task's, or `greenhouse-flight-recorder` if the thread is not virtual: steps are among these. The
/// end of a greenhouse waits, for five seconds at most, until its events are written.
///
/// It may be added to several greenhouses. It needs the JDK's module `jdk.jfr`, which Greenhouse
/// does not ask for: an application on the module path says `requires jdk.jfr` itself.
public final class JfrEvents {
  private JfrEvents() {}

  /// {@return an instrument that writes all events}
  ///
  /// @throws IllegalStateException if this Java has no `jdk.jfr`
  public static Instrument create() {
    requireJfr();
    return new FlightInstrumentOfSteps();
  }

  /// {@return an instrument that writes all events but those of steps, and so costs nothing at all
  /// per step, recording or not}
  ///
  /// @throws IllegalStateException if this Java has no `jdk.jfr`
  public static Instrument withoutSteps() {
    requireJfr();
    return new FlightInstrument();
  }

  private static void requireJfr() {
    if (ModuleLayer.boot().findModule("jdk.jfr").isEmpty()) {
      throw new IllegalStateException(
          "Events for the Flight Recorder need the JDK's module jdk.jfr, and this Java runs without"
              + " it. Start it with --add-modules jdk.jfr, or build its image with that module, or"
              + " leave this instrument out.");
    }
  }
}
