package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.Nursery;

/// Nurseries of tasks that do nothing, one after the other.
final class Nurseries {
  private Nurseries() {}

  /// The task that opens a nursery forks all its tasks.
  static void openMany(int nurseries, int tasks) {
    for (int i = 0; i < nurseries; i++) {
      try (var nursery = Nursery.open()) {
        forkMany(nursery, tasks);
      }
    }
  }

  /// The task that opens a nursery forks one task, which forks the others: as many in all.
  static void openManyForkedBySibling(int nurseries, int tasks) {
    for (int i = 0; i < nurseries; i++) {
      try (var nursery = Nursery.open()) {
        nursery.fork(
            () -> {
              forkMany(nursery, tasks - 1);
              return null;
            });
      }
    }
  }

  private static void forkMany(Nursery nursery, int tasks) {
    for (int j = 0; j < tasks; j++) {
      nursery.fork(() -> null);
    }
  }
}
