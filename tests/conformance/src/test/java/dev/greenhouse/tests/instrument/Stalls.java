package dev.greenhouse.tests.instrument;

import dev.greenhouse.instrumentation.watch.Stall;
import dev.greenhouse.instrumentation.watch.StallWatch;
import dev.greenhouse.instrumentation.watch.StallWatchBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// The stalls that a watch reports, and steps that stall.
final class Stalls implements Consumer<Stall> {
  private static final long LIMIT = TimeUnit.SECONDS.toNanos(30);

  private final Queue<Stall> all = new ConcurrentLinkedQueue<>();
  final LogLines lines = new LogLines();

  /// {@return a watch that tells this}
  StallWatch watch(int thresholdMillis) {
    return builder(thresholdMillis).build();
  }

  StallWatchBuilder builder(int thresholdMillis) {
    return StallWatch.builder()
        .threshold(Duration.ofMillis(thresholdMillis))
        .logger(lines)
        .onStall(this);
  }

  @Override
  public void accept(Stall stall) {
    all.add(stall);
  }

  /// {@return those of tasks with this name}
  List<Stall> of(String task) {
    return all.stream().filter(s -> s.task().name().equals(task)).toList();
  }

  /// Holds the carrier until a stall of this task is reported.
  void spinUntilReported(String task) {
    spinUntil(() -> !of(task).isEmpty());
  }

  /// Holds the carrier until something is so.
  static void spinUntil(BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > LIMIT) {
        throw new AssertionError("it never came");
      }
      Thread.onSpinWait();
    }
  }

  /// {@return the threads of all watches}
  static List<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().equals("greenhouse-stall-watch"))
        .toList();
  }
}
