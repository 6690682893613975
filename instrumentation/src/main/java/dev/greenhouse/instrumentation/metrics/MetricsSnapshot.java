package dev.greenhouse.instrumentation.metrics;

/// What [Metrics] had counted when it was asked. Each number is right by itself; they are read one
/// after the other while tasks run, so that they need not add up to the last one. There are never
/// more ends than spawns of the same tasks.
///
/// @param live the tasks that live now
/// @param spawned the tasks that were started
/// @param succeeded the tasks that returned
/// @param failed the tasks that threw
/// @param cancelled the tasks that were cancelled and ended because of that
/// @param cancelRequests the scopes that were cancelled
/// @param cancelDeliveries how often cancellation was raised in a task at a checkpoint
/// @param queueDelay how long tasks that could run had to wait for their turn
/// @param stepTime how long steps took: for so long a task held its carrier
public record MetricsSnapshot(
    long live,
    long spawned,
    long succeeded,
    long failed,
    long cancelled,
    long cancelRequests,
    long cancelDeliveries,
    Histogram queueDelay,
    Histogram stepTime) {
  /// {@return the steps that have ended}
  public long steps() {
    return stepTime.count();
  }

  /// {@return the tasks that have ended}
  public long ended() {
    return succeeded + failed + cancelled;
  }
}
