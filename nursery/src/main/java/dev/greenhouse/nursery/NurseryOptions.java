package dev.greenhouse.nursery;

import java.time.Duration;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// How a nursery shall behave.
///
/// ```java
/// try (var nursery = Nursery.open(NurseryOptions.named("connections").supervised(true))) { ... }
/// ```
///
/// @param name for messages, thread dumps and the default names of its tasks
/// @param supervised whether tasks may fail without cancelling their siblings. A failure is then
///   observed by [Task#join], [Task#toCompletableFuture] or `onFailure`; what nobody has observed
///   when the nursery closes is thrown by `close()`, the first hundred failures and the number of
///   the others
/// @param cancelOnClose whether what still runs when the body ends is cancelled
/// @param deadline how long the nursery may take from its opening; then it is cancelled. Zero and
///   less are over at once; null if it may take forever
/// @param onFailure in a supervised nursery, told of each failure in the failing task, which then
///   counts as observed; what it throws itself is attached to the failure, which then does not
public record NurseryOptions(
    String name,
    boolean supervised,
    boolean cancelOnClose,
    @Nullable Duration deadline,
    @Nullable BiConsumer<? super Task<?>, ? super Throwable> onFailure) {
  private static final String DEFAULT_NAME = "nursery";
  private static final NurseryOptions DEFAULT =
      new NurseryOptions(DEFAULT_NAME, false, false, null, null);

  /// Makes options.
  ///
  /// @throws IllegalArgumentException if there is an `onFailure` and the nursery is not supervised
  public NurseryOptions {
    Objects.requireNonNull(name, "name");
    if (onFailure != null && !supervised) {
      throw new IllegalArgumentException(
          "Nursery '%s' has an onFailure handler but is not supervised: a failure would cancel it anyway. Add supervised(true)."
              .formatted(name));
    }
  }

  /// {@return the defaults: neither supervised nor cancelled on close}
  public static NurseryOptions defaults() {
    return DEFAULT;
  }

  /// {@return the defaults with a name}
  ///
  /// @param name the nursery's name
  public static NurseryOptions named(String name) {
    return new NurseryOptions(name, false, false, null, null);
  }

  /// {@return these options, supervised or not}
  ///
  /// @param value whether tasks may fail without cancelling their siblings
  public NurseryOptions supervised(boolean value) {
    return new NurseryOptions(name, value, cancelOnClose, deadline, onFailure);
  }

  /// {@return these options, cancelling what still runs when the body ends or not}
  ///
  /// @param value whether to cancel
  public NurseryOptions cancelOnClose(boolean value) {
    return new NurseryOptions(name, supervised, value, deadline, onFailure);
  }

  /// {@return these options with a deadline}
  ///
  /// @param time how long the nursery may take from its opening
  public NurseryOptions deadline(Duration time) {
    return new NurseryOptions(
        name, supervised, cancelOnClose, Objects.requireNonNull(time, "time"), onFailure);
  }

  /// {@return these options, supervised, with a handler of failures}
  ///
  /// @param handler told of each failure, in the failing task
  public NurseryOptions onFailure(BiConsumer<? super Task<?>, ? super Throwable> handler) {
    return new NurseryOptions(
        name, true, cancelOnClose, deadline, Objects.requireNonNull(handler, "handler"));
  }
}
