package dev.greenhouse.tests.interop;

import java.util.function.Supplier;

/// The event loops that every test of [HostLoopTest] is run on.
enum HostLoops {
  NETTY(NettyLoop::new),
  VERTX(VertxLoop::new),
  SWING(SwingLoop::new);

  @SuppressWarnings("ImmutableEnumChecker") // a constructor
  private final Supplier<HostLoop> opener;

  HostLoops(Supplier<HostLoop> opener) {
    this.opener = opener;
  }

  /// {@return the loop, to be closed}
  HostLoop open() {
    return opener.get();
  }
}
