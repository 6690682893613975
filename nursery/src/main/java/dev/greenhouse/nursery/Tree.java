package dev.greenhouse.nursery;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.function.Consumer;

/// Walks over all tasks of a greenhouse, without recursion.
final class Tree {
  private Tree() {}

  static void forEach(
      Collection<TaskImpl<?>> roots,
      Consumer<TaskImpl<?>> onTask,
      Consumer<NurseryImpl> onNursery) {
    var tasks = new ArrayDeque<TaskImpl<?>>(roots);
    var nurseries = new ArrayDeque<NurseryImpl>();
    for (TaskImpl<?> t; (t = tasks.poll()) != null; ) {
      onTask.accept(t);
      t.addNurseriesTo(nurseries);
      for (NurseryImpl n; (n = nurseries.poll()) != null; ) {
        onNursery.accept(n);
        tasks.addAll(n.members().snapshot());
      }
    }
  }
}
