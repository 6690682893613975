package dev.greenhouse.instrumentation.watch;

import dev.greenhouse.instrumentation.stock.Label;
import java.util.function.Consumer;
import org.slf4j.Logger;

/// Tells of stalls. The watch's thread only.
final class Reporter {
  /// So many lines of a stack are written to the log.
  private static final int LINES = 100;

  private final Logger logger;
  private final Consumer<? super Stall> consumer;
  private boolean toldOfConsumer;
  private boolean complained;

  Reporter(Logger logger, Consumer<? super Stall> consumer) {
    this.logger = logger;
    this.consumer = consumer;
  }

  void report(Stall stall) {
    try {
      if (logger.isWarnEnabled()) {
        logger.warn(text(stall));
      }
    } catch (Throwable t) {
      complain(t);
    }
    try {
      consumer.accept(stall);
    } catch (Throwable t) {
      tellOfConsumer(t);
    }
  }

  /// The steps of a greenhouse can't be watched.
  void reportBlind(String greenhouse) {
    try {
      logger.warn(
          "No stall can be seen in greenhouse '{}': its tasks run on plain virtual threads, and"
              + " nothing tells one that computes from one that waits. Start java with"
              + " --add-opens java.base/java.lang=ALL-UNNAMED, on the module path"
              + " =dev.greenhouse.nursery.",
          Label.name(greenhouse));
    } catch (Throwable t) {
      complain(t);
    }
  }

  private static String text(Stall stall) {
    var text = new StringBuilder(stall.toString());
    if (stall.stack().isEmpty()) {
      return text.append(" It ended before its stack was taken.").toString();
    }
    text.append(" Thread '").append(Label.name(stall.carrier())).append("' is at:");
    stall.stack().stream()
        .limit(LINES)
        .forEach(e -> text.append(System.lineSeparator()).append("\tat ").append(e));
    int more = stall.stack().size() - LINES;
    if (more > 0) {
      text.append(System.lineSeparator()).append("\t... ").append(more).append(" more");
    }
    return text.toString();
  }

  private void tellOfConsumer(Throwable error) {
    if (toldOfConsumer) {
      return;
    }
    toldOfConsumer = true;
    try {
      logger.error(
          "The consumer of a stall watch threw. It is called again at the next stall; mend it, as"
              + " this is told only once.",
          error);
    } catch (Throwable t) {
      complain(t);
    }
  }

  /// The back end threw, or the watch itself: there is no log to tell of it. Once is enough.
  void complain(Throwable error) {
    if (complained) {
      return;
    }
    complained = true;
    Thread self = Thread.currentThread();
    self.getUncaughtExceptionHandler().uncaughtException(self, error);
  }
}
