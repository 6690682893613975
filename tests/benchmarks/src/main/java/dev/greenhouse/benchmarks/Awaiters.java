package dev.greenhouse.benchmarks;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.withPortalRun;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.Blackhole;

/// Tasks that each await one stage after the other, and one task that completes them all and then
/// gives way, on a loop. So each await suspends its task and is ended by another one.
final class Awaiters {
  static final String VALUE = "value";

  /// The stage that each of them waits for. All on one thread.
  private final @Nullable CompletableFuture<String>[] stages;

  private final int rounds;
  private final Blackhole sink;

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
  Awaiters(int count, int rounds, Blackhole sink) {
    this.stages = new CompletableFuture[count];
    this.rounds = rounds;
    this.sink = sink;
  }

  void run() {
    try (var nursery = Nursery.open()) {
      for (int i = 0; i < stages.length; i++) {
        int me = i;
        nursery.fork(() -> withPortalRun(() -> awaitAll(me)));
      }
      completeAll();
    }
  }

  private void awaitAll(int me) {
    for (int round = 0; round < rounds; round++) {
      var stage = new CompletableFuture<String>();
      stages[me] = stage;
      sink.consume(await(stage));
    }
  }

  private void completeAll() {
    Task.checkpoint();
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < stages.length; i++) {
        CompletableFuture<String> stage;
        while ((stage = stages[i]) == null) {
          Task.checkpoint();
        }
        stages[i] = null;
        stage.complete(VALUE);
      }
      Task.checkpoint();
    }
  }
}
