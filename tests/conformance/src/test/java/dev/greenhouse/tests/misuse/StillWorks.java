package dev.greenhouse.tests.misuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Nursery;

/// Misuse leaves everything sound: tasks run, nobody is interrupted.
final class StillWorks {
  private StillWorks() {}

  /// Checks that, in a task.
  static void here() {
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    try (var nursery = Nursery.open()) {
      assertThat(nursery.fork(() -> 42).join()).isEqualTo(42);
    }
  }
}
