package dev.greenhouse.portal;

import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Asynchronous functions seen as synchronous ones.
final class AutoAwait {
  private AutoAwait() {}

  static <A extends @Nullable Object, R extends @Nullable Object> Function<A, R> function(
      Function<? super A, ? extends CompletionStage<? extends R>> fn) {
    Objects.requireNonNull(fn, "fn");
    return a -> Portal.<R>await(() -> widened(fn.apply(a)));
  }

  static <R extends @Nullable Object> Supplier<R> supplier(
      Supplier<? extends CompletionStage<? extends R>> fn) {
    Objects.requireNonNull(fn, "fn");
    return () -> Portal.<R>await(() -> widened(fn.get()));
  }

  static <A extends @Nullable Object, B extends @Nullable Object, R extends @Nullable Object>
      BiFunction<A, B, R> biFunction(
          BiFunction<? super A, ? super B, ? extends CompletionStage<? extends R>> fn) {
    Objects.requireNonNull(fn, "fn");
    return (a, b) -> Portal.<R>await(() -> widened(fn.apply(a, b)));
  }

  /// A stage only gives values, so one of a narrower type is as good.
  @SuppressWarnings("unchecked")
  static <R extends @Nullable Object> CompletionStage<R> widened(
      CompletionStage<? extends R> stage) {
    return (CompletionStage<R>) stage;
  }
}
