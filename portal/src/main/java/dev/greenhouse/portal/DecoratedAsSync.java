package dev.greenhouse.portal;

import dev.greenhouse.nursery.Cancelled;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// An asynchronous function around a synchronous one that awaits.
final class DecoratedAsSync<A extends @Nullable Object, R extends @Nullable Object>
    implements Function<A, CompletionStage<R>> {
  private final Function<? super A, ? extends R> decorated;

  private DecoratedAsSync(Function<? super A, ? extends R> decorated) {
    this.decorated = Objects.requireNonNull(decorated, "the decorator gave null");
  }

  static <A extends @Nullable Object, R extends @Nullable Object>
      Function<A, CompletionStage<R>> of(
          Function<? super Function<A, R>, ? extends Function<? super A, ? extends R>> decorator,
          Function<? super A, ? extends CompletionStage<? extends R>> fn) {
    return new DecoratedAsSync<A, R>(decorator.apply(AutoAwait.<A, R>function(fn)));
  }

  @Override
  public CompletionStage<R> apply(A argument) {
    return Portal.withPortalRunSync(() -> outcome(argument));
  }

  /// What went wrong belongs into the stage, but a cancellation is the calling task's own.
  private CompletionStage<R> outcome(A argument) {
    try {
      return CompletableFuture.completedFuture(decorated.apply(argument));
    } catch (Cancelled c) {
      throw c;
    } catch (Throwable t) {
      return CompletableFuture.failedFuture(t);
    }
  }
}
