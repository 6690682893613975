package dev.greenhouse.nursery.housekeeping;

import dev.greenhouse.instrumentation.Instrument;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is told to the log, always by the [Worker#REPORTER]: a carrier that logs can meet a lock
/// held by a task that it carries.
public final class Reports {
  private Reports() {}

  /// Logs at WARN.
  public static void warn(String message) {
    Worker.REPORTER.execute(() -> log().warn(message));
  }

  /// Logs at WARN, with a stack.
  public static void warn(String message, Throwable stack) {
    Worker.REPORTER.execute(() -> log().warn(message, stack));
  }

  /// Logs at ERROR.
  public static void error(String message, Throwable cause) {
    Worker.REPORTER.execute(() -> log().error(message, cause));
  }

  /// An instrument threw and was removed.
  public static void instrumentFailed(
      String greenhouse, Instrument instrument, String hook, Throwable error) {
    error(
        "Instrument %s of greenhouse '%s' threw in %s and was removed; the tasks go on. Its hooks must not throw."
            .formatted(instrument.getClass().getName(), greenhouse, hook),
        error);
  }

  /// Our own mistake.
  public static void internalError(String where, Throwable cause) {
    error("Greenhouse made a mistake in " + where + ". Please report this with its stack.", cause);
  }

  // Looked up late, so that loading this class on a carrier does not start a logging framework
  // there.
  private static Logger log() {
    return LoggerFactory.getLogger("dev.greenhouse");
  }
}
