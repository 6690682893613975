package dev.greenhouse.portal;

import dev.greenhouse.nursery.OpenGreenhouse;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Gives portals into one greenhouse to many users: the first one makes the greenhouse, the last
/// one to close its portal ends it, and the next one makes another.
///
/// ```java
/// private static final SharedThreadPortal CLIENTS = ThreadPortal.shared(Greenhouse::common);
/// ...
/// try (var portal = CLIENTS.use()) {
///   return portal.call(() -> await(client.fetch(id)));
/// }
/// ```
///
/// The idea is AnyIO's `BlockingPortalProvider`.
public final class SharedThreadPortal {
  private final Supplier<OpenGreenhouse> greenhouses;
  private int users; // under the monitor
  private @Nullable OpenGreenhouse greenhouse; // under the monitor; there while there are users

  SharedThreadPortal(Supplier<OpenGreenhouse> greenhouses) {
    this.greenhouses = greenhouses;
  }

  /// {@return a portal of the caller's own into the shared greenhouse, to be closed} Its closing
  /// waits for its own calls, and the last one's for the greenhouse. Blocks until it is open.
  public ThreadPortal use() {
    var left = new AtomicReference<Runnable>(this::leave);
    return ThreadPortal.launchIn(enter(), () -> left.getAndSet(() -> {}).run());
  }

  private synchronized OpenGreenhouse enter() {
    OpenGreenhouse g = greenhouse;
    if (g == null) {
      greenhouse = g = greenhouses.get();
    }
    users++;
    return g;
  }

  private void leave() {
    OpenGreenhouse last = null;
    synchronized (this) {
      if (--users == 0) {
        last = greenhouse;
        greenhouse = null;
      }
    }
    if (last != null) {
      last.close();
    }
  }

  /// {@return how many use it}
  @Override
  public synchronized String toString() {
    return "SharedThreadPortal[users: %d]".formatted(users);
  }
}
