package dev.greenhouse.nursery;

import org.jspecify.annotations.Nullable;

/// How a task that is being started says that it is ready.
///
/// @param <T> the type of what it tells its starter
public sealed interface StartStatus<T extends @Nullable Object> permits Start, StartIgnored {
  /// Says that the task is ready: [Nursery#start(StartBody)] returns, and the task is from now on
  /// under the nursery's cancel scope only. If the starter was cancelled meanwhile, that is not so:
  /// the task stays under the starter's scopes, and `start` ends when the task does.
  ///
  /// Does not block and is no checkpoint. Usually called by the new task itself; any thread may.
  ///
  /// @param value what `start` returns
  /// @throws IllegalStateException if it was called before, or the task has ended
  void started(T value);

  /// Says that the task is ready and has nothing to tell: `start` returns null.
  ///
  /// @throws IllegalStateException if it was called before, or the task has ended
  void started();

  /// {@return a status that nobody waits for, so that a [StartBody] can also be called directly}
  ///
  /// @param <T> the type of what is told
  static <T extends @Nullable Object> StartStatus<T> ignored() {
    return new StartIgnored<>();
  }
}
