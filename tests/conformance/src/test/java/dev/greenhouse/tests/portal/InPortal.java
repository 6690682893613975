package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.withPortalRun;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/// Tests in a task with a portal, and operations for them to await.
final class InPortal {
  private InPortal() {}

  /// Runs a test as a main task that has a portal.
  static void run(Kind kind, Kind.Body body) throws Throwable {
    kind.run(() -> withPortalRun(() -> body.run()));
  }

  /// {@return a stage that a task of the nursery completes, a few steps later}
  static <T> CompletableFuture<T> soon(Nursery nursery, T value) {
    var stage = new CompletableFuture<T>();
    nursery.fork(
        () -> {
          for (int i = 0; i < 3; i++) {
            Task.checkpoint();
          }
          stage.complete(value);
        });
    return stage;
  }

  /// {@return a stage that a task of the nursery completes with a number after as many seconds}
  static CompletableFuture<Integer> after(Nursery nursery, int seconds) {
    var stage = new CompletableFuture<Integer>();
    nursery.fork(
        () -> {
          Task.sleep(Duration.ofSeconds(seconds));
          stage.complete(seconds);
        });
    return stage;
  }
}
