package dev.greenhouse.portal;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Task;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The instrument that gives portals to the tasks of a tree: one for each greenhouse in which
/// somebody is inside of `withPortalRunTree`, counted, and gone with the last.
///
/// A task gets one if the owner of its nursery hands portals on, and the nursery is not one of
/// those that were open around the owner's call.
@SuppressWarnings("ReferenceEquality") // nurseries are themselves
final class PortalTree implements Instrument {
  /// Who is in use where, under its own monitor. No carrier and no hook comes here.
  private static final Map<Greenhouse, PortalTree> TREES = new HashMap<>();

  private int users; // under the monitor of TREES

  private PortalTree() {}

  @Override
  public void taskSpawned(TaskView task) {
    NurseryView nursery = task.parent().orElse(null);
    if (nursery == null) {
      return;
    }
    TaskView owner = nursery.owner();
    Standing standing = Standing.of(owner);
    if (standing.isInTree() && indexOf(nursery, owner.nurseries()) >= standing.tree()) {
      Standing.branch(task);
    }
  }

  /// A nursery that is not in the list is being closed by its owner: it counts as outermost.
  private static int indexOf(NurseryView wanted, List<? extends NurseryView> nurseries) {
    for (int i = 0; i < nurseries.size(); i++) {
      if (nurseries.get(i) == wanted) {
        return i;
      }
    }
    return -1;
  }

  static <T extends @Nullable Object, X extends Throwable> T run(
      ScopedValue.CallableOp<? extends T, X> op) throws X {
    Objects.requireNonNull(op, "op");
    FlatWorld.refuseTree();
    Task<?> task = Task.current();
    Standing before = Standing.of(task);
    if (before.isInTree()) {
      return op.call(); // what it opens inside is in the tree already
    }
    Greenhouse greenhouse = task.greenhouse();
    enter(greenhouse);
    try {
      Standing.set(task, before.inTree(task.nurseries().size()));
      try {
        return op.call();
      } finally {
        Standing.set(task, before);
      }
    } finally {
      leave(greenhouse);
    }
  }

  private static void enter(Greenhouse greenhouse) {
    synchronized (TREES) {
      PortalTree tree = TREES.get(greenhouse);
      if (tree == null) {
        tree = new PortalTree();
        greenhouse.instruments().add(tree);
        TREES.put(greenhouse, tree);
      }
      tree.users++;
    }
  }

  private static void leave(Greenhouse greenhouse) {
    synchronized (TREES) {
      PortalTree tree = Objects.requireNonNull(TREES.get(greenhouse));
      if (--tree.users == 0) {
        TREES.remove(greenhouse);
        greenhouse.instruments().remove(tree);
      }
    }
  }

  /// {@return what it does}
  @Override
  public String toString() {
    return "portals for trees of tasks";
  }
}
