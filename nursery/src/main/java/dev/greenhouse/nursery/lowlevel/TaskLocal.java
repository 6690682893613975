package dev.greenhouse.nursery.lowlevel;

import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.scheduler.Fiber;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A value that each task has for itself, for those who build on Greenhouse: what a `ThreadLocal`
/// is to a thread, but readable and writable from any thread, for instance by an instrument that
/// learns of a new task. Children inherit nothing.
///
/// Reading is a scan over the few values that the task has. A value goes with its task. Nothing
/// here blocks or is a checkpoint. What a thread did before it set a value happens-before what
/// another does after it has read that.
///
/// @param <T> the type of the values
public final class TaskLocal<T> {
  private final String name;
  private final Function<? super T, @Nullable String> mark;

  private TaskLocal(String name, Function<? super T, @Nullable String> mark) {
    this.name = name;
    this.mark = mark;
  }

  /// Makes a local that no task has a value of.
  ///
  /// @param <T> the type of the values
  /// @param name for `toString`
  /// @return the local
  public static <T> TaskLocal<T> named(String name) {
    return marking(name, value -> null);
  }

  /// Makes a local that no task has a value of, and that is seen in task trees.
  ///
  /// @param <T> the type of the values
  /// @param name for `toString`
  /// @param mark what [TaskView#marks] shows for a value; null for nothing. It is asked on any
  ///   thread and must not block
  /// @return the local
  public static <T> TaskLocal<T> marking(String name, Function<? super T, @Nullable String> mark) {
    return new TaskLocal<>(
        Objects.requireNonNull(name, "name"), Objects.requireNonNull(mark, "mark"));
  }

  /// {@return the current task's value; null if it has none, or the current thread is no task}
  @SuppressWarnings("unchecked")
  public @Nullable T get() {
    Fiber fiber = Fiber.current();
    return fiber == null ? null : (T) find(fiber.locals());
  }

  /// {@return a task's value; null if it has none}
  ///
  /// @param task a task of Greenhouse
  @SuppressWarnings("unchecked")
  public @Nullable T get(TaskView task) {
    return (T) find(fiberOf(task).locals());
  }

  /// Sets a task's value.
  ///
  /// @param task a task of Greenhouse
  /// @param value the value; null for none
  /// @throws IllegalArgumentException if it is something else that looks like a task
  public void set(TaskView task, @Nullable T value) {
    Fiber fiber = fiberOf(task);
    @Nullable Object[] old;
    do {
      old = fiber.locals();
    } while (!fiber.replaceLocals(old, with(old, value)));
  }

  /// {@return the marks of all values that a task has: its [TaskView#marks]}
  ///
  /// @param task a task of Greenhouse
  public static List<String> marksOf(TaskView task) {
    @Nullable Object[] all = fiberOf(task).locals();
    if (all.length == 0) {
      return List.of();
    }
    var marks = new ArrayList<String>();
    for (int i = 0; i < all.length; i += 2) {
      String mark = Objects.requireNonNull((TaskLocal<?>) all[i]).markOf(all[i + 1]);
      if (mark != null) {
        marks.add(mark);
      }
    }
    return List.copyOf(marks);
  }

  @SuppressWarnings("unchecked")
  private @Nullable String markOf(@Nullable Object value) {
    try {
      return value == null ? null : mark.apply((T) value);
    } catch (Throwable e) { // somebody's function
      return "%s, whose mark threw %s".formatted(name, e.getClass().getName());
    }
  }

  private static Fiber fiberOf(TaskView task) {
    if (Objects.requireNonNull(task, "task") instanceof Fiber fiber) {
      return fiber;
    }
    throw new IllegalArgumentException(
        "%s is no task of Greenhouse. Give a task that it made.".formatted(task));
  }

  /// Keys are at even places, their values behind them. An array is never changed.
  private @Nullable Object find(@Nullable Object[] all) {
    for (int i = 0; i < all.length; i += 2) {
      if (all[i] == this) {
        return all[i + 1];
      }
    }
    return null;
  }

  private @Nullable Object[] with(@Nullable Object[] all, @Nullable Object value) {
    int at = 0;
    while (at < all.length && all[at] != this) {
      at += 2;
    }
    if (value == null && at == all.length) {
      return all;
    }
    @Nullable Object[] result;
    if (value == null) {
      result = Arrays.copyOf(all, all.length - 2);
      System.arraycopy(all, at + 2, result, at, all.length - at - 2);
      return result;
    }
    result = Arrays.copyOf(all, Math.max(all.length, at + 2));
    result[at] = this;
    result[at + 1] = value;
    return result;
  }

  /// {@return its name}
  @Override
  public String toString() {
    return "TaskLocal[" + name + "]";
  }
}
