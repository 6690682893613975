package dev.greenhouse.nursery;

import dev.greenhouse.nursery.housekeeping.Guarded;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The failures of a nursery, or of a greenhouse's launched tasks, in the order in which they came.
/// In a supervised nursery only those that nobody has observed, and of these the first hundred.
final class Failures extends Guarded {
  private static final int KEPT_SUPERVISED = 100;

  private record Failure(@Nullable TaskImpl<?> task, Throwable error) {
    boolean isObserved() {
      return task != null && task.isObserved();
    }
  }

  private final boolean supervised;

  // Under the spin word.
  private final List<Failure> list = new ArrayList<>();
  private int beyond;

  Failures(boolean supervised) {
    this.supervised = supervised;
  }

  void add(@Nullable TaskImpl<?> task, Throwable error) {
    var failure = new Failure(task, error);
    lock();
    try {
      if (!supervised) {
        list.add(failure);
      } else if (!failure.isObserved()) {
        addSupervised(failure);
      }
    } finally {
      unlock();
    }
  }

  private void addSupervised(Failure failure) {
    if (list.size() >= KEPT_SUPERVISED) {
      list.removeIf(Failure::isObserved);
    }
    if (list.size() < KEPT_SUPERVISED) {
      list.add(failure);
    } else {
      beyond++;
      if (failure.task != null) {
        failure.task.countedBeyond = true;
      }
    }
  }

  /// Somebody asks for the outcome of a task, whose failure thereby is observed.
  void observe(TaskImpl<?> task) {
    lock();
    try {
      task.markObserved();
      if (task.countedBeyond) {
        task.countedBeyond = false;
        beyond--;
      }
    } finally {
      unlock();
    }
  }

  boolean isSupervised() {
    return supervised;
  }

  /// {@return what has failed, or, supervised, what nobody has observed}
  List<Throwable> snapshot() {
    lock();
    try {
      var result = new ArrayList<Throwable>(list.size() + 1);
      for (Failure f : list) {
        if (!supervised || !f.isObserved()) {
          result.add(f.error);
        }
      }
      if (result.isEmpty() && beyond > 0) {
        result.add(
            new IllegalStateException(
                "Tasks failed after the first %d, whose failures were kept and have been observed; these were only counted: %d"
                    .formatted(KEPT_SUPERVISED, beyond)));
      }
      return List.copyOf(result);
    } finally {
      unlock();
    }
  }

  /// {@return how many failures were not kept and that nobody has observed}
  int beyond() {
    lock();
    try {
      return beyond;
    } finally {
      unlock();
    }
  }

  /// {@return a failure's text, or its class if the text itself throws. Of a nursery that failed
  /// inside, only what made it fail in the end: trees can be deep, and each level would quote the
  /// next}
  static String describe(Throwable error) {
    Throwable innermost = error;
    int nurseries = 0;
    while (innermost instanceof NurseryFailedException && innermost.getCause() != null) {
      innermost = innermost.getCause();
      nurseries++;
    }
    String text = textOf(innermost);
    return nurseries == 0
        ? text
        : "%s (%d %s down)".formatted(text, nurseries, nurseries == 1 ? "nursery" : "nurseries");
  }

  private static String textOf(Throwable error) {
    try {
      return error.toString();
    } catch (Throwable t) { // whatever it is: the failure counts, not its text
      return error.getClass().getName()
          + " (its text can't be had: "
          + t.getClass().getName()
          + ")";
    }
  }
}
