package dev.greenhouse.tests.interop;

import dev.greenhouse.portal.Portal;
import io.smallrye.mutiny.Uni;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/// Mutiny: an operation is a `Uni`, awaited as a stage or as the `Flow.Publisher` that Mutiny makes
/// of it.
final class MutinyPeer implements Peer {
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private final Function<Uni<String>, String> awaiting;

  private MutinyPeer(Function<Uni<String>, String> awaiting) {
    this.awaiting = awaiting;
  }

  static MutinyPeer asStage() {
    return new MutinyPeer(uni -> Portal.await(uni.subscribeAsCompletionStage()));
  }

  static MutinyPeer asPublisher() {
    return new MutinyPeer(uni -> Portal.await(uni.convert().toPublisher()));
  }

  @Override
  public String await(Operation operation) {
    return awaiting.apply(
        Uni.createFrom()
            .<String>emitter(
                emitter ->
                    operation.begun(
                        (value, error) -> {
                          if (error == null) {
                            emitter.complete(value);
                          } else {
                            emitter.fail(error);
                          }
                        }))
            .onCancellation()
            .invoke(operation::cancelled)
            .emitOn(executor));
  }

  @Override
  public void close() {
    executor.close();
  }
}
