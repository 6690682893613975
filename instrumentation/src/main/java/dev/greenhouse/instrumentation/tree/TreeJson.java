package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.stock.Json;
import dev.greenhouse.instrumentation.stock.Label;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A tree as JSON, in a flat list.
final class TreeJson {
  private record Left(TaskNode task, long parent, @Nullable String nursery) {}

  private final StringBuilder json = new StringBuilder();
  private final ArrayDeque<Left> left = new ArrayDeque<>();

  String of(TaskTree tree) {
    json.append("{\"greenhouse\":");
    Json.appendQuoted(json, Label.name(tree.greenhouse()));
    json.append(",\"takenAt\":\"").append(tree.takenAt()).append("\",\"tasks\":[");
    tree.roots().forEach(root -> left.add(new Left(root, 0, null)));
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
    if (next.nursery != null) {
      number("parent", next.parent);
      text("nursery", Label.name(next.nursery));
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
    json.append('}');
    for (NurseryNode nursery : task.nurseries()) {
      nursery.tasks().forEach(t -> left.add(new Left(t, task.id(), nursery.name())));
    }
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
