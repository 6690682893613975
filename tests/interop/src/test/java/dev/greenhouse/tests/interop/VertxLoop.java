package dev.greenhouse.tests.interop;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// An event loop of Vert.x's.
final class VertxLoop implements HostLoop {
  private final Vertx vertx = openVertx();
  private final Context context = vertx.getOrCreateContext();

  static Vertx openVertx() {
    return Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
  }

  static void close(Vertx vertx) {
    vertx.close().toCompletionStage().toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
  }

  @Override
  public void execute(Runnable command) {
    context.runOnContext(nothing -> command.run());
  }

  @Override
  public boolean isHere() {
    return context.isEventLoopContext() && Context.isOnEventLoopThread();
  }

  @Override
  public Runnable every(int millis, Runnable beat) {
    var timer = new AtomicLong();
    execute(() -> timer.set(vertx.setPeriodic(millis, id -> beat.run())));
    return () -> execute(() -> vertx.cancelTimer(timer.get()));
  }

  @Override
  public void close() {
    close(vertx);
  }
}
