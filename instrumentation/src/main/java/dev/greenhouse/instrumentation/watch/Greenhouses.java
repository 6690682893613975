package dev.greenhouse.instrumentation.watch;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.TaskView;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The greenhouses that a watch has heard of: where it finds a task by its id.
final class Greenhouses {
  /// An immutable list. By whatever hook meets a new one, by compare-and-set.
  private final AtomicReference<List<WeakReference<GreenhouseView>>> all =
      new AtomicReference<>(List.of());

  void meet(GreenhouseView greenhouse) {
    if (!contains(all.get(), greenhouse)) {
      all.updateAndGet(list -> contains(list, greenhouse) ? list : with(list, greenhouse));
    }
  }

  private static boolean contains(
      List<WeakReference<GreenhouseView>> list, GreenhouseView greenhouse) {
    for (var reference : list) {
      if (reference.refersTo(greenhouse)) {
        return true;
      }
    }
    return false;
  }

  private static List<WeakReference<GreenhouseView>> with(
      List<WeakReference<GreenhouseView>> list, GreenhouseView greenhouse) {
    var longer = new ArrayList<>(list);
    longer.removeIf(reference -> reference.refersTo(null));
    longer.add(new WeakReference<>(greenhouse));
    return List.copyOf(longer);
  }

  void forget(GreenhouseView greenhouse) {
    all.updateAndGet(list -> list.stream().filter(r -> !r.refersTo(greenhouse)).toList());
  }

  /// {@return the living task, or null if it has ended or is just being moved}
  @Nullable TaskView find(long id) {
    var left = new ArrayDeque<TaskView>();
    for (var reference : all.get()) {
      GreenhouseView greenhouse = reference.get();
      if (greenhouse != null) {
        left.addAll(greenhouse.roots());
      }
    }
    for (TaskView task; (task = left.poll()) != null; ) {
      if (task.id() == id) {
        return task;
      }
      for (NurseryView nursery : task.nurseries()) {
        left.addAll(nursery.children());
      }
    }
    return null;
  }
}
