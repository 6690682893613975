package dev.greenhouse.tests.interop;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.concurrent.TimeUnit;

/// An event loop of Netty's.
final class NettyLoop implements HostLoop {
  private final EventLoop loop = openLoop();

  static EventLoop openLoop() {
    return new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory()).next();
  }

  static void close(EventLoop loop) {
    loop.parent().shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @Override
  public void execute(Runnable command) {
    loop.execute(command);
  }

  @Override
  public boolean isHere() {
    return loop.inEventLoop();
  }

  @Override
  public Runnable every(int millis, Runnable beat) {
    var timer = loop.scheduleAtFixedRate(beat, millis, millis, TimeUnit.MILLISECONDS);
    return () -> timer.cancel(false);
  }

  @Override
  public void close() {
    close(loop);
  }
}
