package dev.greenhouse.nursery;

import dev.greenhouse.nursery.housekeeping.Guarded;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The living tasks of a nursery, or the roots of a greenhouse, linked through the tasks
/// themselves, in the order of their coming.
///
/// Whoever cancels says so here first and then takes a snapshot; whoever adds a task is told here
/// whether it may be cancelled already. So no task is missed.
///
/// A snapshot is taken piece by piece, so that nobody spins for as long as a long list is. Whoever
/// takes out the task that a snapshot goes on with moves that to the next one.
@SuppressWarnings("ReferenceEquality") // tasks and walks are themselves
final class TaskList extends Guarded {
  /// What became of a task that wanted in.
  enum Added {
    YES,
    YES_MAYBE_CANCELLED,
    CLOSED
  }

  // Under the spin word.
  private @Nullable TaskImpl<?> first;
  private @Nullable TaskImpl<?> last;
  private int size; // read by looksEmpty, too
  private boolean closing; // closes as soon as it is empty
  private boolean maybeCancelled;
  private @Nullable Walk walks; // the snapshots that are being taken

  /// Set under the spin word, once; read anywhere.
  private volatile boolean closed;

  /// A snapshot that is being taken.
  private static final class Walk {
    private static final int SMALLEST = 8;
    private static final int LARGEST = 256;

    /// What was found under the spin word and is not in the snapshot yet. Of who walks.
    final @Nullable TaskImpl<?>[] piece;

    boolean over; // nothing is left. Of who walks

    // Under the spin word.
    @Nullable TaskImpl<?> next;
    int left; // at most so many of those that were there at the beginning
    @Nullable Walk other;

    Walk(int expected) {
      piece = new TaskImpl<?>[Math.clamp(expected, SMALLEST, LARGEST)];
    }
  }

  Added add(TaskImpl<?> task) {
    lock();
    try {
      if (closed) {
        return Added.CLOSED;
      }
      TaskImpl<?> before = last;
      task.before = before;
      if (before == null) {
        first = task;
      } else {
        before.after = task;
      }
      last = task;
      size++;
      return maybeCancelled ? Added.YES_MAYBE_CANCELLED : Added.YES;
    } finally {
      unlock();
    }
  }

  /// Takes out a task, which publishes its outcome meanwhile. Returns true if that has closed the
  /// list.
  boolean remove(TaskImpl<?> task) {
    lock();
    try {
      TaskImpl<?> before = task.before;
      TaskImpl<?> after = task.after;
      if (before == null) {
        first = after;
      } else {
        before.after = after;
      }
      if (after == null) {
        last = before;
      } else {
        after.before = before;
      }
      for (Walk w = walks; w != null; w = w.other) {
        w.next = w.next == task ? after : w.next;
      }
      task.before = null;
      task.after = null;
      size--;
      task.publish();
      return closeIfEmpty();
    } finally {
      unlock();
    }
  }

  /// From now on the list closes as soon as it is empty. Returns whether it is closed now.
  boolean close() {
    lock();
    try {
      closing = true;
      return closed || closeIfEmpty();
    } finally {
      unlock();
    }
  }

  private boolean closeIfEmpty() {
    if (closing && size == 0) {
      closed = true;
      return true;
    }
    return false;
  }

  boolean isClosed() {
    return closed;
  }

  /// Tasks that come from now on may be cancelled from the beginning.
  void markMaybeCancelled() {
    lock();
    maybeCancelled = true;
    unlock();
  }

  int size() {
    lock();
    try {
      return size;
    } finally {
      unlock();
    }
  }

  /// {@return whether nobody is in it but, perhaps, who comes or goes at this moment. Spins never}
  boolean looksEmpty() {
    return size == 0;
  }

  /// {@return the tasks that are there at the beginning, but for those that have gone when it comes
  /// to them, and perhaps some that came meanwhile}
  List<TaskImpl<?>> snapshot() {
    int expected = size();
    var result = new ArrayList<TaskImpl<?>>(expected);
    var walk = new Walk(expected);
    try {
      for (int n = begin(walk); n > 0; n = walk.over ? 0 : goOn(walk)) {
        for (int i = 0; i < n; i++) {
          result.add(Objects.requireNonNull(walk.piece[i]));
        }
      }
    } finally {
      if (!walk.over) {
        giveUp(walk);
      }
    }
    return result;
  }

  private int begin(Walk walk) {
    lock();
    try {
      walk.next = first;
      walk.left = size;
      walk.other = walks;
      walks = walk;
      return fill(walk);
    } finally {
      unlock();
    }
  }

  private int goOn(Walk walk) {
    lock();
    try {
      return fill(walk);
    } finally {
      unlock();
    }
  }

  private void giveUp(Walk walk) {
    lock();
    try {
      forget(walk);
    } finally {
      unlock();
    }
  }

  private int fill(Walk walk) {
    int n = 0;
    TaskImpl<?> t = walk.next;
    for (; t != null && n < walk.piece.length && walk.left > 0; t = t.after) {
      walk.piece[n++] = t;
      walk.left--;
    }
    walk.next = t;
    if (t == null || walk.left == 0) {
      forget(walk);
    }
    return n;
  }

  private void forget(Walk walk) {
    walk.over = true;
    if (walks == walk) {
      walks = walk.other;
    }
    for (Walk w = walks; w != null; w = w.other) {
      w.other = w.other == walk ? walk.other : w.other;
    }
  }
}
