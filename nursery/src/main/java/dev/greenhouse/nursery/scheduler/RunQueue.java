package dev.greenhouse.nursery.scheduler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// What a loop runs next. Touched by the loop's carrier only.
sealed interface RunQueue {
  /// Adds a [Fiber], or the `Runnable` continuation of a thread that is no task.
  void add(Object runnable);

  /// Takes the next, or null.
  @Nullable Object poll();

  int size();

  /// First in, first out.
  final class Fifo implements RunQueue {
    private final ArrayDeque<Object> queue = new ArrayDeque<>(64);

    @Override
    public void add(Object runnable) {
      queue.addLast(runnable);
    }

    @Override
    public @Nullable Object poll() {
      return queue.pollFirst();
    }

    @Override
    public int size() {
      return queue.size();
    }
  }

  /// Any of those that wait, chosen by a seed.
  final class Seeded implements RunQueue {
    private final SplittableRandom random;
    private final ArrayList<Object> waiting = new ArrayList<>();

    Seeded(long seed) {
      random = new SplittableRandom(seed);
    }

    @Override
    public void add(Object runnable) {
      waiting.add(runnable);
    }

    @Override
    public @Nullable Object poll() {
      if (waiting.isEmpty()) {
        return null;
      }
      int i = random.nextInt(waiting.size());
      Object chosen = waiting.get(i);
      Object last = waiting.removeLast();
      if (i < waiting.size()) {
        waiting.set(i, last);
      }
      return chosen;
    }

    @Override
    public int size() {
      return waiting.size();
    }
  }
}
