package dev.greenhouse.portal.flat;

import java.lang.ref.Cleaner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The failure of a flat task that nobody has looked at yet. If nobody can any more, because the
/// task is garbage, the log tells of it.
///
/// It knows the task's name and not the task, which it would keep alive.
final class UnseenFailure implements Runnable {
  /// A class of its own: most programs need no thread for this.
  private static final class Watch {
    static final Logger LOG = LoggerFactory.getLogger("dev.greenhouse");

    static final Cleaner CLEANER =
        Cleaner.create(
            watch -> {
              var thread = new Thread(null, watch, "greenhouse-unseen-failures", 0, false);
              thread.setDaemon(true);
              return thread;
            });
  }

  private final String task;
  private final Throwable error;
  private volatile boolean seen; // to true, by anybody who looks

  private UnseenFailure(String task, Throwable error) {
    this.task = task;
    this.error = error;
  }

  static UnseenFailure of(OwnedFuture<?> task, Throwable error) {
    var failure = new UnseenFailure(task.name(), error);
    Watch.CLEANER.register(task, failure);
    return failure;
  }

  void see() {
    seen = true;
  }

  /// The task is garbage.
  @Override
  public void run() {
    if (!seen) {
      Watch.LOG.error(
          "Flat task '{}' failed, and nobody has looked at it. Join it, await it, or give it a step"
              + " for failures: task.exceptionally(..).",
          task,
          error);
    }
  }
}
