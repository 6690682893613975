package dev.greenhouse.nursery;

import dev.greenhouse.nursery.housekeeping.Guarded;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The living tasks of a nursery, or the roots of a greenhouse, linked through the tasks
/// themselves, in the order of their coming.
///
/// Whoever cancels says so here first and then takes a snapshot; whoever adds a task is told here
/// whether it may be cancelled already. So no task is missed.
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
  private int size;
  private boolean closing; // closes as soon as it is empty
  private boolean maybeCancelled;

  /// Set under the spin word, once; read anywhere.
  private volatile boolean closed;

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

  List<TaskImpl<?>> snapshot() {
    // Room is made outside of the spin word; a guess that was too small is made again.
    for (int room = size() + 8; ; room *= 2) {
      var result = new ArrayList<TaskImpl<?>>(room);
      lock();
      try {
        if (size <= room) {
          for (TaskImpl<?> t = first; t != null; t = t.after) {
            result.add(t);
          }
          return result;
        }
      } finally {
        unlock();
      }
    }
  }
}
