package dev.greenhouse.tests.interop;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import com.google.common.util.concurrent.SettableFuture;
import dev.greenhouse.portal.Portal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/// Guava, whose `ListenableFuture` gRPC's stubs return: awaited as a plain future, or as a stage.
final class GuavaPeer implements Peer {
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private final Function<ListenableFuture<String>, String> awaiting;

  private GuavaPeer(Function<ListenableFuture<String>, String> awaiting) {
    this.awaiting = awaiting;
  }

  static GuavaPeer asFuture() {
    return new GuavaPeer(Portal::awaitFuture);
  }

  static GuavaPeer asStage() {
    return new GuavaPeer(future -> Portal.await(stageOf(future)));
  }

  /// A listenable future as a stage; cancelling the stage cancels the future.
  static <T> CompletableFuture<T> stageOf(ListenableFuture<T> future) {
    var stage = new CompletableFuture<T>();
    future.addListener(
        () -> {
          switch (future.state()) {
            case SUCCESS -> stage.complete(future.resultNow());
            case FAILED -> stage.completeExceptionally(future.exceptionNow());
            default -> stage.cancel(true);
          }
        },
        MoreExecutors.directExecutor());
    var _ = stage.whenComplete((value, error) -> future.cancel(true)); // does nothing if it is done
    return stage;
  }

  @Override
  public String await(Operation operation) {
    SettableFuture<String> future = SettableFuture.create();
    future.addListener(
        () -> {
          if (future.isCancelled()) {
            operation.cancelled();
          }
        },
        MoreExecutors.directExecutor());
    executor.execute(
        () -> operation.begun((value, error) -> executor.execute(() -> end(future, value, error))));
    return awaiting.apply(future);
  }

  private static void end(SettableFuture<String> future, String value, Throwable error) {
    if (error == null) {
      future.set(value);
    } else {
      future.setException(error);
    }
  }

  @Override
  public void close() {
    executor.close();
  }
}
