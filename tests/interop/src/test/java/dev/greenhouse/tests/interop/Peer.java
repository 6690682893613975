package dev.greenhouse.tests.interop;

/// A library that does something while a task awaits it.
interface Peer extends AutoCloseable {
  /// Has the library do an operation, and awaits it in the current task.
  String await(Operation operation) throws Exception;

  /// {@return whether what was thrown is the library's own exception}
  default boolean isOwn(Throwable thrown, Throwable operationsFailure) {
    return thrown == operationsFailure;
  }

  /// Ends all that it has started.
  @Override
  default void close() {}
}
