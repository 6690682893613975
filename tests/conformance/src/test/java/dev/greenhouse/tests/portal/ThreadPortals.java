package dev.greenhouse.tests.portal;

import dev.greenhouse.nursery.Task;
import dev.greenhouse.portal.ThreadPortal;
import dev.greenhouse.tests.Kind;
import java.util.concurrent.CountDownLatch;

/// What the tests of `ThreadPortal` have in common.
final class ThreadPortals {
  private ThreadPortals() {}

  /// What is done with an open portal.
  interface Body {
    void run(ThreadPortal portal) throws Throwable;
  }

  /// Opens one in the main task of a greenhouse.
  static void withPortal(Kind kind, Body body) throws Throwable {
    kind.run(
        () -> {
          try (var portal = ThreadPortal.open()) {
            body.run(portal);
          }
        });
  }

  /// A wait that a cancellation ends.
  static String untilCancelled(CountDownLatch begun) {
    begun.countDown();
    Task.sleepForever();
    return "never";
  }
}
