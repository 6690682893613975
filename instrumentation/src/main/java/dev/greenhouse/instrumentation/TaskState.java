package dev.greenhouse.instrumentation;

/// What a task is doing.
public enum TaskState {
  /// It waits: in an operation of Greenhouse or of the JDK, or for its first step.
  WAITING,
  /// It could run, and waits for its turn.
  RUNNABLE,
  /// It runs, or blocks the thread that carries it.
  RUNNING,
  /// It has ended.
  ENDED
}
