package dev.greenhouse.tests;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/// Executors that are no event loops, and are found out at the first command.
public enum BadExecutor {
  REJECTS("rejected a step") {
    @Override
    void execute(Runnable command) {
      throw new RejectedExecutionException("full");
    }
  },
  THROWS_AN_ERROR("rejected a step") {
    @Override
    void execute(Runnable command) {
      throw new LinkageError("half loaded");
    }
  },
  RUNS_INLINE("inside of execute") {
    @Override
    void execute(Runnable command) {
      command.run();
    }
  },
  RUNS_ON_VIRTUAL_THREADS("on a virtual thread") {
    @Override
    void execute(Runnable command) {
      Thread.startVirtualThread(command);
    }
  };

  /// What the message says of it.
  public final String fragment;

  BadExecutor(String fragment) {
    this.fragment = fragment;
  }

  /// {@return it, to be given to what wants a loop}
  public Executor executor() {
    return this::execute;
  }

  abstract void execute(Runnable command);
}
