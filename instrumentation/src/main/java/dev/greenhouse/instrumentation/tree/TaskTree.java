package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.GreenhouseView;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/// A snapshot of a greenhouse: its tasks and nurseries as they stand in each other, and what each
/// task does.
///
/// ```
/// System.err.println(TaskTree.of(greenhouse));
/// ```
///
/// Any thread may take one at any time, tasks included, hooks excepted. It is no checkpoint, and
/// waits for no task. A task that forks into a nursery or ends in it may have to wait for it while
/// a piece of that nursery's list is copied, some 256 tasks at a time. Where the place of a task is
/// not known otherwise, because it runs or is blocked in the JDK, the JDK is asked for its stack,
/// which stops that task for some microseconds; without stacks this is done for those that run and
/// the first 1,000 that are blocked, from the roots downwards, and of others it is only said that
/// they are blocked elsewhere.
///
/// **How far it can be trusted.** It is not one moment: tasks go on while it is taken. Each task is
/// seen at one moment of its own, between two of its steps or within one. A task is shown once, in
/// its nursery, and that under its owner, which lived then. A task that lived from the beginning of
/// the snapshot to its end is in it. Of one that goes on each time it is looked at, and without the
/// `--add-opens` flag of any, what it did may be of a few microseconds before or after its state.
///
/// The idea is
/// [Trio's](https://trio.readthedocs.io/en/stable/reference-lowlevel.html#trio.lowlevel.Task).
public final class TaskTree {
  private static final int USUAL_WIDTH = 160;
  private static final int LEAST_WIDTH = 40;

  private final String greenhouse;
  private final Instant takenAt;
  private final List<TaskNode> roots;
  private final int size;

  TaskTree(String greenhouse, Instant takenAt, List<TaskNode> roots, int size) {
    this.greenhouse = greenhouse;
    this.takenAt = takenAt;
    this.roots = roots;
    this.size = size;
  }

  /// Takes a snapshot without stacks.
  ///
  /// @param greenhouse a greenhouse, open or closed
  /// @return the snapshot
  public static TaskTree of(GreenhouseView greenhouse) {
    return new Snapshot(greenhouse, false).taken();
  }

  /// Takes a snapshot with the stacks of all tasks. That takes longer, and stops each task for some
  /// microseconds.
  ///
  /// @param greenhouse a greenhouse, open or closed
  /// @return the snapshot
  public static TaskTree withStacks(GreenhouseView greenhouse) {
    return new Snapshot(greenhouse, true).taken();
  }

  /// {@return the greenhouse's name}
  public String greenhouse() {
    return greenhouse;
  }

  /// {@return when the snapshot was begun}
  public Instant takenAt() {
    return takenAt;
  }

  /// {@return the tasks that stood in no nursery: main tasks, system tasks, threads with a nursery
  /// open}
  public List<TaskNode> roots() {
    return roots;
  }

  /// {@return how many tasks there are}
  public int size() {
    return size;
  }

  /// Finds a task by its name.
  ///
  /// @param name the whole name
  /// @return the first one, from the roots downwards
  public Optional<TaskNode> find(String name) {
    Objects.requireNonNull(name, "name");
    var left = new ArrayDeque<>(roots);
    for (TaskNode t; (t = left.poll()) != null; ) {
      if (t.name().equals(name)) {
        return Optional.of(t);
      }
      t.nurseries().forEach(n -> left.addAll(n.tasks()));
    }
    return Optional.empty();
  }

  /// Shows all tasks to a visitor, owners before what is in their nurseries.
  ///
  /// @param visitor called for each task
  public void forEach(Consumer<? super TaskNode> visitor) {
    var left = new ArrayDeque<>(roots);
    for (TaskNode t; (t = left.poll()) != null; ) {
      visitor.accept(t);
      t.nurseries().forEach(n -> left.addAll(n.tasks()));
    }
  }

  /// {@return the tree as indented text, a line for each task and nursery, cut to a width} Of a
  /// nursery with very many tasks the first ones are shown, and how many more there are.
  ///
  /// @param width in characters, at least 40; fewer count as 40
  public String toText(int width) {
    return new TreeText(Math.max(LEAST_WIDTH, width)).of(this);
  }

  /// {@return the whole tree as JSON} An object with `greenhouse`, `takenAt`, and `tasks`: a list
  /// of all tasks, each after its owner. A task has an `id`, a `name`, a `state`, what it is
  /// `doing`, `steps`, `marks`, and its `nurseries`, each with a `name`, its number of `tasks`, and
  /// why it was `cancelled`. Unless it is a root it has a `parent`, the id of the owner of the
  /// nursery that it is in, and `nursery`, which of the owner's that is, counted from 0.
  /// `ageNanos`, `timeLeftNanos`, `cancelled` and `stack` are there where they are known. The list
  /// is flat because trees can be deeper than what reads JSON can bear.
  public String toJson() {
    return new TreeJson().of(this);
  }

  /// {@return the tree as text of 160 columns}
  @Override
  public String toString() {
    return toText(USUAL_WIDTH);
  }
}
