package dev.greenhouse.instrumentation.stock;

import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.TaskView;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What an instrument remembers of each living task or nursery. Hooks may call it: no call waits
/// for another one.
///
/// A `ConcurrentHashMap` would not do, because writing to it takes a monitor: a task that waits for
/// it gives up its carrier, and the carrier waits for the same one in the hook of that step's end.
/// Here a bucket is an immutable list that is replaced by compare-and-set. Their number is fixed.
///
/// An instrument that was removed meanwhile hears of no end. What has ended is therefore dropped
/// when a list gets long, by [#forEach], and from one bucket after the other as others come.
///
/// @param <K> the keys, compared by identity
/// @param <V> what is remembered
@SuppressWarnings("ReferenceEquality") // a task is itself
public final class LiveTable<K, V> {
  private static final int LONG = 8;

  private record Node<K, V>(K key, V value, int length, @Nullable Node<K, V> next) {
    static <K, V> Node<K, V> of(K key, V value, @Nullable Node<K, V> next) {
      return new Node<>(key, value, next == null ? 1 : next.length + 1, next);
    }
  }

  private final AtomicReferenceArray<@Nullable Node<K, V>> buckets;
  private final int mask;
  private final Predicate<K> hasEnded;

  /// By anybody, without order: if two sweep the same bucket, another one waits for its turn.
  private int swept;

  /// {@return an empty table of tasks}
  ///
  /// @param bits the binary logarithm of the number of buckets
  public static <V> LiveTable<TaskView, V> ofTasks(int bits) {
    return new LiveTable<>(bits, LiveTable::hasLeft);
  }

  /// {@return an empty table of nurseries} One that is closed is kept until its owner has ended: it
  /// is closed a moment before its owner tells so.
  ///
  /// @param bits the binary logarithm of the number of buckets
  public static <V> LiveTable<NurseryView, V> ofNurseries(int bits) {
    return new LiveTable<>(bits, nursery -> !nursery.isOpen() && hasLeft(nursery.owner()));
  }

  /// A task whose steps are in its own thread tells of its last one's end when it has ended.
  private static boolean hasLeft(TaskView task) {
    Thread thread = task.thread();
    return task.state() == TaskState.ENDED && !(thread.isVirtual() && thread.isAlive());
  }

  private LiveTable(int bits, Predicate<K> hasEnded) {
    this.buckets = new AtomicReferenceArray<>(1 << bits);
    this.mask = (1 << bits) - 1;
    this.hasEnded = hasEnded;
  }

  /// {@return what is remembered, or null} Allocates nothing.
  public @Nullable V get(K key) {
    for (Node<K, V> n = buckets.get(index(key)); n != null; n = n.next) {
      if (n.key == key) {
        return n.value;
      }
    }
    return null;
  }

  /// Remembers something of a key that is not in the table.
  public void put(K key, V value) {
    sweepOne();
    int i = index(key);
    while (true) {
      Node<K, V> old = buckets.get(i);
      // At powers of two only, so that long lists of the living cost little more.
      boolean prune = old != null && old.length >= LONG && Integer.bitCount(old.length) == 1;
      if (buckets.compareAndSet(i, old, Node.of(key, value, prune ? living(old) : old))) {
        return;
      }
    }
  }

  /// Forgets a key.
  ///
  /// @return what was remembered, or null
  public @Nullable V remove(K key) {
    int i = index(key);
    while (true) {
      Node<K, V> old = buckets.get(i);
      Node<K, V> found = old;
      while (found != null && found.key != key) {
        found = found.next;
      }
      if (found == null) {
        return null;
      }
      if (buckets.compareAndSet(i, old, without(old, found))) {
        return found.value;
      }
    }
  }

  /// Visits all that have not ended, and drops the others.
  public void forEach(BiConsumer<K, V> visitor) {
    for (int i = 0; i <= mask; i++) {
      Node<K, V> old = buckets.get(i);
      Node<K, V> living = living(old);
      if (old != living) {
        buckets.compareAndSet(
            i, old, living); // or somebody changed it, and the next visit does this
      }
      for (Node<K, V> n = living; n != null; n = n.next) {
        visitor.accept(n.key, n.value);
      }
    }
  }

  /// Drops what has ended from one bucket, the next one each time.
  private void sweepOne() {
    int i = swept++ & mask;
    Node<K, V> old = buckets.get(i);
    if (old != null) {
      Node<K, V> living = living(old);
      if (living != old) {
        buckets.compareAndSet(i, old, living);
      }
    }
  }

  private int index(K key) {
    return System.identityHashCode(key) & mask;
  }

  private @Nullable Node<K, V> living(@Nullable Node<K, V> list) {
    boolean all = true;
    Node<K, V> living = null;
    for (Node<K, V> n = list; n != null; n = n.next) {
      if (hasEnded.test(n.key)) {
        all = false;
      } else {
        living = Node.of(n.key, n.value, living);
      }
    }
    return all ? list : living;
  }

  private @Nullable Node<K, V> without(@Nullable Node<K, V> list, Node<K, V> gone) {
    Node<K, V> result = gone.next;
    for (Node<K, V> n = list; n != null && n != gone; n = n.next) {
      result = Node.of(n.key, n.value, result);
    }
    return result;
  }
}
