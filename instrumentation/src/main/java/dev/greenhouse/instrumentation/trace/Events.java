package dev.greenhouse.instrumentation.trace;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A ring of events, two words each, with its owner's few words in front of them.
///
/// | word | bits |
/// |---|---|
/// | first | 52 of the time in nanoseconds, 12 of the round |
/// | second | 44 of the task's id, 8 of the kind, 12 of the round |
///
/// A writer claims a number, which gives the place and the round, and then stores both words. Each
/// of them says by its round which claim it belongs to. So a reader needs no lock and knows by the
/// words alone what it has got: an event; or one that is being written, or was overwritten while it
/// read, perhaps by a writer that slept for a round. It takes the first and leaves the others.
///
/// The number of claims is the only word that is not an event's: by its writers, read anywhere.
final class Events {
  // What happened to the task. The outcome comes within the last step.
  static final int SCHEDULED = 1;
  static final int BEGAN = 2;
  static final int ENDED = 3;
  static final int YIELDED = 4; // ended, and was scheduled within the step
  static final int SUCCEEDED = 5;
  static final int FAILED = 6;
  static final int CANCELLED = 7;
  static final int SPAWNED = 8; // in no ring: see Told
  static final int STEPPED = 9; // began with the event before it in its ring, and ended
  static final int STEPPED_YIELDED = 10; // the same, and was scheduled within the step

  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  private static final int ROUND_BITS = 12;
  private static final long ROUND = (1L << ROUND_BITS) - 1;
  private static final int TASK_SHIFT = 20;
  private static final long KIND = 0xff;
  private static final long TIME = (1L << (Long.SIZE - ROUND_BITS)) - 1;

  /// Two cache lines for the number of claims: no ring shares them with another one.
  private static final int FRONT = 16;

  private static final int CLAIMS = FRONT / 2;

  private final long[] words;
  private final int mask;
  private final int shift;

  /// @param capacity a power of two
  Events(int capacity) {
    words = new long[FRONT + 2 * capacity];
    mask = capacity - 1;
    shift = Integer.numberOfTrailingZeros(capacity);
  }

  /// Any thread.
  void add(int kind, long task, long time) {
    store((long) WORD.getAndAdd(words, CLAIMS, 1L), kind, task, time);
  }

  /// The only thread that adds, now and until it hands the ring over.
  void addAlone(int kind, long task, long time) {
    long n = words[CLAIMS];
    store(n, kind, task, time);
    WORD.setRelease(words, CLAIMS, n + 1);
  }

  private void store(long n, int kind, long task, long time) {
    int at = FRONT + 2 * ((int) n & mask);
    long round = (n >>> shift) + 1 & ROUND;
    WORD.setOpaque(words, at, time << ROUND_BITS | round);
    WORD.setOpaque(words, at + 1, task << TASK_SHIFT | (long) kind << ROUND_BITS | round);
  }

  /// Takes an event that was read.
  @FunctionalInterface
  interface Reader {
    /// Takes it.
    void event(int kind, long task, long time);
  }

  /// {@return how many events were overwritten}
  long lost() {
    return Math.max(0, claims() - mask - 1);
  }

  long claims() {
    return (long) WORD.getVolatile(words, CLAIMS);
  }

  /// Reads what is there, the oldest first, while others write. Times must not be more than 52 days
  /// ago.
  ///
  /// @param end a number of [#claims]: later events are left out
  /// @param open the task in a step that began with the last event before that; 0 if there is none
  /// @return the time from which on nothing is missing but what is being written; `Long.MIN_VALUE`
  ///   if nothing was lost
  long read(long end, long open, Reader reader) {
    long completeFrom = Long.MIN_VALUE;
    boolean gap = end - mask - 1 > 0;
    long before = Long.MIN_VALUE; // when the event before it was, if that is known
    for (long n = Math.max(0, end - mask - 1); n < end; n++) {
      int at = FRONT + 2 * ((int) n & mask);
      long round = (n >>> shift) + 1 & ROUND;
      long one = (long) WORD.getOpaque(words, at);
      long two = (long) WORD.getOpaque(words, at + 1);
      if ((one & ROUND) == round && (two & ROUND) == round) {
        long now = System.nanoTime();
        long time = now - (now - (one >>> ROUND_BITS) & TIME);
        if (gap) {
          gap = false;
          completeFrom = time;
        }
        show((int) (two >>> ROUND_BITS & KIND), two >>> TASK_SHIFT, before, time, reader);
        before = time;
      } else {
        before = Long.MIN_VALUE;
        gap |= n <= claims() - mask - 1; // overwritten meanwhile
      }
    }
    if (open != 0 && before != Long.MIN_VALUE) {
      reader.event(BEGAN, open, before);
    }
    return gap ? System.nanoTime() : completeFrom;
  }

  private static void show(int kind, long task, long before, long time, Reader reader) {
    if (kind != STEPPED && kind != STEPPED_YIELDED) {
      reader.event(kind, task, time);
      return;
    }
    if (before != Long.MIN_VALUE) {
      reader.event(BEGAN, task, before);
    }
    reader.event(kind == STEPPED ? ENDED : YIELDED, task, time);
  }
}
