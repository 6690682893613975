package dev.greenhouse.tests.portal;

import dev.greenhouse.tests.Eventually;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// A platform thread that is no task, and what it comes to.
final class Outsider<T> {
  /// What became of it.
  ///
  /// @param thrown null if it returned
  /// @param interrupted whether its flag was set at the end
  record End<T>(T value, Throwable thrown, boolean interrupted) {}

  private final FutureTask<End<T>> end;
  private final Thread thread;

  private Outsider(Callable<T> body) {
    end = new FutureTask<>(() -> run(body));
    thread = Thread.ofPlatform().daemon().name("outsider").start(end);
  }

  private static <T> End<T> run(Callable<T> body) {
    try {
      T value = body.call();
      return new End<>(value, null, Thread.interrupted());
    } catch (Throwable t) {
      return new End<>(null, t, Thread.interrupted());
    }
  }

  static <T> Outsider<T> begin(Callable<T> body) {
    return new Outsider<>(body);
  }

  /// Does it on a thread that is no task, and waits for that.
  static <T> T does(Callable<T> body) throws Exception {
    End<T> end = begin(body).end();
    return switch (end.thrown()) {
      case null -> end.value();
      case Exception e -> throw e;
      case Throwable t -> throw new AssertionError(t);
    };
  }

  void interrupt() {
    thread.interrupt();
  }

  void awaitWaiting() {
    Eventually.waits(thread);
  }

  boolean hasEnded() {
    return end.isDone();
  }

  End<T> end() {
    try {
      return end.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }
}
