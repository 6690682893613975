package dev.greenhouse.nursery.scheduler;

import java.util.concurrent.locks.LockSupport;

/// A thread of our own that takes steps.
public final class OwnLoop extends StepLoop {
  private final Thread thread;

  /// The thread: true, then it looks for steps. Others: after they have queued one, false with an
  /// unpark.
  private volatile boolean asleep;

  private volatile boolean closed; // set once by close

  private OwnLoop(String threadName) {
    thread =
        Thread.ofPlatform()
            .daemon()
            .inheritInheritableThreadLocals(false)
            .stackSize(Loop.STACK_BYTES)
            .name(threadName)
            .unstarted(this::run);
  }

  /// {@return a loop whose thread runs}
  public static OwnLoop start(String threadName) {
    var loop = new OwnLoop(threadName);
    loop.thread.start();
    return loop;
  }

  @Override
  void wake() {
    if (asleep) {
      asleep = false;
      LockSupport.unpark(thread);
    }
  }

  private void run() {
    begin();
    while (true) {
      while (takeNext()) {}
      if (closed) {
        break;
      }
      asleep = true;
      Thread.interrupted(); // a step may have left one behind, and this would spin
      if (!hasNext() && !closed) {
        LockSupport.park(this);
      }
      asleep = false;
    }
    end(thread);
    move();
  }

  /// Waits for the thread's end, unless it is called in a step.
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    if (isHere()) {
      return;
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
