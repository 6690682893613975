package dev.greenhouse.instrumentation.log;

import dev.greenhouse.instrumentation.log.Ring.Event;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/// Reads the ring and writes to the logger, in a thread of its own. Nothing but this thread, and
/// who builds the log, calls the back end.
final class Writer implements Runnable {
  /// So long may it take until a changed level of the back end is noticed.
  private static final long REFRESH = TimeUnit.SECONDS.toNanos(1);

  private static final long HOLE_PAUSE = TimeUnit.MICROSECONDS.toNanos(100);
  private static final int HOLE_TRIES = 1000;

  private final Logger logger;
  private final Map<TaskEvent, Level> levels;
  private final Ring ring;
  private final boolean stacks;
  private final Thread thread;

  private volatile int enabled; // bits of TaskEvents; by the writer, and by close
  private volatile boolean closed; // to true, by close
  private volatile boolean
      asleep; // true by the writer, then it reads the ring; false by who wakes it
  private volatile long written; // all with smaller numbers are; by the writer
  private long lostTold; // writer only
  private boolean complained; // writer only, after the first look at the levels

  Writer(Logger logger, Map<TaskEvent, Level> levels, Ring ring, boolean stacks) {
    this.logger = logger;
    this.levels = levels;
    this.ring = ring;
    this.stacks = stacks;
    this.thread =
        Thread.ofPlatform()
            .daemon()
            .inheritInheritableThreadLocals(false)
            .name("greenhouse-task-log")
            .unstarted(this);
  }

  void start() {
    lookAtLevels();
    thread.start();
  }

  // ---- any thread

  boolean wants(TaskEvent event) {
    return (enabled & event.bit()) != 0;
  }

  void add(Event event) {
    ring.add(event);
    if (asleep) {
      asleep = false;
      LockSupport.unpark(thread);
    }
  }

  long lost() {
    return ring.lost();
  }

  /// Waits until all that is in the ring now is written.
  boolean flush(Duration limit) {
    long end = ring.tail();
    if (written >= end || Thread.currentThread() == thread) {
      return true;
    }
    long start = System.nanoTime();
    long nanos = TimeUnit.NANOSECONDS.convert(limit);
    try {
      while (written < end && thread.isAlive() && System.nanoTime() - start < nanos) {
        Thread.sleep(1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return written >= end;
  }

  void close(Duration limit) {
    closed = true;
    enabled = 0;
    LockSupport.unpark(thread);
    flush(limit);
  }

  // ---- the writer's thread

  @Override
  public void run() {
    int tries = 0;
    while (true) {
      Event event = ring.poll();
      tellLost();
      if (event != null) {
        tries = 0;
        write(event);
        written = ring.head();
      } else if (!ring.isEmpty()) { // somebody is about to write the oldest one
        LockSupport.parkNanos(this, HOLE_PAUSE);
        if (++tries == HOLE_TRIES) {
          tries = 0;
          ring.skipOne();
        }
      } else {
        written = ring.head();
        if (closed) {
          return;
        }
        lookAtLevels();
        asleep = true;
        if (ring.isEmpty() && !closed) {
          LockSupport.parkNanos(this, REFRESH);
        }
        asleep = false;
      }
    }
  }

  private void write(Event event) {
    Level level = levels.get(event.kind);
    if (level == null) {
      return;
    }
    try {
      LoggingEventBuilder line = logger.atLevel(level);
      if (stacks && event.detail instanceof Throwable failure) {
        line = line.setCause(failure);
      }
      line.log(Lines.of(event));
    } catch (Throwable t) {
      complain(t);
    }
  }

  private void tellLost() {
    long lost = ring.lost();
    if (lost == lostTold) {
      return;
    }
    try {
      logger.warn(
          "{} events of tasks were lost, because the log could not keep up. Switch some off, or"
              + " raise the capacity.",
          lost - lostTold);
    } catch (Throwable t) {
      complain(t);
    }
    lostTold = lost;
  }

  private void lookAtLevels() {
    int bits = 0;
    for (var entry : levels.entrySet()) {
      try {
        if (logger.isEnabledForLevel(entry.getValue())) {
          bits |= entry.getKey().bit();
        }
      } catch (Throwable t) {
        complain(t);
      }
    }
    enabled = bits;
    if (closed) { // it may have been closed between
      enabled = 0;
    }
  }

  /// The back end threw: there is no log to tell of it. Once is enough.
  private void complain(Throwable error) {
    if (complained) {
      return;
    }
    complained = true;
    Thread self = Thread.currentThread();
    self.getUncaughtExceptionHandler().uncaughtException(self, error);
  }
}
