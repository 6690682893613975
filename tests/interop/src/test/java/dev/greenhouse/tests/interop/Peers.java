package dev.greenhouse.tests.interop;

import java.util.concurrent.Callable;

/// The peers that every test of [PeerTest] is run with.
enum Peers {
  HTTP_CLIENT(HttpClientPeer::new),
  REACTOR_MONO(ReactorPeer::ofMono),
  REACTOR_FLUX(ReactorPeer::ofFlux),
  MUTINY_STAGE(MutinyPeer::asStage),
  MUTINY_PUBLISHER(MutinyPeer::asPublisher),
  VERTX_FUTURE(VertxPeer::new),
  NETTY_FUTURE(NettyPeer::new),
  SWING_EVENT(SwingPeer::new),
  GUAVA_FUTURE(GuavaPeer::asFuture),
  GUAVA_STAGE(GuavaPeer::asStage),
  JSOUP_VISITOR(() -> CallbackPeer.JSOUP_VISITOR),
  JACKSON_SERIALIZER(() -> CallbackPeer.JACKSON_SERIALIZER),
  SORT_COMPARATOR(() -> CallbackPeer.SORT_COMPARATOR),
  COMPUTE_IF_ABSENT(() -> CallbackPeer.COMPUTE_IF_ABSENT);

  @SuppressWarnings("ImmutableEnumChecker") // constructors, or the like
  private final Callable<Peer> opener;

  Peers(Callable<Peer> opener) {
    this.opener = opener;
  }

  /// {@return the peer, to be closed}
  Peer open() throws Exception {
    return opener.call();
  }
}
