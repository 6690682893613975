package dev.greenhouse.portal;

import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.TaskLocal;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How a task stands: whether it has a portal, and whether it hands portals on.
///
/// @param portal whether it has one
/// @param tree how many of its nurseries are around a `withPortalRunTree` call, tasks in deeper
///   ones get a portal; -1 if it hands on none
record Standing(boolean portal, int tree) {
  private static final TaskLocal<Standing> OF = TaskLocal.marking("portal", Standing::mark);
  private static final int NO_TREE = -1;
  private static final Standing WITHOUT = new Standing(false, NO_TREE);
  private static final Standing WITH = new Standing(true, NO_TREE);
  private static final Standing BRANCH = new Standing(true, 0);

  static Standing of(TaskView task) {
    Standing s = OF.get(task);
    return s == null ? WITHOUT : s;
  }

  static void set(TaskView task, Standing standing) {
    OF.set(task, standing.equals(WITHOUT) ? null : standing);
  }

  private @Nullable String mark() {
    return isInTree() ? "portal tree" : portal ? "portal" : null;
  }

  boolean isInTree() {
    return tree != NO_TREE;
  }

  Standing inTree(int nurseriesAround) {
    return new Standing(true, nurseriesAround);
  }

  /// A new task in a tree, with all that it will start.
  static void branch(TaskView task) {
    OF.set(task, BRANCH);
  }

  static boolean hasPortal() {
    Standing s = OF.get();
    return s != null ? s.portal : FlatWorld.hasPortal();
  }

  static boolean hasPortal(TaskView task) {
    return of(task).portal;
  }

  static void open(TaskView task) {
    if (!of(task).portal) {
      OF.set(task, WITH);
    }
  }

  static void requirePortal() {
    if (hasPortal()) {
      return;
    }
    Task<?> task = FlatWorld.currentIfNotFlat();
    if (task == null) {
      throw new NoPortalException(
          "Thread '%s' is no task of a nursery, so nothing can be awaited on it. Await in a task: inside Greenhouse.run, a forked task, or while a nursery is open on this thread; and open a portal there by Portal.ensurePortal() or Portal.withPortalRun(op)."
              .formatted(Thread.currentThread().getName()));
    }
    throw new NoPortalException(
        "Task '%s' has no portal, so nothing can be awaited in it. Call Portal.ensurePortal() in the task, Portal.withPortalRun(op) around this, Portal.withPortalRunTree(op) around its fork, or Portal.bestowPortal(task) from elsewhere."
            .formatted(task.name()));
  }

  static <T extends @Nullable Object, X extends Throwable> T withPortal(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    Objects.requireNonNull(op, "op");
    if (hasPortal()) {
      return op.call();
    }
    Task<?> task = FlatWorld.currentIfNotFlat();
    if (task == null) {
      task = Task.current(); // says what is missing
    }
    OF.set(task, WITH);
    try {
      return op.call();
    } finally {
      OF.set(task, null);
    }
  }
}
