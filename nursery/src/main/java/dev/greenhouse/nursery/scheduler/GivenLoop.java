package dev.greenhouse.nursery.scheduler;

import dev.greenhouse.nursery.housekeeping.Housekeeper;
import dev.greenhouse.nursery.housekeeping.Timer;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Somebody's event loop, which is given one *turn* for each step and takes it among its other
/// events.
///
/// A loop that rejects a turn, runs it at once inside `execute` or on a virtual thread, runs two at
/// once or is shut down can't take steps: then it is broken, and what is queued, now and later, is
/// taken elsewhere.
public final class GivenLoop extends StepLoop {
  /// So long a step that runs on a loop that has broken is waited for.
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);

  private final Executor executor;
  private final BiConsumer<String, @Nullable Throwable> onBroken;
  private final @Nullable ExecutorWatch watch;
  private final AtomicBoolean broken = new AtomicBoolean();

  /// Turns to be sent when this one has ended. By the taker, or the thread that it carries.
  private int postponed;

  private volatile long sentAt; // when the last turn was sent

  /// Makes one.
  ///
  /// @param inUse whether steps may still come; asked by the housekeeper
  /// @param onBroken told once what the executor did; must not block
  public GivenLoop(
      Executor executor, BooleanSupplier inUse, BiConsumer<String, @Nullable Throwable> onBroken) {
    this.executor = executor;
    this.onBroken = onBroken;
    this.watch = ExecutorWatch.of(executor, new Stopped(inUse));
  }

  @Override
  void wake() {
    if (isCarriedHere()) {
      postponed++;
    } else {
      send();
    }
  }

  /// A virtual thread must not wait for a lock of the loop that carries it: it would unmount, and
  /// the loop's thread could come to stand behind it in the lock's queue.
  private boolean isCarriedHere() {
    return Thread.currentThread().isVirtual()
        && VirtualThreads.available()
        && VirtualThreads.currentCarrier() == taker();
  }

  private void send() {
    var turn = new Turn(Thread.currentThread());
    sentAt = System.nanoTime();
    try {
      executor.execute(turn);
    } catch (Throwable t) {
      breakDown("rejected a step", t);
    } finally {
      turn.sender = null;
    }
    if (watch != null) {
      watch.begin();
    }
  }

  private final class Turn implements Runnable {
    /// The thread that is in `execute` with it. Only that thread has to see it change.
    private @Nullable Thread sender;

    Turn(Thread sender) {
      this.sender = sender;
    }

    @Override
    public void run() {
      if (isMoved()) {
        return; // its step has been taken elsewhere, or will be
      }
      Thread me = Thread.currentThread();
      if (me == sender) {
        breakDown("ran a step inside of execute, on the calling thread", null);
      } else if (me.isVirtual()) {
        breakDown("ran a step on a virtual thread, " + me, null);
      } else {
        take(me);
      }
    }

    private void take(Thread me) {
      Object other = begin();
      if (other == me) {
        postponed++; // the step runs a loop of its own, as modal dialogs do
      } else if (other != null) {
        breakDown("ran two steps at once, on %s and %s".formatted(other, me), null);
      } else {
        try {
          takeNext();
        } finally {
          int again = postponed;
          postponed = 0;
          end(me);
          for (; again > 0 && !isMoved(); again--) {
            send();
          }
        }
      }
    }
  }

  private void breakDown(String what, @Nullable Throwable cause) {
    if (!broken.compareAndSet(false, true)) {
      return;
    }
    onBroken.accept(what, cause);
    if (taker() instanceof Thread running) {
      Housekeeper.get().schedule(new Impatience(running), PATIENCE);
    }
    move();
  }

  @Override
  public void close() {
    move();
  }

  /// The step that ran when the loop broke is waited for, as steps are taken one at a time, but not
  /// for ever: it may wait for one of those.
  private final class Impatience extends Timer {
    private final Thread running;

    Impatience(Thread running) {
      this.running = running;
    }

    @Override
    protected void fire() {
      end(running);
    }

    @Override
    public String toString() {
      return "the patience with a broken loop";
    }
  }

  private final class Stopped implements ExecutorWatch.Watched {
    private final BooleanSupplier inUse;

    Stopped(BooleanSupplier inUse) {
      this.inUse = inUse;
    }

    @Override
    public boolean isOver() {
      return isMoved();
    }

    @Override
    public boolean isInUse() {
      return inUse.getAsBoolean();
    }

    @Override
    public ExecutorWatch.Work work() {
      return taker() != null
          ? ExecutorWatch.Work.RUNS
          : hasNext() ? ExecutorWatch.Work.WAITS : ExecutorWatch.Work.NONE;
    }

    @Override
    public long sentAt() {
      return sentAt;
    }

    @Override
    public void stopped() {
      breakDown("has been shut down", null);
    }
  }
}
