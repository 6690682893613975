package dev.greenhouse.instrumentation.watch;

import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The cells of all carriers. A carrier's is found by its id: at a place of its own, or at one of
/// those behind it up to the first that is empty. Cells of threads that have ended are used again,
/// and none is ever taken out.
final class Cells {
  private static final int SIZE = 1024;
  private static final int MASK = SIZE - 1;

  private final AtomicReferenceArray<@Nullable Cell> table = new AtomicReferenceArray<>(SIZE);

  /// The cell that a carrier which is no pool's got last: where it finds its own with few reads.
  /// Without order; who reads it looks whose it is.
  private @Nullable Cell ofLoop;

  /// {@return the cell of the current thread, or null if it has none}
  @Nullable Cell of(Thread current) {
    Cell hint = ofLoop;
    if (hint != null && hint.isOf(current)) {
      return hint;
    }
    int home = (int) current.threadId() & MASK;
    Cell cell = table.get(home);
    if (cell == null || cell.isOf(current)) {
      return cell;
    }
    return current.isVirtual() ? null : behind(home, current);
  }

  private @Nullable Cell behind(int home, Thread current) {
    for (int i = 1; i < SIZE; i++) {
      Cell cell = table.get((home + i) & MASK);
      if (cell == null || cell.isOf(current)) {
        return cell;
      }
    }
    return null;
  }

  /// {@return a cell for the current thread, a platform thread that has none; null if there are too
  /// many}
  @Nullable Cell take(Thread current) {
    int home = (int) current.threadId() & MASK;
    for (int i = 0; i < SIZE; i++) {
      int at = (home + i) & MASK;
      if (table.get(at) == null) {
        table.compareAndSet(at, null, new Cell());
      }
      Cell cell = table.get(at);
      if (cell != null && cell.take(current)) {
        if (!(current instanceof ForkJoinWorkerThread)) {
          ofLoop = cell;
        }
        return cell;
      }
    }
    return null;
  }

  void forEach(Consumer<Cell> visitor) {
    for (int i = 0; i < SIZE; i++) {
      Cell cell = table.get(i);
      if (cell != null) {
        visitor.accept(cell);
      }
    }
  }
}
