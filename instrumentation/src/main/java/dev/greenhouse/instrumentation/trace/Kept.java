package dev.greenhouse.instrumentation.trace;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The last objects that were added, up to a limit. Any thread adds and reads; nobody waits.
final class Kept<E> {
  private final AtomicReferenceArray<@Nullable E> ring;
  private final int mask;
  private final AtomicLong added = new AtomicLong();

  /// @param capacity a power of two
  Kept(int capacity) {
    ring = new AtomicReferenceArray<>(capacity);
    mask = capacity - 1;
  }

  void add(E element) {
    ring.setRelease((int) added.getAndIncrement() & mask, Objects.requireNonNull(element));
  }

  long lost() {
    return Math.max(0, added.get() - mask - 1);
  }

  /// About the oldest first: those that are added meanwhile may come twice, never torn.
  void forEach(Consumer<? super E> action) {
    long end = added.get();
    for (long n = Math.max(0, end - mask - 1); n < end; n++) {
      E element = ring.getAcquire((int) n & mask);
      if (element != null) {
        action.accept(element);
      }
    }
  }
}
