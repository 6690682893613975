package dev.greenhouse.instrumentation.log;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// Makes a [TaskLog]. Not thread-safe.
public final class TaskLogBuilder {
  private static final String LOGGER = "dev.greenhouse.tasks";
  private static final int CAPACITY = 8192;
  private static final int MOST = 1 << 20;

  private final Map<TaskEvent, Level> levels = new EnumMap<>(TaskEvent.class);
  private Logger logger = LoggerFactory.getLogger(LOGGER);
  private int capacity = CAPACITY;
  private boolean stacks;

  TaskLogBuilder() {
    for (TaskEvent event : TaskEvent.values()) {
      Level usual = event.usualLevel;
      if (usual != null) {
        levels.put(event, usual);
      }
    }
  }

  /// Writes to another logger.
  ///
  /// @param name its name
  /// @return this
  /// @throws IllegalArgumentException if the name is blank
  public TaskLogBuilder logger(String name) {
    if (name.isBlank()) {
      throw new IllegalArgumentException(
          "A task log's logger has no name. Give one, such as '%s'.".formatted(LOGGER));
    }
    return logger(LoggerFactory.getLogger(name));
  }

  /// Writes to another logger.
  ///
  /// @param logger the logger
  /// @return this
  public TaskLogBuilder logger(Logger logger) {
    this.logger = Objects.requireNonNull(logger, "logger");
    return this;
  }

  /// Writes an event at a level.
  ///
  /// @param event the event
  /// @param level its level
  /// @return this
  public TaskLogBuilder level(TaskEvent event, Level level) {
    levels.put(Objects.requireNonNull(event, "event"), Objects.requireNonNull(level, "level"));
    return this;
  }

  /// Does not write these events. Those that are off cost nothing, or next to nothing.
  ///
  /// @param events the events
  /// @return this
  public TaskLogBuilder off(TaskEvent... events) {
    for (TaskEvent event : events) {
      levels.remove(Objects.requireNonNull(event, "event"));
    }
    return this;
  }

  /// Writes failures with their stack traces. Without this they are written as one line: whoever
  /// closes the nursery gets the exception anyway.
  ///
  /// @return this
  public TaskLogBuilder withStacks() {
    stacks = true;
    return this;
  }

  /// Sets how many events can wait for being written; 8,192 unless said otherwise.
  ///
  /// @param events 1 to 1,048,576, rounded up to a power of two
  /// @return this
  /// @throws IllegalArgumentException if it is less or more
  public TaskLogBuilder capacity(int events) {
    if (events < 1 || events > MOST) {
      throw new IllegalArgumentException(
          "A task log can't hold %d events. Give a capacity from 1 to %d.".formatted(events, MOST));
    }
    capacity = events;
    return this;
  }

  /// {@return the log, whose thread has been started; close it when it is not needed any more}
  ///
  /// @throws IllegalStateException if all events are off
  public TaskLog build() {
    if (levels.isEmpty()) {
      throw new IllegalStateException(
          "All events of this task log are off. Leave at least one on, or add no log.");
    }
    var writer = new Writer(logger, Map.copyOf(levels), new Ring(capacity), stacks);
    boolean steps = levels.keySet().stream().anyMatch(TaskEvent::isOfSteps);
    var log = steps ? new StepRingLog(writer) : new RingLog(writer);
    writer.start();
    return log;
  }
}
