package dev.greenhouse.nursery.scheduler;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import org.jspecify.annotations.Nullable;

/// A worker of a pool. An ordinary one on purpose: on the JDK's own carrier threads, a yield and
/// some wake-ups bypass a virtual thread's scheduler.
final class Carrier extends ForkJoinWorkerThread {
  private static final VarHandle STEPS =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "steps", VarHandle.class, Carrier.class, long.class);

  private static final VarHandle FIBER =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "fiber", VarHandle.class, Carrier.class, Fiber.class);

  private final Carriers owner;

  /// Odd during a step. Written by this thread, read by the housekeeper; opaque, as it is a hint.
  private long steps;

  /// Whose step it is or was: a hint, as `steps` is.
  @SuppressWarnings("UnusedVariable") // accessed by FIBER
  private @Nullable Fiber fiber;

  // Housekeeper only.
  private long stepsSeen;
  private long cpuSeen = -1;

  Carrier(ForkJoinPool pool, Carriers owner) {
    super(null, pool, true);
    this.owner = owner;
  }

  @Override
  protected void onStart() {
    super.onStart();
    owner.started(this);
  }

  @Override
  protected void onTermination(@Nullable Throwable exception) {
    owner.stopped(this);
    super.onTermination(exception);
  }

  void beginStep(@Nullable Fiber of) {
    FIBER.setOpaque(this, of);
    STEPS.setOpaque(this, steps + 1);
  }

  void endStep() {
    FIBER.setOpaque(this, null);
    STEPS.setOpaque(this, steps + 1);
  }

  boolean isInStep() {
    return ((long) STEPS.getOpaque(this) & 1) == 1;
  }

  /// Cancels what is overdue in the task that runs now.
  void expireDeadlines() {
    if (FIBER.getOpaque(this) instanceof Fiber f) {
      f.expireDeadlines();
    }
  }

  /// Housekeeper only: whether this carrier has been inside one step at the last three calls and
  /// has hardly used the processor between the last two.
  boolean looksStuck(long elapsedNanos) {
    long now = (long) STEPS.getOpaque(this);
    if (now != stepsSeen || (now & 1) == 0) {
      stepsSeen = now;
      cpuSeen = -1;
      return false;
    }
    long cpu = Carriers.cpuNanos(this);
    boolean idle = cpuSeen >= 0 && cpu - cpuSeen < elapsedNanos / 4;
    cpuSeen = cpu;
    return idle;
  }
}
