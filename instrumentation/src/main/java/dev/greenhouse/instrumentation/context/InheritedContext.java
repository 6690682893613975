package dev.greenhouse.instrumentation.context;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.stock.LiveTable;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Gives each task the context of whoever forked it, as it was at the fork. A context is what a
/// library keeps in thread-locals: the current span, the MDC, who is logged in.
///
/// ```java
/// greenhouse.instruments().add(InheritedContext.of(Context::current, Context::makeCurrent));
/// ```
///
/// is all that OpenTelemetry needs.
///
/// **Who gets what.** The context is captured on the thread that forks: a task, or a thread that is
/// none and holds the nursery or a `ThreadPortal` into it; for a main or launched task, the thread
/// that runs or launches it. It is attached in the task's own thread before its body, stays over
/// all waits, since a task keeps its thread, and is put back after the body. What the task attaches
/// itself is seen by what it forks then, and neither by its parent nor by its siblings. A thread
/// that becomes a task by opening a nursery keeps the context it has, and so does a task that lived
/// before this instrument was added. Threads that a task starts by other means are none of its
/// children: wrap what they run as the context's library says.
///
/// **Errors.** What the functions throw is the instrument's error: it is removed and reported once,
/// and the tasks go on. Those that have a context keep it to their end; later ones get none. That
/// holds for a context that can't be put back, too: it shows that somebody holds contexts in a way
/// that they don't allow, and then they tell nothing any more. A `close` that may fail for one task
/// without saying anything about the others must catch that itself.
///
/// What the forking thread did before the fork happens-before the attaching. The instrument may be
/// added to several greenhouses, and added and removed at any time. It costs a capture for each
/// fork, and an object of its own for each task with a context.
///
/// @param <C> the type of the context
public final class InheritedContext<C> implements Instrument {
  private static final int TABLE_BITS = 13;

  /// What a task was given.
  private static final class Inherited<C> {
    @Nullable C context; // by who forks, before it is in the table; to null by the task's thread
    @Nullable AutoCloseable attached; // the task's thread only

    Inherited(C context) {
      this.context = context;
    }
  }

  private final Supplier<? extends @Nullable C> capture;
  private final Function<? super C, ? extends AutoCloseable> attach;
  private final LiveTable<TaskView, Inherited<C>> given = LiveTable.ofTasks(TABLE_BITS);

  private InheritedContext(
      Supplier<? extends @Nullable C> capture,
      Function<? super C, ? extends AutoCloseable> attach) {
    this.capture = Objects.requireNonNull(capture, "capture");
    this.attach = Objects.requireNonNull(attach, "attach");
  }

  /// {@return a new instrument}
  ///
  /// Both functions are called by many threads, also at the same time, and must not block: the one
  /// that forks waits for `capture`, and the new task for `attach`.
  ///
  /// @param <C> the type of the context
  /// @param capture gives the current thread's context, or null if there is none to hand on
  /// @param attach makes a context the current thread's; `close` of what it returns, in the same
  ///   thread, puts back what was there before
  public static <C> InheritedContext<C> of(
      Supplier<? extends @Nullable C> capture,
      Function<? super C, ? extends AutoCloseable> attach) {
    return new InheritedContext<>(capture, attach);
  }

  @Override
  public void taskSpawned(TaskView task) {
    if (task.thread() == Thread.currentThread()) {
      return; // it has become a task and has its context already
    }
    C context = capture.get();
    if (context != null) {
      given.put(task, new Inherited<>(context));
    }
  }

  @Override
  public void taskEntered(TaskView task) {
    Inherited<C> inherited = given.get(task);
    if (inherited == null) {
      return;
    }
    C context = Objects.requireNonNull(inherited.context);
    inherited.context = null;
    inherited.attached =
        Objects.requireNonNull(attach.apply(context), "attach returned nothing to close");
  }

  @Override
  public void taskLeft(TaskView task) {
    Inherited<C> inherited = given.remove(task);
    // Null, too, if the instrument was away when the task began.
    AutoCloseable attached = inherited == null ? null : inherited.attached;
    if (attached == null) {
      return;
    }
    try {
      attached.close();
    } catch (Exception e) {
      throw new IllegalStateException(
          "The context that task '%s' was given could not be put back. Mend its close, or let it catch what may be ignored."
              .formatted(task.name()),
          e);
    }
  }

  /// A task that never ran has not left.
  @Override
  public void taskExited(TaskView task, Outcome<?> outcome) {
    given.remove(task);
  }
}
