package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.stock.Json;
import dev.greenhouse.instrumentation.stock.Label;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A tree as JSON, in a flat list.
final class TreeJson {
  /// A task that is still to be written.
  ///
  /// @param parent the id of its nursery's owner
  /// @param nursery which of the owner's nurseries it is in; -1 for a root
  private record Left(TaskNode task, long parent, int nursery) {}

  private static final int ROOT = -1;

  private final StringBuilder json = new StringBuilder();
  private final ArrayDeque<Left> left = new ArrayDeque<>();

  String of(TaskTree tree) {
    json.append("{\"greenhouse\":");
    Json.appendQuoted(json, Label.name(tree.greenhouse()));
    json.append(",\"takenAt\":\"").append(tree.takenAt()).append("\",\"tasks\":[");
    tree.roots().forEach(root -> left.add(new Left(root, 0, ROOT)));
    String between = "\n";
    for (Left next; (next = left.poll()) != null; ) {
      json.append(between);
      append(next);
      between = ",\n";
    }
    return json.append("\n]}\n").toString();
  }

  private void append(Left next) {
    TaskNode task = next.task;
    json.append("{\"id\":").append(task.id());
    text("name", Label.name(task.name()));
    if (next.nursery != ROOT) {
      number("parent", next.parent);
      number("nursery", next.nursery);
    }
    text("state", task.state().name());
    text("doing", Label.message(task.doing()));
    number("steps", task.steps());
    task.age().ifPresent(d -> number("ageNanos", TimeUnit.NANOSECONDS.convert(d)));
    task.timeLeft().ifPresent(d -> number("timeLeftNanos", TimeUnit.NANOSECONDS.convert(d)));
    task.cancelled().ifPresent(why -> text("cancelled", Label.message(why.text())));
    texts("marks", task.marks());
    if (!task.stack().isEmpty()) {
      texts("stack", task.stack());
    }
    nurseries(task);
    json.append('}');
  }

  private void nurseries(TaskNode owner) {
    json.append(",\"nurseries\":[");
    for (int i = 0; i < owner.nurseries().size(); i++) {
      int number = i;
      NurseryNode nursery = owner.nurseries().get(i);
      json.append(i == 0 ? "{\"name\":" : ",{\"name\":");
      Json.appendQuoted(json, Label.name(nursery.name()));
      number("tasks", nursery.tasks().size());
      nursery.cancelled().ifPresent(why -> text("cancelled", Label.message(why.text())));
      json.append('}');
      nursery.tasks().forEach(t -> left.add(new Left(t, owner.id(), number)));
    }
    json.append(']');
  }

  private void number(String key, long value) {
    json.append(",\"").append(key).append("\":").append(value);
  }

  private void text(String key, String value) {
    json.append(",\"").append(key).append("\":");
    Json.appendQuoted(json, value);
  }

  private void texts(String key, List<?> values) {
    json.append(",\"").append(key).append("\":[");
    String between = "";
    for (Object value : values) {
      json.append(between);
      Json.appendQuoted(json, Label.message(value));
      between = ",";
    }
    json.append(']');
  }
}
