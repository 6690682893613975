package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.housekeeping.Timer;
import java.lang.ref.WeakReference;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Looks now and then whether somebody's executor was shut down: it does not say so, and drops what
/// it was given.
final class ExecutorWatch {
  private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);

  /// What the executor was given.
  enum Work {
    NONE,
    WAITS,
    RUNS
  }

  /// What depends on the executor.
  interface Watched {
    /// {@return whether it is closed or broken}
    boolean isOver();

    /// {@return whether somebody would be harmed}
    boolean isInUse();

    /// {@return what the executor has of it now}
    Work work();

    /// {@return when it was given something last, by `System.nanoTime`}
    long sentAt();

    /// The executor was shut down, and won't run what it was given.
    void stopped();
  }

  private final ExecutorService service;
  private final Watched watched;

  /// To true by who begins, to false by the housekeeper when nobody would be harmed; it then looks
  /// again.
  private final AtomicBoolean looking = new AtomicBoolean();

  private ExecutorWatch(ExecutorService service, Watched watched) {
    this.service = service;
    this.watched = watched;
  }

  /// {@return a watch; null if the executor has no end that could be seen}
  static @Nullable ExecutorWatch of(Executor executor, Watched watched) {
    return executor instanceof ExecutorService s ? new ExecutorWatch(s, watched) : null;
  }

  /// Looks from now on, while it is in use. Never blocks.
  void begin() {
    if (!looking.get() && looking.compareAndSet(false, true)) {
      Housekeeper.get().schedule(new Look(this), LOOK);
    }
  }

  /// While the executor is still at other commands it can't be told from one that is slow, so it is
  /// given a moment.
  private boolean isStopped() {
    if (!service.isShutdown()) {
      return false;
    }
    return service.isTerminated()
        || switch (watched.work()) {
          case NONE -> true;
          case WAITS -> System.nanoTime() - watched.sentAt() > PATIENCE;
          case RUNS -> false;
        };
  }

  private boolean isNeeded() {
    return watched.isInUse() && !watched.isOver();
  }

  /// Holds the watch weakly: what was dropped without being closed can be collected.
  private static final class Look extends Timer {
    private final WeakReference<ExecutorWatch> watch;

    Look(ExecutorWatch watch) {
      this.watch = new WeakReference<>(watch);
    }

    @Override
    protected void fire() {
      ExecutorWatch w = watch.get();
      if (w == null) {
        return;
      }
      if (w.isNeeded()) {
        if (w.isStopped()) {
          w.watched.stopped();
        } else {
          Housekeeper.get().schedule(this, LOOK);
        }
        return;
      }
      w.looking.set(false);
      if (w.isNeeded()) {
        w.begin();
      }
    }

    @Override
    public String toString() {
      return "the watch of an executor";
    }
  }
}
