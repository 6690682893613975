package dev.greenhouse.nursery.scheduler;

import java.util.concurrent.atomic.AtomicReference;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/// Takes steps that belong to no greenhouse, one after the other in the order of their coming: on a
/// thread of its own, or on somebody's event loop. When that is gone, they are taken elsewhere, on
/// the shared carriers, still one after the other.
public abstract sealed class StepLoop permits OwnLoop, GivenLoop {
  /// Steps that are taken elsewhere in one go.
  private static final int STEPS_ELSEWHERE = 32;

  private static final Object ELSEWHERE = new Object();

  private final MpscUnboundedAtomicArrayQueue<Runnable> queue =
      new MpscUnboundedAtomicArrayQueue<>(64);

  /// Who takes steps now: a thread of the loop, ELSEWHERE, or nobody. From nobody by CAS; to nobody
  /// by whom it is, or by who has waited for it long enough.
  private final AtomicReference<@Nullable Object> taker = new AtomicReference<>();

  /// Set once: the loop is gone. Who offers a step reads it afterwards; who sets it then looks at
  /// the queue.
  private volatile boolean moved;

  StepLoop() {}

  /// Queues a step, or a continuation. Any thread, also from inside the JDK's own scheduling: never
  /// throws, never blocks.
  ///
  /// @param step run once, with nothing thrown
  public final void offer(Runnable step) {
    queue.offer(step);
    if (moved) {
      takeElsewhere();
    } else {
      wake();
    }
  }

  /// There is one more step.
  abstract void wake();

  /// Ends the loop if it is our own. Steps that come later are taken elsewhere.
  public abstract void close();

  /// {@return whether the current thread is the loop's, taking a step}
  public final boolean isHere() {
    return taker.get() == Thread.currentThread();
  }

  // ---- by the subclasses

  final boolean isMoved() {
    return moved;
  }

  /// {@return null if the current thread takes steps from now on, or who does}
  final @Nullable Object begin() {
    return taker.compareAndExchange(null, Thread.currentThread());
  }

  /// Who began does not take steps any more.
  final void end(@Nullable Object who) {
    taker.compareAndSet(who, null);
    if (moved) {
      takeElsewhere();
    }
  }

  /// {@return who takes steps now}
  final @Nullable Object taker() {
    return taker.get();
  }

  /// Takes the next step, if there is one. By the taker only.
  final boolean takeNext() {
    Runnable step = queue.poll();
    if (step == null) {
      return false;
    }
    Scheduler.take(step);
    return true;
  }

  final boolean hasNext() {
    return !queue.isEmpty();
  }

  /// The loop is gone.
  final void move() {
    moved = true;
    takeElsewhere();
  }

  private void takeElsewhere() {
    if (!queue.isEmpty() && taker.compareAndSet(null, ELSEWHERE)) {
      elsewhere(this::takeSome);
    }
  }

  private void takeSome() {
    for (int i = 0; i < STEPS_ELSEWHERE && takeNext(); i++) {}
    end(ELSEWHERE);
  }

  /// Runs something on the shared carriers. Never throws, never blocks.
  public static void elsewhere(Runnable runnable) {
    Pool.shared().take(runnable);
  }
}
