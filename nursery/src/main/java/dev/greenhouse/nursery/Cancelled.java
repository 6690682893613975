package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import java.io.Serial;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Tells the code of a task that it is cancelled. Raised by every checkpoint until the cancelled
/// scope is left.
///
/// Don't swallow it: let it pass, and clean up in `finally`. It has no stack trace, as it may be
/// raised ten thousand times at once; its text says why, where and who. For debugging,
/// `-Ddev.greenhouse.cancelledStacks=true` turns stacks on.
public final class Cancelled extends CancellationException {
  @Serial private static final long serialVersionUID = 1;

  private static final boolean WITH_STACKS = Boolean.getBoolean("dev.greenhouse.cancelledStacks");

  private final transient CancelReason reason;
  private final String scope;
  private final String task; // or its nursery, if the task has a number only
  private final long number; // or zero
  private volatile @Nullable String escapedFrom;

  Cancelled(CancelReason reason, String scope, String task) {
    this(reason, scope, task, 0);
  }

  /// Makes one for a task that has no name yet: making it takes longer than all the rest.
  Cancelled(CancelReason reason, String scope, String nursery, long number) {
    this.reason = reason;
    this.scope = scope;
    this.task = nursery;
    this.number = number;
  }

  /// Makes one, for those who build tasks of their own kind.
  ///
  /// @param reason why it was cancelled
  /// @param scope the name of what was cancelled
  /// @param task the name of the task that is told
  /// @return the exception
  public static Cancelled of(CancelReason reason, String scope, String task) {
    return new Cancelled(
        Objects.requireNonNull(reason, "reason"),
        Objects.requireNonNull(scope, "scope"),
        Objects.requireNonNull(task, "task"));
  }

  /// {@return whether an exception tells of a cancellation if it leaves what is cancelled: itself,
  /// or what it was caused by, is a `Cancelled`, comes from an interrupt, or satisfies a sign that
  /// was added, and it carries nothing that is a failure}
  ///
  /// @param error what left it
  public static boolean isToldBy(Throwable error) {
    return Interrupts.isCancellation(Objects.requireNonNull(error, "error"));
  }

  /// Teaches Greenhouse how a library tells of an interrupt if it keeps neither the
  /// `InterruptedException` nor a cause: what leaves a cancelled scope or task and satisfies the
  /// sign, itself or in its chain of causes, counts as cancellation and not as a failure.
  ///
  /// It is for the whole JVM. Any thread may call it.
  ///
  /// @param sign asked in the cancelled task; must not block. If it throws that is logged and means
  ///   no
  public static void addSign(Predicate<? super Throwable> sign) {
    Interrupts.addSign(Objects.requireNonNull(sign, "sign"));
  }

  /// Takes back [#addSign]. A sign that was not added is ignored.
  ///
  /// @param sign the same object
  public static void removeSign(Predicate<? super Throwable> sign) {
    Interrupts.removeSign(Objects.requireNonNull(sign, "sign"));
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
    return number == 0 ? task : TaskImpl.numbered(task, number);
  }

  /// It left a task none of whose scopes is cancelled. The text says so from now on.
  void escape(String fromTask) {
    escapedFrom = fromTask;
  }

  @Override
  public String getMessage() {
    String text =
        "cancelled: %s, in scope '%s', seen by task '%s'".formatted(reason, scope, taskName());
    String from = escapedFrom;
    return from == null
        ? text
        : text
            + ". It left the cancelled scope and reached the end of task '%s', which is not cancelled, and so counts as its failure. Nursery.run absorbs its nursery's own cancellation."
                .formatted(from);
  }

  /// Takes no stack, unless the system property asks for it.
  @Override
  public synchronized Throwable fillInStackTrace() {
    return WITH_STACKS ? super.fillInStackTrace() : this;
  }
}
