package dev.greenhouse.tests.interop;

import dev.greenhouse.portal.Portal;
import io.vertx.core.Context;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/// Vert.x: an operation is a promise that its event loop keeps.
final class VertxPeer implements Peer {
  private final Vertx vertx = VertxLoop.openVertx();
  private final Context context = vertx.getOrCreateContext();

  @Override
  public String await(Operation operation) {
    Promise<String> promise = Promise.promise();
    context.runOnContext(nothing -> begin(operation, promise));
    return Portal.await(stageOf(promise));
  }

  private void begin(Operation operation, Promise<String> promise) {
    promise
        .future()
        .onFailure(
            error -> {
              if (error instanceof CancellationException) {
                operation.cancelled();
              }
            });
    operation.begun((value, error) -> context.runOnContext(nothing -> end(promise, value, error)));
  }

  private static void end(Promise<String> promise, String value, Throwable error) {
    if (error == null) {
      promise.tryComplete(value);
    } else {
      promise.tryFail(error);
    }
  }

  /// Vert.x's own stage keeps a cancellation to itself; this one tells the promise.
  private static CompletableFuture<String> stageOf(Promise<String> promise) {
    CompletableFuture<String> stage = promise.future().toCompletionStage().toCompletableFuture();
    var _ =
        stage.whenComplete(
            (value, error) -> {
              if (stage.isCancelled()) {
                promise.tryFail(error);
              }
            });
    return stage;
  }

  @Override
  public void close() {
    VertxLoop.close(vertx);
  }
}
