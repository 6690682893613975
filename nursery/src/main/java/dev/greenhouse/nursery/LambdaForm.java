package dev.greenhouse.nursery;

import dev.greenhouse.nursery.jdk.Sneaky;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The lambda form of a nursery: it knows whether the body threw, and ends the nursery's own
/// cancellation.
final class LambdaForm {
  private LambdaForm() {}

  static void run(NurseryOptions options, NurseryBody body) {
    Objects.requireNonNull(body, "body");
    execute(
        options,
        nursery -> {
          body.run(nursery);
          return null;
        },
        false);
  }

  static <T extends @Nullable Object> T call(NurseryOptions options, NurseryCallable<T> body) {
    Objects.requireNonNull(body, "body");
    return execute(options, body, true);
  }

  @SuppressWarnings("NullAway") // without a value T is Void
  private static <T extends @Nullable Object> T execute(
      NurseryOptions options, NurseryCallable<T> body, boolean needsValue) {
    NurseryImpl nursery = NurseryImpl.open(null, options, false);
    T value = null;
    Throwable cancellation = null;
    try {
      value = body.call(nursery);
    } catch (Throwable t) {
      if (nursery.isCancellationOfOuterBody(t)
          || (Interrupts.isCancellation(t) && nursery.owner().visibleCancelled() != null)) {
        cancellation = t;
      } else {
        nursery.bodyFailed(t);
      }
    }
    nursery.closeAfterBody();
    if (cancellation != null && (needsValue || nursery.isOwnerCancelled())) {
      throw rethrown(nursery, cancellation);
    }
    if (cancellation != null) {
      nursery.cancelScope().markCaught();
    }
    nursery.throwIfCutOff();
    return value;
  }

  /// A wrapped interrupt leaves as what it means.
  private static RuntimeException rethrown(NurseryImpl nursery, Throwable cancellation) {
    if (cancellation instanceof Cancelled || cancellation instanceof NurseryFailedException) {
      return Sneaky.<RuntimeException>rethrow(cancellation);
    }
    Cancelled told = nursery.cancelledFor(nursery.owner());
    told.addSuppressed(cancellation);
    return told;
  }
}
