package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Outcome;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A task that is in no nursery.
final class RootTask<T extends @Nullable Object> extends TaskImpl<T> {
  /// How it came to be.
  enum Kind {
    /// Started by `Greenhouse.run` or `call`, which wait for it.
    MAIN,
    /// Started by `launch`.
    LAUNCHED,
    /// Started by `forkSystemTask`.
    SYSTEM,
    /// A thread of somebody else, while it has a nursery open.
    ADOPTED
  }

  private final Kind kind;
  private final @Nullable Thread starter; // the thread that waits for a main task

  private @Nullable Throwable thrown; // own thread writes; read after the end

  // Own thread only: an interrupt was taken for cancellation.
  private boolean interruptedOutside;

  private RootTask(
      OpenGreenhouse greenhouse,
      Kind kind,
      @Nullable String name,
      @Nullable Callable<? extends T> body) {
    super(
        greenhouse.scheduler(),
        kind != Kind.ADOPTED && greenhouse.scheduler().carries,
        null,
        name,
        body);
    this.kind = kind;
    this.starter = kind == Kind.MAIN ? Thread.currentThread() : null;
  }

  /// Makes a task that shall run in a thread of its own.
  static <T extends @Nullable Object> RootTask<T> create(
      OpenGreenhouse greenhouse, Kind kind, String name, Callable<? extends T> body) {
    var task = new RootTask<T>(greenhouse, kind, name, body);
    task.createThread(name, task);
    return task;
  }

  // ---- its end

  @Override
  Outcome<T> ended(Throwable thrown) {
    this.thrown = thrown;
    return super.ended(thrown);
  }

  @Override
  void reportFailure(Throwable error) {
    switch (kind) {
      case SYSTEM -> greenhouse().systemTaskFailed(this, error);
      case LAUNCHED -> greenhouse().launchedTaskFailed(this, error);
      case MAIN, ADOPTED -> {} // whoever runs it throws it
    }
  }

  @Override
  void gone(boolean listClosed) {
    greenhouse().rootGone();
    LockSupport.unpark(starter);
  }

  /// Blocks the current thread, which started this task and is no task, until the task is gone.
  void awaitGone() {
    boolean interrupted = false;
    while (!isOver()) {
      LockSupport.park(this);
      if (Thread.interrupted()) {
        interrupted = true;
        cancel(
            new CancelReason(
                Source.INTERRUPT,
                "the thread that waits for task '%s' was interrupted".formatted(name())));
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// {@return what its body threw when it was cancelled, or what that means}
  Cancelled thrownAsCancelled(CancelReason reason) {
    if (thrown instanceof Cancelled cancelled) {
      return cancelled;
    }
    var told = new Cancelled(reason, name(), name());
    if (thrown != null) {
      told.addSuppressed(thrown);
    }
    return told;
  }

  /// {@return the exception for which it was cancelled as a whole, null if there is none}
  @Nullable Throwable cancelledFor() {
    ScopeImpl own = ownScope();
    CancelReason reason = own == null ? null : own.reasonOrNull();
    return reason == null ? null : reason.cause();
  }

  // ---- a thread of somebody else

  /// The current thread becomes a task.
  static RootTask<?> adopt(OpenGreenhouse greenhouse) {
    var task = new RootTask<@Nullable Void>(greenhouse, Kind.ADOPTED, null, null);
    task.enter();
    return task;
  }

  private void enter() {
    adopt(true);
    try {
      greenhouse().addRoot(this);
    } catch (Throwable t) {
      adopt(false);
      throw t;
    }
    var hooks = hooks();
    hooks.taskSpawned(this);
    hooks.taskScheduled(this);
    hooks.taskEntered(this);
    beginOwnStep();
  }

  @Override
  void leaveIfAdopted() {
    if (kind == Kind.ADOPTED) {
      finish(succeeded(null));
      markEnded();
      endOwnStep();
      adopt(false);
      terminated();
      if (interruptedOutside) {
        thread().interrupt();
      }
    }
  }

  /// The thread has ended without closing its nurseries; by the housekeeper.
  void buryAdopted() {
    exit(succeeded(null));
    terminated();
  }

  boolean isMain() {
    return kind == Kind.MAIN;
  }

  boolean isAdopted() {
    return kind == Kind.ADOPTED;
  }

  boolean isSystem() {
    return kind == Kind.SYSTEM;
  }

  @Override
  protected void interruptedFromOutside() {
    interruptedOutside = true;
    super.interruptedFromOutside();
  }

  @Override
  String defaultName() {
    String t = thread().getName();
    return t.isEmpty() ? "thread-" + id() : t;
  }
}
