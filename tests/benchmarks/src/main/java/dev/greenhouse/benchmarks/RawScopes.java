package dev.greenhouse.benchmarks;

import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.Joiner;

/// The JDK's `StructuredTaskScope` used directly, as somebody would who has no nurseries.
///
/// The joiner is `awaitAll`, the one that does the least. The threads forked by a virtual thread
/// inherit its scheduler, so on a loop they are carried by that loop, without being tasks.
final class RawScopes {
  private RawScopes() {}

  /// Opens, fills, joins and closes so many scopes of so many threads, one after the other.
  static void openMany(int scopes, int threads) throws InterruptedException {
    for (int i = 0; i < scopes; i++) {
      try (var scope = StructuredTaskScope.open(Joiner.awaitAll())) {
        forkAndJoin(scope, threads);
      }
    }
  }

  /// Does the same with a name for each scope. That is faster: the JDK makes a name of a scope that
  /// is given none. A nursery always gives its scope one.
  static void openManyNamed(int scopes, int threads) throws InterruptedException {
    for (int i = 0; i < scopes; i++) {
      try (var scope = StructuredTaskScope.open(Joiner.awaitAll(), c -> c.withName("scope"))) {
        forkAndJoin(scope, threads);
      }
    }
  }

  private static void forkAndJoin(StructuredTaskScope<Object, ?> scope, int threads)
      throws InterruptedException {
    for (int j = 0; j < threads; j++) {
      scope.fork(() -> null);
    }
    scope.join();
  }
}
