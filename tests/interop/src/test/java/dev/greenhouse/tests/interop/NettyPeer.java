package dev.greenhouse.tests.interop;

import dev.greenhouse.portal.Portal;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;

/// Netty: an operation is a promise of its event loop, which is a plain `Future` to us.
final class NettyPeer implements Peer {
  private final EventLoop loop = NettyLoop.openLoop();

  @Override
  public String await(Operation operation) {
    Promise<String> promise = loop.newPromise();
    promise.addListener(
        done -> {
          if (done.isCancelled()) {
            operation.cancelled();
          }
        });
    loop.execute(() -> operation.begun((value, error) -> end(promise, value, error)));
    return Portal.awaitFuture(promise);
  }

  private void end(Promise<String> promise, String value, Throwable error) {
    loop.execute(
        () -> {
          if (error == null) {
            promise.trySuccess(value);
          } else {
            promise.tryFailure(error);
          }
        });
  }

  @Override
  public void close() {
    NettyLoop.close(loop);
  }
}
