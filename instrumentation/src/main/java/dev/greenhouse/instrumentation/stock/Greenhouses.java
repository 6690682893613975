package dev.greenhouse.instrumentation.stock;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.TaskView;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The greenhouses that an instrument has heard of: where it finds their tasks. It keeps none of
/// them alive: of one that it was removed from, it hears no end. Hooks may call it.
public final class Greenhouses {
  /// An immutable list. By whatever hook meets a new one, by compare-and-set.
  private final AtomicReference<List<WeakReference<GreenhouseView>>> all =
      new AtomicReference<>(List.of());

  /// Makes an empty list.
  public Greenhouses() {}

  /// Takes it into the list, if it is not there.
  public void meet(GreenhouseView greenhouse) {
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

  /// Takes it off the list.
  public void forget(GreenhouseView greenhouse) {
    all.updateAndGet(list -> list.stream().filter(r -> !r.refersTo(greenhouse)).toList());
  }

  /// {@return those that are still there}
  public List<GreenhouseView> list() {
    var list = new ArrayList<GreenhouseView>();
    for (var reference : all.get()) {
      GreenhouseView greenhouse = reference.get();
      if (greenhouse != null) {
        list.add(greenhouse);
      }
    }
    return list;
  }

  /// {@return the living task, or null if it has ended or is just being moved}
  public @Nullable TaskView find(long id) {
    var left = new ArrayDeque<TaskView>();
    list().forEach(greenhouse -> left.addAll(greenhouse.roots()));
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
