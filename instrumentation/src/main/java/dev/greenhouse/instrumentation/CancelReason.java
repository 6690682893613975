package dev.greenhouse.instrumentation;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Why something was cancelled. The first reason that a scope is given stays.
///
/// @param source what kind of event it was
/// @param text the reason for people, as in "nursery 'crawl' failed: java.io.IOException: reset"
/// @param cause the exception behind it, if there is one
public record CancelReason(Source source, String text, @Nullable Throwable cause) {
  /// The kinds of event that cancel.
  public enum Source {
    /// Somebody called `cancel`.
    EXPLICIT,
    /// A deadline has passed.
    DEADLINE,
    /// A sibling or the body of the nursery failed.
    NURSERY_FAILED,
    /// The task's thread was interrupted from outside.
    INTERRUPT,
    /// The greenhouse is being closed.
    SHUTDOWN,
    /// The greenhouse can't go on, for example because its executor refuses work.
    BROKEN
  }

  /// Makes a reason.
  public CancelReason {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(text, "text");
  }

  /// Makes a reason without an exception.
  ///
  /// @param source what kind of event it was
  /// @param text the reason for people
  public CancelReason(Source source, String text) {
    this(source, text, null);
  }

  /// {@return the text}
  @Override
  public String toString() {
    return text;
  }
}
