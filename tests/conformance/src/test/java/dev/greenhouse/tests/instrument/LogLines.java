package dev.greenhouse.tests.instrument;

import java.io.Serial;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/// A logger that keeps its lines, as "LEVEL text".
class LogLines extends LegacyAbstractLogger {
  @Serial private static final long serialVersionUID = 1;

  private final transient Queue<String> lines = new ConcurrentLinkedQueue<>();
  final transient Queue<Thread> threads = new ConcurrentLinkedQueue<>();
  final transient Queue<Throwable> causes = new ConcurrentLinkedQueue<>();
  volatile Level lowest = Level.TRACE;

  List<String> lines() {
    return List.copyOf(lines);
  }

  long count(String fragment) {
    return lines.stream().filter(l -> l.contains(fragment)).count();
  }

  /// Called before each line is kept.
  void onLine() {}

  @Override
  protected void handleNormalizedLoggingCall(
      Level level,
      @Nullable Marker marker,
      String pattern,
      Object @Nullable [] arguments,
      @Nullable Throwable cause) {
    onLine();
    threads.add(Thread.currentThread());
    if (cause != null) {
      causes.add(cause);
    }
    lines.add(level + " " + MessageFormatter.basicArrayFormat(pattern, arguments));
  }

  private boolean shows(Level level) {
    return level.toInt() >= lowest.toInt();
  }

  @Override
  protected String getFullyQualifiedCallerName() {
    return LogLines.class.getName();
  }

  @Override
  public boolean isTraceEnabled() {
    return shows(Level.TRACE);
  }

  @Override
  public boolean isDebugEnabled() {
    return shows(Level.DEBUG);
  }

  @Override
  public boolean isInfoEnabled() {
    return shows(Level.INFO);
  }

  @Override
  public boolean isWarnEnabled() {
    return shows(Level.WARN);
  }

  @Override
  public boolean isErrorEnabled() {
    return shows(Level.ERROR);
  }
}
