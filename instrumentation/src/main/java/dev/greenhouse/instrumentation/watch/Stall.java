package dev.greenhouse.instrumentation.watch;

import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.stock.Label;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/// A step that went on for longer than the threshold, as it was when [StallWatch] noticed.
///
/// @param task the task whose step it is
/// @param greenhouse the name of the task's greenhouse
/// @param carrier the name of the thread that is held
/// @param blocksAll whether that thread is a loop: then no other task of the greenhouse runs. If it
///   is not, it is one of a pool's carriers, and the others run on
/// @param inHook whether it is not the task that holds the thread but an instrument's
///   `beforeTaskStep` or `afterTaskStep`. Other hooks run within a task, and count as the task
/// @param soFar how long it has been going on, at least; the truth is at most a quarter of the
///   threshold more, if the watch got its processor in time
/// @param stack where it is, innermost first: the task's stack, or that of the carrier if it is in
///   a hook. Empty if the step ended before the stack was taken
public record Stall(
    TaskView task,
    String greenhouse,
    String carrier,
    boolean blocksAll,
    boolean inHook,
    Duration soFar,
    List<StackTraceElement> stack) {
  /// Makes a stall.
  public Stall {
    Objects.requireNonNull(task, "task");
    Objects.requireNonNull(greenhouse, "greenhouse");
    Objects.requireNonNull(carrier, "carrier");
    Objects.requireNonNull(soFar, "soFar");
    stack = List.copyOf(stack);
  }

  /// {@return a line for people, without the stack}
  @Override
  public String toString() {
    return "%s has held %s of greenhouse '%s' for %d ms, and %s"
        .formatted(
            inHook
                ? "An instrument's hook at a step of task '" + Label.name(task.name()) + "'"
                : "Task '" + Label.name(task.name()) + "'",
            blocksAll ? "the loop" : "a carrier",
            Label.name(greenhouse),
            soFar.toMillis(),
            blocksAll
                ? "nobody else runs there meanwhile."
                : "the other tasks have one carrier less meanwhile.");
  }
}
