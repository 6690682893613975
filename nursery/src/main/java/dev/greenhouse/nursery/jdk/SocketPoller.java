package dev.greenhouse.nursery.jdk;

import org.jspecify.annotations.Nullable;

/// Makes the JDK start its socket pollers on threads of its own.
///
/// They are virtual threads, started by a static initialiser that names no scheduler. If a task
/// makes the JVM's first socket call, they would inherit the task's scheduler, and all socket I/O
/// of the JVM would wait for our loop.
public final class SocketPoller {
  private static final class Holder {
    static final @Nullable Throwable FAILURE = initialise();
  }

  private SocketPoller() {}

  /// Starts the pollers, once; returns when they have been started.
  public static void ensureStarted() {
    if (Holder.FAILURE != null) {
      throw new IllegalStateException(
          "The JDK's socket poller could not be started on a thread of its own: " + Holder.FAILURE,
          Holder.FAILURE);
    }
  }

  private static @Nullable Throwable initialise() {
    if (!Thread.currentThread().isVirtual()) {
      return load();
    }
    Throwable[] failure = {null};
    Thread helper =
        Thread.ofPlatform().name("greenhouse-poller-start").unstarted(() -> failure[0] = load());
    helper.start();
    boolean interrupted = false;
    while (true) {
      try {
        helper.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return failure[0];
  }

  private static @Nullable Throwable load() {
    try {
      Class.forName("sun.nio.ch.Poller");
      return null;
    } catch (ClassNotFoundException elsewhere) {
      return null; // A JDK without that class does not have the problem either.
    } catch (Throwable t) {
      return t;
    }
  }
}
