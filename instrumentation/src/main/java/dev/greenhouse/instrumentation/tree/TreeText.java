package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.stock.Label;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/// A tree as lines for people. What matters most comes first in a line, because its end may be cut.
final class TreeText {
  /// So many tasks of one nursery are shown: those that tell most.
  private static final int SHOWN = 50;

  /// So many lines are shown of the whole tree, stacks not counted.
  private static final int MAX_LINES = 2_000;

  /// A level of the tree takes three columns; what lies deeper than a third of the width is not
  /// indented any further.
  private static final int COLUMNS = 3;

  /// Something that is still to be shown.
  ///
  /// @param node a task, a nursery, or a text
  /// @param before what stands before its line
  /// @param below what stands before the lines of what is in it
  private record Item(Object node, String before, String below, int depth) {}

  private final int width;
  private final StringBuilder text = new StringBuilder();
  private final ArrayDeque<Item> left = new ArrayDeque<>();
  private int lines;

  TreeText(int width) {
    this.width = width;
  }

  String of(TaskTree tree) {
    line("", "greenhouse '%s': %s".formatted(Label.name(tree.greenhouse()), total(tree)));
    push(tree.roots(), "", 0);
    for (Item next; (next = left.pollLast()) != null; ) {
      if (lines == MAX_LINES) {
        line("", "… and more: the JSON form has all");
        break;
      }
      show(next);
    }
    return text.toString();
  }

  private static String total(TaskTree tree) {
    var states = new EnumMap<TaskState, Integer>(TaskState.class);
    tree.forEach(t -> states.merge(t.state(), 1, Integer::sum));
    var total = new StringBuilder(tree.size() == 1 ? "1 task" : tree.size() + " tasks");
    states.forEach((state, n) -> total.append(", ").append(n).append(' ').append(lowerCase(state)));
    return total.toString();
  }

  private static String lowerCase(TaskState state) {
    return state.name().toLowerCase(Locale.ROOT);
  }

  private void show(Item item) {
    switch (item.node) {
      case TaskNode task -> {
        line(item.before, describe(task));
        stack(item.below, task.stack());
        push(task.nurseries(), item.below, item.depth);
      }
      case NurseryNode nursery -> {
        int n = nursery.tasks().size();
        String name = Label.name(nursery.name());
        String cancelled =
            nursery
                .cancelled()
                .map(why -> ", cancelled (" + Label.name(why.text()) + ")")
                .orElse("");
        line(
            item.before,
            "nursery '%s', %s%s".formatted(name, n == 1 ? "1 task" : n + " tasks", cancelled));
        push(nursery.tasks(), item.below, item.depth);
      }
      default -> line(item.before, item.node.toString());
    }
  }

  /// The last one first, because they come off the other end.
  private void push(List<?> nodes, String before, int depth) {
    List<?> shown = nodes.size() <= SHOWN ? nodes : mostTelling(nodes);
    boolean more = shown.size() < nodes.size();
    if (more) {
      left.add(item("… and %d more".formatted(nodes.size() - shown.size()), before, depth, true));
    }
    for (int i = shown.size() - 1; i >= 0; i--) {
      left.add(item(shown.get(i), before, depth, !more && i == shown.size() - 1));
    }
  }

  /// Of many, those that are cancelled or run, and then the oldest; all in their order.
  private static List<?> mostTelling(List<?> nodes) {
    long telling = Math.min(SHOWN, nodes.stream().filter(TreeText::isTelling).count());
    var shown = new ArrayList<Object>(SHOWN);
    long room = SHOWN - telling;
    for (Object node : nodes) {
      boolean isTelling = isTelling(node);
      if (isTelling ? telling-- > 0 : room-- > 0) {
        shown.add(node);
      }
    }
    return shown;
  }

  private static boolean isTelling(Object node) {
    return node instanceof TaskNode task
        && (task.cancelled().isPresent() || task.state() == TaskState.RUNNING);
  }

  private Item item(Object node, String before, int depth, boolean last) {
    if (depth == 0) {
      return new Item(node, "", "", 1);
    }
    if (before.length() + COLUMNS > width / COLUMNS) {
      return new Item(node, before + "⋮" + depth + " ", before, depth + 1);
    }
    return new Item(
        node, before + (last ? "└─ " : "├─ "), before + (last ? "   " : "│  "), depth + 1);
  }

  private static String describe(TaskNode task) {
    var line = new StringBuilder(Label.name(task.name())).append(": ");
    task.cancelled()
        .ifPresent(why -> line.append("cancelled (").append(Label.name(why.text())).append("); "));
    line.append(Label.message(task.doing()));
    task.marks().forEach(mark -> line.append(" · ").append(Label.name(mark)));
    task.timeLeft()
        .filter(d -> task.cancelled().isEmpty())
        .ifPresent(d -> line.append(" · deadline in ").append(duration(d)));
    line.append(" · ").append(task.steps()).append(task.steps() == 1 ? " step" : " steps");
    task.age().ifPresent(d -> line.append(" · ").append(duration(d)).append(" old"));
    return line.toString();
  }

  private static String duration(Duration d) {
    return Label.duration(TimeUnit.NANOSECONDS.convert(d));
  }

  /// What the libraries do inside is left out: the JSON form has it.
  private void stack(String below, List<StackTraceElement> stack) {
    for (StackTraceElement frame : new Place(stack).ownFrames()) {
      append(below, "     at " + Place.shown(frame));
    }
  }

  private void line(String before, String line) {
    append(before, line);
    lines++;
  }

  private void append(String before, String line) {
    int room = Math.max(1, width - before.length());
    text.append(before);
    if (line.length() <= room) {
      text.append(line);
    } else {
      int end = Character.isHighSurrogate(line.charAt(room - 2)) ? room - 2 : room - 1;
      text.append(line, 0, end).append('…');
    }
    text.append(System.lineSeparator());
  }
}
