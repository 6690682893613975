package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.TaskState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// A task as it was when a [TaskTree] was taken.
///
/// @param id the id of its thread
/// @param name its name
/// @param state whether it waited, could run, or ran
/// @param doing what it waited for, or where it was: "sleep, 1.2 s left", "join of task 'mail'",
///   "blocked in java.net.Socket.read, called by shop.Stock.count(Stock.java:17)", "runs in ..."
/// @param age how long ago it was spawned; empty if no [TaskAges] heard of it
/// @param steps how many steps it had begun
/// @param cancelled why it was cancelled; empty if it was not
/// @param timeLeft the time until the first deadline that covered it; empty if none did
/// @param marks what else was to be known of it, such as "portal"
/// @param stack its stack, innermost call first; empty if it was not asked for
/// @param nurseries the nurseries that it had open, outermost first
public record TaskNode(
    long id,
    String name,
    TaskState state,
    String doing,
    Optional<Duration> age,
    long steps,
    Optional<CancelReason> cancelled,
    Optional<Duration> timeLeft,
    List<String> marks,
    List<StackTraceElement> stack,
    List<NurseryNode> nurseries) {

  /// {@return its name and what it did, without its nurseries}
  @Override
  public String toString() {
    return "%s: %s".formatted(name, doing);
  }
}
