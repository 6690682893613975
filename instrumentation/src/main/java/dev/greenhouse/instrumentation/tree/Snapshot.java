package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.TaskView;
import java.time.Duration;
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

  /// So many stacks are asked for to tell where tasks are, if nobody wants the stacks themselves:
  /// one costs some ten microseconds.
  private static final int MAX_PLACES = 1_000;

  private static final StackTraceElement[] NO_STACK = {};

  /// A task that is still to be seen, and where it belongs.
  private record Left(TaskView task, List<TaskNode> siblings) {}

  private final GreenhouseView greenhouse;
  private final TaskAges ages;
  private final boolean stacks;
  private final ArrayDeque<Left> left = new ArrayDeque<>();
  private int size;
  private int places;

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
      StackTraceElement[] stack =
          stacks || wantsPlace(state, waitsFor) ? task.thread().getStackTrace() : NO_STACK;
      String doing = doing(task, state, waitsFor, stack);
      if (i == TRIES || (task.steps() == steps && task.state() == state)) {
        return new TaskNode(
            task.id(),
            task.name(),
            state,
            doing,
            ages.of(task),
            steps,
            task.cancelled(),
            timeLeft(task),
            task.marks(),
            stacks ? List.of(stack) : List.of(),
            nurseriesOf(task));
      }
    }
  }

  /// Those that run are few, and tell most.
  private boolean wantsPlace(TaskState state, Optional<String> waitsFor) {
    return waitsFor.isEmpty()
        && switch (state) {
          case RUNNING -> true;
          case WAITING -> places++ < MAX_PLACES;
          case RUNNABLE, ENDED -> false;
        };
  }

  private static String doing(
      TaskView task, TaskState state, Optional<String> waitsFor, StackTraceElement[] stack) {
    if (state == TaskState.RUNNABLE) {
      String turn = "could run, and waits for its turn";
      return waitsFor.map(what -> turn + "; has waited for: " + what).orElse(turn);
    }
    if (waitsFor.isPresent()) {
      return waitsFor.get();
    }
    if (task.thread() == Thread.currentThread()) {
      return "takes this snapshot";
    }
    if (stack.length == 0) {
      return task.steps() == 0 ? "is about to begin" : "is blocked elsewhere";
    }
    return new Place(List.of(stack)).inWords(task.thread().getState());
  }

  /// A greenhouse's clock may be somebody's.
  private static Optional<Duration> timeLeft(TaskView task) {
    try {
      return task.timeLeft();
    } catch (Throwable t) {
      return Optional.empty();
    }
  }

  private List<NurseryNode> nurseriesOf(TaskView task) {
    var nurseries = new ArrayList<NurseryNode>();
    for (NurseryView n : task.nurseries()) {
      var tasks = new ArrayList<TaskNode>();
      enqueue(n.children(), tasks);
      nurseries.add(new NurseryNode(n.name(), n.cancelled(), Collections.unmodifiableList(tasks)));
    }
    return List.copyOf(nurseries);
  }
}
