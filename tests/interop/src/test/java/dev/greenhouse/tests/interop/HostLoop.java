package dev.greenhouse.tests.interop;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/// Somebody else's event loop.
interface HostLoop extends Executor, AutoCloseable {
  /// {@return whether the loop takes the current thread for its own}
  boolean isHere();

  /// Runs something on the loop again and again, by the loop's own timer.
  ///
  /// @return ends that
  Runnable every(int millis, Runnable beat);

  @Override
  void close();

  /// Has the loop's heart beat so often.
  ///
  /// @return the threads it has beaten in, given at the last beat and in that thread
  default CompletableFuture<Set<Thread>> beats(int times) {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    var over = new CompletableFuture<Set<Thread>>();
    var left = new int[] {times}; // the loop only
    Runnable end =
        every(
            1,
            () -> {
              threads.add(Thread.currentThread());
              if (--left[0] == 0) {
                over.complete(threads);
              }
            });
    var _ = over.whenComplete((seen, error) -> end.run());
    return over;
  }
}
