package dev.greenhouse.nursery.housekeeping;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Time that stands still until somebody moves it, and the timers that are set in it. What a
/// virtual clock is inside.
///
/// It counts the tasks that are *busy*: those that run or may run, and those that wait in something
/// that is not ours. If it jumps by itself, then when that count comes to zero. A task counts
/// itself out just before it waits, and whoever wakes it counts it in before it does, so at zero
/// nobody but outsiders can move anything but time.
public final class VirtualTime implements Timers {
  /// Finds the virtual time behind a clock. Set once by the class of such clocks, which lies in a
  /// package above this one.
  private static volatile Function<Object, @Nullable VirtualTime> finder = clock -> null;

  private final AtomicLong now = new AtomicLong();
  private final TimerQueue queue = new TimerQueue();
  private final AtomicInteger busy = new AtomicInteger();
  private volatile boolean jumps;
  private boolean ended; // by who jumps, one after the other: that is told

  /// Makes a time that starts at zero and does not jump.
  public VirtualTime() {}

  /// Says how the virtual time behind a clock is found.
  public static void findBy(Function<Object, @Nullable VirtualTime> how) {
    finder = how;
  }

  /// {@return the virtual time behind a clock, or null if it runs by itself}
  public static @Nullable VirtualTime of(Object clock) {
    return finder.apply(clock);
  }

  /// {@return the nanoseconds that have passed since it was made}
  public long nanos() {
    return now.get();
  }

  /// Moves time on, and fires on this thread what is due then.
  ///
  /// @param nanos not negative
  /// @throws IllegalStateException if that is further than a long reaches
  public void advance(long nanos) {
    queue.fireDue(now.accumulateAndGet(nanos, VirtualTime::later));
    jumpIfNobodyIsBusy();
  }

  private static long later(long now, long nanos) {
    if (now + nanos < 0) {
      throw new IllegalStateException(
          "Virtual time ends 292 years after its start, and this is later. Use a new clock.");
    }
    return now + nanos;
  }

  /// Whether it jumps to the next timer when nobody is busy.
  public void setJumps(boolean on) {
    jumps = on;
    jumpIfNobodyIsBusy();
  }

  /// {@return whether it jumps}
  public boolean jumps() {
    return jumps;
  }

  /// One more task is busy.
  public void busy() {
    busy.incrementAndGet();
  }

  /// One task less is busy.
  public void idle() {
    if (busy.decrementAndGet() == 0) {
      jumpIfNobodyIsBusy();
    }
  }

  /// Who jumps is busy itself, so there is one at a time, and whoever is woken meanwhile makes the
  /// count more than that.
  private void jumpIfNobodyIsBusy() {
    while (jumps && queue.earliest() != TimerQueue.NEVER && busy.compareAndSet(0, 1)) {
      long next = queue.earliest();
      boolean ends = jumps && next != TimerQueue.NEVER && !reach(next);
      if (busy.decrementAndGet() != 0 || ends) {
        return;
      }
    }
  }

  /// {@return whether there is such a time}
  private boolean reach(long next) {
    long then = now.accumulateAndGet(next, Math::max);
    if (!queue.fireDue(then) && next - then > 0) {
      if (!ended) {
        ended = true;
        Reports.warn(
            "Virtual time can't jump to the next sleep or deadline: that is more than 292 years"
                + " after its start. Use a new clock, or end what repeats for ever.");
      }
      return false;
    }
    return true;
  }

  @Override
  public void insert(Timer timer, long deadline) {
    queue.insert(timer, deadline);
    if (deadline - now.get() <= 0) {
      queue.fireDue(now.get());
    }
    jumpIfNobodyIsBusy();
  }

  @Override
  public void remove(Timer timer) {
    queue.remove(timer);
  }

  /// {@return how many timers are set}
  public int pending() {
    return queue.size();
  }
}
