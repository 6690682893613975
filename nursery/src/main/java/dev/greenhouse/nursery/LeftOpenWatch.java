package dev.greenhouse.nursery;

import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.housekeeping.Reports;
import dev.greenhouse.nursery.housekeeping.Timer;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Finds threads that wait inside the JDK because a nursery was left open: a thread that ends, or a
/// `ScopedValue` binding that is left, closes the scopes opened inside and waits for their threads,
/// which perhaps never end. Then the nursery is cancelled, and the log says so. (If none of them
/// had begun, the JDK does not wait; then the first that would begin finds that out.)
///
/// On the way it also shows the tasks to [PinnedWaits].
///
/// A look a second while the greenhouse has tasks, seldomer if looking takes long; only owners of
/// nurseries that wait in nothing of ours are looked at closely.
final class LeftOpenWatch {
  private static final long TICK = TimeUnit.SECONDS.toNanos(1);
  private static final int SHARE = 50; // at most this fraction of the housekeeper's time

  private final OpenGreenhouse greenhouse;
  private final AtomicBoolean looking = new AtomicBoolean();
  private final @Nullable PinnedWaits pinned; // where a pinned task stops all others

  LeftOpenWatch(OpenGreenhouse greenhouse) {
    this.greenhouse = greenhouse;
    this.pinned = greenhouse.scheduler().isSingle() ? new PinnedWaits() : null;
  }

  /// A root has come. Whoever adds one calls this afterwards.
  void wake() {
    if (!looking.get() && looking.compareAndSet(false, true)) {
      Housekeeper.get().schedule(new Look(greenhouse, this), TICK);
    }
  }

  /// Holds the greenhouse weakly: one that was dropped without being closed can be collected.
  private static final class Look extends Timer {
    private final WeakReference<OpenGreenhouse> greenhouse;
    private final WeakReference<LeftOpenWatch> watch;

    Look(OpenGreenhouse greenhouse, LeftOpenWatch watch) {
      this.greenhouse = new WeakReference<>(greenhouse);
      this.watch = new WeakReference<>(watch);
    }

    @Override
    protected void fire() {
      OpenGreenhouse g = greenhouse.get();
      LeftOpenWatch w = watch.get();
      if (g == null || w == null) {
        return;
      }
      long begin = System.nanoTime();
      List<TaskImpl<?>> suspects = new ArrayList<>();
      Tree.forEach(
          g.rootTasks(),
          t -> {
            if (w.pinned != null) {
              w.pinned.examine(t);
            }
            if (t.innermost() != null && (t.isBlockedElsewhere() || !t.thread().isAlive())) {
              suspects.add(t);
            }
          },
          n -> {});
      suspects.forEach(LeftOpenWatch::examine);
      if (g.rootTasks().isEmpty()) {
        w.looking.set(false);
        if (g.rootTasks().isEmpty() || !w.looking.compareAndSet(false, true)) {
          return;
        }
      }
      Housekeeper.get().schedule(this, Math.max(TICK, (System.nanoTime() - begin) * SHARE));
    }

    @Override
    public String toString() {
      return "the search for nurseries left open";
    }
  }

  private static void examine(TaskImpl<?> task) {
    NurseryImpl left = task.innermost();
    if (left == null) {
      return;
    }
    if (task instanceof RootTask<?> root && root.isAdopted() && !task.thread().isAlive()) {
      if (!left.cancelScope().isCancelled()) {
        Reports.warn(
            "Thread '%s' ended and left nursery '%s' open. Open nurseries in a try-with-resources statement."
                .formatted(task.name(), left.name()));
      }
      root.buryAdopted();
    } else if (waitsInForcedClose(task.thread())) {
      left.foundLeftOpen();
      left.abandon();
    }
  }

  /// Whether the JDK closes scopes because the frame or thread that they were opened in ends.
  private static boolean waitsInForcedClose(Thread thread) {
    boolean inClose = false;
    for (StackTraceElement e : thread.getStackTrace()) {
      inClose |= is(e, "jdk.internal.misc.ThreadFlock", "close");
      if (inClose
          && (is(e, "jdk.internal.vm.StackableScope", "popAll")
              || is(e, "jdk.internal.vm.StackableScope", "popForcefully"))) {
        return true;
      }
    }
    return false;
  }

  private static boolean is(@Nullable StackTraceElement e, String type, String method) {
    return e != null && e.getClassName().equals(type) && e.getMethodName().equals(method);
  }
}
