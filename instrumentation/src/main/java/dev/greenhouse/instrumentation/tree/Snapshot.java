package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.TaskView;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Walks over the tasks of a greenhouse, without recursion, and writes down what it sees.
final class Snapshot {
  /// So often is a task looked at again that went on meanwhile.
  private static final int TRIES = 4;

  private static final StackTraceElement[] NO_STACK = {};

  /// A task that is still to be seen, and where it belongs.
  private record Left(TaskView task, List<TaskNode> siblings) {}

  private final GreenhouseView greenhouse;
  private final TaskAges ages;
  private final boolean stacks;
  private final ArrayDeque<Left> left = new ArrayDeque<>();
  private int size;

  Snapshot(GreenhouseView greenhouse, boolean stacks) {
    this.greenhouse = Objects.requireNonNull(greenhouse, "greenhouse");
    this.ages = TaskAges.in(greenhouse);
    this.stacks = stacks;
  }

  TaskTree taken() {
    Instant now = Instant.now();
    var roots = new ArrayList<TaskNode>();
    enqueue(greenhouse.roots(), roots);
    for (Left next; (next = left.poll()) != null; ) {
      TaskNode seen = see(next.task);
      if (seen != null) {
        next.siblings.add(seen);
        size++;
      }
    }
    return new TaskTree(greenhouse.name(), now, Collections.unmodifiableList(roots), size);
  }

  private void enqueue(List<? extends TaskView> tasks, List<TaskNode> siblings) {
    tasks.forEach(task -> left.add(new Left(task, siblings)));
  }

  /// {@return the task at one moment; null if it has ended}
  private @Nullable TaskNode see(TaskView task) {
    for (int i = 1; ; i++) {
      long steps = task.steps();
      TaskState state = task.state();
      if (state == TaskState.ENDED) {
        return null;
      }
      Optional<String> waitsFor = task.waitsFor();
      boolean placed = waitsFor.isPresent() || state == TaskState.RUNNABLE;
      StackTraceElement[] stack = stacks || !placed ? task.thread().getStackTrace() : NO_STACK;
      String doing = doing(task, state, waitsFor.orElse(""), stack);
      if (i == TRIES || (task.steps() == steps && task.state() == state)) {
        return new TaskNode(
            task.id(),
            task.name(),
            state,
            doing,
            ages.of(task),
            steps,
            task.cancelled(),
            task.timeLeft(),
            task.marks(),
            stacks ? List.of(stack) : List.of(),
            nurseriesOf(task));
      }
    }
  }

  private static String doing(
      TaskView task, TaskState state, String waitsFor, StackTraceElement[] stack) {
    Thread.State thread =
        state == TaskState.RUNNABLE ? Thread.State.RUNNABLE : task.thread().getState();
    boolean holdsCarrier = state == TaskState.RUNNING && thread != Thread.State.RUNNABLE;
    if (!waitsFor.isEmpty()) {
      return holdsCarrier ? waitsFor + ", and holds its carrier" : waitsFor;
    }
    if (state == TaskState.RUNNABLE) {
      return "could run, and waits for its turn";
    }
    if (task.thread() == Thread.currentThread()) {
      return "takes this snapshot";
    }
    return stack.length == 0
        ? "is about to begin"
        : new Place(List.of(stack)).inWords(thread, holdsCarrier);
  }

  private List<NurseryNode> nurseriesOf(TaskView task) {
    var nurseries = new ArrayList<NurseryNode>();
    for (NurseryView n : task.nurseries()) {
      var tasks = new ArrayList<TaskNode>();
      enqueue(n.children(), tasks);
      nurseries.add(new NurseryNode(n.name(), Collections.unmodifiableList(tasks)));
    }
    return List.copyOf(nurseries);
  }
}
