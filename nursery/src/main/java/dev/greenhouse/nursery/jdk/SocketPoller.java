package dev.greenhouse.nursery.jdk;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/// Makes the JDK start its socket pollers on threads of its own.
///
/// They are virtual threads, started by a static initialiser that names no scheduler. If a task
/// makes the JVM's first socket call, they would inherit the task's scheduler, and all socket I/O
/// of the JVM would wait for our loop.
public final class SocketPoller {
  private static final class Holder {
    static final Optional<Throwable> FAILURE = initialise();
  }

  private SocketPoller() {}

  /// Starts the pollers, once; returns when they have been started.
  public static void ensureStarted() {
    Holder.FAILURE.ifPresent(
        failure -> {
          throw new IllegalStateException(
              "The JDK's socket poller could not be started on a thread of its own: " + failure,
              failure);
        });
  }

  private static Optional<Throwable> initialise() {
    if (!Thread.currentThread().isVirtual()) {
      return load();
    }
    var result = new AtomicReference<Optional<Throwable>>(Optional.empty());
    Thread helper =
        Thread.ofPlatform().name("greenhouse-poller-start").unstarted(() -> result.set(load()));
    helper.start();
    boolean interrupted = false;
    while (helper.isAlive()) {
      try {
        helper.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return result.get();
  }

  private static Optional<Throwable> load() {
    try {
      Class.forName("sun.nio.ch.Poller");
      return Optional.empty();
    } catch (ClassNotFoundException elsewhere) {
      return Optional.empty(); // A JDK without that class does not have the problem either.
    } catch (Throwable t) {
      return Optional.of(t);
    }
  }
}
