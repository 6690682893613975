package dev.greenhouse.tests.flat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.tests.Eventually;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The kinds of event loop that a test of flat tasks runs on.
enum LoopKind {
  /// A thread of the flat executor's own.
  OWN,
  /// Somebody's single thread.
  GIVEN,
  /// Somebody's loop that runs each command on another thread, one at a time.
  REPLACING;

  /// What a test does with a flat executor.
  interface Body {
    void run(FlatExecutor flat) throws Throwable;
  }

  /// Runs a test, closes what it used, and looks that no task is left.
  void run(Body body) throws Throwable {
    try (ExecutorService threads = threads();
        FlatExecutor flat = open(threads)) {
      body.run(flat);
      Eventually.run(() -> assertThat(flat.tasks()).isEmpty());
    }
    assertThat(Thread.interrupted()).as("stray interrupt of the test's thread").isFalse();
  }

  private ExecutorService threads() {
    return this == REPLACING
        ? Executors.newCachedThreadPool()
        : Executors.newSingleThreadExecutor();
  }

  private FlatExecutor open(ExecutorService threads) {
    return switch (this) {
      case OWN -> FlatExecutor.open("bed");
      case GIVEN -> FlatExecutor.on(threads);
      case REPLACING -> FlatExecutor.on(new OneAtATime(threads));
    };
  }

  /// Runs commands one after the other, each on whichever thread another executor takes.
  static final class OneAtATime implements Executor {
    private final Executor threads;
    private final Queue<Runnable> waiting = new ArrayDeque<>(); // under its own monitor
    private boolean busy; // under the same

    OneAtATime(Executor threads) {
      this.threads = threads;
    }

    @Override
    public void execute(Runnable command) {
      synchronized (waiting) {
        waiting.add(command);
        if (busy) {
          return;
        }
        busy = true;
      }
      threads.execute(this::next);
    }

    /// {@return whether nothing runs and nothing waits}
    boolean isIdle() {
      synchronized (waiting) {
        return !busy && waiting.isEmpty();
      }
    }

    private void next() {
      Runnable command;
      synchronized (waiting) {
        command = waiting.remove();
      }
      try {
        command.run();
      } finally {
        boolean more;
        synchronized (waiting) {
          more = !waiting.isEmpty();
          busy = more;
        }
        if (more) {
          threads.execute(this::next);
        }
      }
    }
  }
}
