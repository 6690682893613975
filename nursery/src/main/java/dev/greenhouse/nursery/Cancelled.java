package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import java.io.Serial;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/// Tells the code of a task that it is cancelled. Raised by every checkpoint until the cancelled
/// scope is left.
///
/// Don't swallow it: let it pass, and clean up in `finally`. It has no stack trace, as it may be
/// raised ten thousand times at once; its text says why, where and who.
public final class Cancelled extends CancellationException {
  @Serial private static final long serialVersionUID = 1;

  private final transient CancelReason reason;
  private final String scope;
  private final String task;
  private volatile @Nullable String escapedFrom;

  Cancelled(CancelReason reason, String scope, String task) {
    this.reason = reason;
    this.scope = scope;
    this.task = task;
  }

  /// {@return what kind of event cancelled}
  public CancelReason.Source source() {
    return reason.source();
  }

  /// {@return why it was cancelled}
  public CancelReason reason() {
    return reason;
  }

  /// {@return the name of the scope that was cancelled: a nursery's or a task's}
  public String scopeName() {
    return scope;
  }

  /// {@return the name of the task that was told}
  public String taskName() {
    return task;
  }

  /// It left a task none of whose scopes is cancelled. The text says so from now on.
  void escape(String fromTask) {
    escapedFrom = fromTask;
  }

  @Override
  public String getMessage() {
    String text = "cancelled: %s, in scope '%s', seen by task '%s'".formatted(reason, scope, task);
    String from = escapedFrom;
    return from == null
        ? text
        : text
            + ". It left the cancelled scope and reached the end of task '%s', which is not cancelled, and so counts as its failure. Nursery.run absorbs its nursery's own cancellation."
                .formatted(from);
  }

  /// Takes no stack.
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
