package dev.greenhouse.instrumentation.watch;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.stock.Greenhouses;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Looks at the cells, in a thread of its own.
///
/// It sleeps when every carrier was seen doing nothing for a threshold. `asleep` is then read by a
/// carrier that has just shown its step, without the fence that would order the two. So the thread
/// does not sleep at once, but looks again an interval later: until then a step has become visible
/// whose carrier still read false.
final class Watcher implements Runnable {
  private static final long LONGEST_INTERVAL = TimeUnit.SECONDS.toNanos(1);
  private static final long SHORTEST_INTERVAL = TimeUnit.MILLISECONDS.toNanos(1);

  private static final String DISPATCH = "dev.greenhouse.instrumentation.dispatch.Hooks";

  private final long threshold;
  private final long interval;
  private final Reporter reporter;
  private final Cells cells;
  private final Greenhouses greenhouses;
  private final AtomicReference<StallTotals> totals;
  private final Thread thread;

  private volatile boolean asleep; // true by the thread; false by it, and by a step's beginning
  private volatile boolean closed; // to true, by close
  private volatile @Nullable String blindIn; // the first greenhouse without the flag; by a hook
  private boolean blindTold; // the thread only
  private boolean busy; // the thread only: whether a look has found something to wait for

  Watcher(
      long threshold,
      Reporter reporter,
      Cells cells,
      Greenhouses greenhouses,
      AtomicReference<StallTotals> totals) {
    this.threshold = threshold;
    this.interval = Math.clamp(threshold / 4, SHORTEST_INTERVAL, LONGEST_INTERVAL);
    this.reporter = reporter;
    this.cells = cells;
    this.greenhouses = greenhouses;
    this.totals = totals;
    this.thread =
        Thread.ofPlatform()
            .daemon()
            .inheritInheritableThreadLocals(false)
            .name("greenhouse-stall-watch")
            .unstarted(this);
  }

  void start() {
    thread.start();
  }

  // ---- any thread

  void stepBegan() {
    if (asleep) {
      wake();
    }
  }

  private void wake() {
    asleep = false;
    LockSupport.unpark(thread);
  }

  boolean isBlind() {
    return blindIn != null;
  }

  void blindIn(GreenhouseView greenhouse) {
    blindIn = greenhouse.name();
    LockSupport.unpark(thread);
  }

  void close(Duration limit) {
    closed = true;
    LockSupport.unpark(thread);
    if (Thread.currentThread() == thread) {
      return;
    }
    try {
      thread.join(limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the thread

  @Override
  public void run() {
    while (!closed) {
      Thread.interrupted(); // or parking would be spinning
      busy = false;
      cells.forEach(this::lookSafely);
      tellBlind();
      if (closed) {
        break;
      }
      if (busy) {
        asleep = false;
        LockSupport.parkNanos(this, interval);
      } else if (!asleep) {
        asleep = true;
        LockSupport.parkNanos(this, interval);
      } else {
        LockSupport.park(this);
      }
    }
    asleep = false;
  }

  private void tellBlind() {
    String greenhouse = blindIn;
    if (greenhouse != null && !blindTold) {
      blindTold = true;
      reporter.reportBlind(greenhouse);
    }
  }

  private void lookSafely(Cell cell) {
    try {
      if (!closed) {
        look(cell, System.nanoTime());
      }
    } catch (Throwable t) { // out of memory, say
      busy = true;
      reporter.complain(t);
    }
  }

  private void look(Cell cell, long now) {
    long step = cell.step();
    if (step != cell.seen) {
      settle(cell);
      cell.see(step, now, hasEnded(step) ? threshold : threshold / 2);
    } else if (cell.suspect != null && hasMovedOn(cell.suspect, cell.stepsOfSuspect)) {
      settle(cell); // the watch was removed during the step
      cell.done = step;
    } else if (cell.reported != step && cell.done != step && now - cell.since >= cell.patience) {
      suspect(cell, step, now);
    }
    if (cell.done != step) {
      busy = true;
    }
  }

  private static boolean hasEnded(long step) {
    return (step & 1) == 0;
  }

  /// The step that was reported is over; perhaps the carrier has not counted it.
  private void settle(Cell cell) {
    cell.suspect = null;
    long claimed = cell.claimed();
    long nanos = claimed == 0 ? -1 : cell.settle(claimed);
    if (nanos >= 0) {
      totals.updateAndGet(t -> t.withEnded(nanos));
    }
  }

  /// The same number has been there for long: a step goes on, or a hook after one; or the carrier
  /// has nothing to do; or nobody told it of the step's end, because the watch was removed. In the
  /// last case the task goes on. So its steps are counted from half the threshold on.
  private void suspect(Cell cell, long step, long now) {
    Thread carrier = cell.owner();
    if (carrier == null || (hasEnded(step) && cell.reported == step - 1)) {
      cell.done = step;
      return;
    }
    TaskView task = cell.suspect;
    if (task == null) {
      accuse(cell, step, carrier);
    } else if (now - cell.since >= threshold) {
      examine(cell, step, now, task, carrier);
    }
  }

  /// Finds the task, unless there is nothing to see.
  private void accuse(Cell cell, long step, Thread carrier) {
    if (hasEnded(step) && !contains(carrier.getStackTrace(), DISPATCH, "afterTaskStep")) {
      cell.done = step;
      return;
    }
    TaskView task = greenhouses.find(cell.task());
    if (task == null) {
      cell.patience *= 2; // it may be on its way from one nursery to another
    } else {
      cell.suspect = task;
      cell.stepsOfSuspect = task.steps();
    }
  }

  private void examine(Cell cell, long step, long now, TaskView task, Thread carrier) {
    StackTraceElement[] stack = carrier.getStackTrace();
    boolean inTask =
        !hasEnded(step) && contains(stack, "java.lang.VirtualThread", "runContinuation");
    if (inTask) {
      stack = task.thread().getStackTrace();
    } else if (!contains(stack, DISPATCH, hasEnded(step) ? "afterTaskStep" : "")) {
      cell.suspect = null;
      cell.done = step; // for example, a thread that is a task itself at the moment
      return;
    }
    totals.updateAndGet(StallTotals::withBegun);
    cell.reported = step;
    cell.claim(step);
    boolean goesOn = cell.step() == step;
    reporter.report(
        new Stall(
            task,
            task.greenhouse().name(),
            carrier.getName(),
            !(carrier instanceof ForkJoinWorkerThread),
            !inTask,
            Duration.ofNanos(now - cell.since),
            goesOn ? List.of(stack) : List.of()));
  }

  /// {@return whether the task has left the step that its carrier shows}
  private static boolean hasMovedOn(TaskView task, long steps) {
    return task.steps() != steps || task.state() != TaskState.RUNNING;
  }

  private static boolean contains(StackTraceElement[] stack, String type, String method) {
    for (StackTraceElement e : stack) {
      if (e.getClassName().equals(type) && (method.isEmpty() || e.getMethodName().equals(method))) {
        return true;
      }
    }
    return false;
  }
}
