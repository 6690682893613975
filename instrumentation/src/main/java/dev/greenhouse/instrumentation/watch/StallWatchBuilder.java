package dev.greenhouse.instrumentation.watch;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes a [StallWatch]. Not thread-safe.
public final class StallWatchBuilder {
  private static final String LOGGER = "dev.greenhouse.stalls";

  private Logger logger = LoggerFactory.getLogger(LOGGER);
  private long threshold = TimeUnit.MILLISECONDS.toNanos(100);
  private Consumer<? super Stall> consumer = stall -> {};

  StallWatchBuilder() {}

  /// Sets how long a step may hold its carrier; 100 ms unless said otherwise.
  ///
  /// @param longest a positive duration. The watch looks four times in it, but at most once in a
  ///   millisecond
  /// @return this
  /// @throws IllegalArgumentException if it is null, zero or negative
  public StallWatchBuilder threshold(Duration longest) {
    if (longest == null || !longest.isPositive()) {
      throw new IllegalArgumentException(
          "A stall watch can't have a threshold of %s. Give a positive one, such as Duration.ofMillis(100)."
              .formatted(longest));
    }
    threshold = TimeUnit.NANOSECONDS.convert(longest);
    return this;
  }

  /// Writes to another logger.
  ///
  /// @param name its name
  /// @return this
  /// @throws IllegalArgumentException if the name is blank
  public StallWatchBuilder logger(String name) {
    if (name.isBlank()) {
      throw new IllegalArgumentException(
          "A stall watch's logger has no name. Give one, such as '%s'.".formatted(LOGGER));
    }
    return logger(LoggerFactory.getLogger(name));
  }

  /// Writes to another logger.
  ///
  /// @param logger the logger
  /// @return this
  public StallWatchBuilder logger(Logger logger) {
    this.logger = Objects.requireNonNull(logger, "logger");
    return this;
  }

  /// Hands each stall to a consumer, too, after it was logged. It is called by the watch's thread,
  /// while the step is perhaps still running; while it blocks, nothing else is seen or reported. If
  /// it throws, the log says so once at level ERROR, and the watch goes on. A later call replaces
  /// the consumer.
  ///
  /// @param consumer the consumer
  /// @return this
  public StallWatchBuilder onStall(Consumer<? super Stall> consumer) {
    this.consumer = Objects.requireNonNull(consumer, "consumer");
    return this;
  }

  /// {@return the watch, whose thread has been started; close it when it is not needed any more}
  public StallWatch build() {
    var watch = new StepWatch(threshold, new Reporter(logger, consumer));
    watch.start();
    return watch;
  }
}
