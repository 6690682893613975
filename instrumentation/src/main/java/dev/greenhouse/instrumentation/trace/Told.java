package dev.greenhouse.instrumentation.trace;

import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.TaskView;
import java.util.Optional;

/// What a timeline was told in words: texts stand beside the rings of events, and are cut.
sealed interface Told {
  /// As long as a name may be in a picture.
  int MAX_NAME = 120;

  /// As long as a reason or an exception may be.
  int MAX_TEXT = 400;

  /// Who a task is. It keeps no task alive.
  ///
  /// @param time when it was spawned; `Long.MIN_VALUE` if that was before the recording
  /// @param parent the id of its nursery's owner, 0 if it has none
  /// @param name its own name, or empty if it was given none
  /// @param nursery its nursery's name, or empty
  record Person(long task, long time, long parent, String name, String nursery, String greenhouse)
      implements Told {
    /// Reads them from a task. The task is not asked for its name if it stands in a nursery: it
    /// would make one that nobody else may want.
    static Person of(TaskView task, long time) {
      Optional<? extends NurseryView> home = task.parent();
      String nursery = home.map(NurseryView::name).orElse("");
      String name = home.isPresent() ? task.thread().getName() : task.name();
      return new Person(
          task.id(),
          time,
          home.map(n -> n.owner().id()).orElse(0L),
          home.isPresent() && name.equals(nursery) ? "" : cut(name, MAX_NAME),
          cut(nursery, MAX_NAME),
          cut(task.greenhouse().name(), MAX_NAME));
    }

    String label() {
      return name.isEmpty() ? nursery + "-" + task : name;
    }
  }

  /// Something that happened to a task now and then.
  record Mark(long task, long time, Kind kind, String text) implements Told {
    /// What happened.
    enum Kind {
      CANCEL_REQUESTED,
      CANCEL_DELIVERED,
      FAILED,
      WAS_CANCELLED
    }
  }

  /// {@return the text, or its beginning; no character is cut in two}
  static String cut(String text, int limit) {
    if (text.length() <= limit) {
      return text;
    }
    int end = limit - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }

  /// {@return an exception's class and message, whatever its methods do}
  static String describe(Throwable error) {
    String message;
    try {
      message = error.getMessage();
    } catch (Throwable broken) { // somebody's own exception: the timeline is not to blame
      message = "its message can't be read: " + broken.getClass().getName();
    }
    String type = error.getClass().getName();
    return cut(message == null ? type : type + ": " + message, MAX_TEXT);
  }
}
