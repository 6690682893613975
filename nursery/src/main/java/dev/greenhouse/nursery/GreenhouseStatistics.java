package dev.greenhouse.nursery;

import java.time.Duration;
import java.util.Optional;

/// Numbers about a greenhouse at one moment; while tasks run, a snapshot that need not be exact.
///
/// @param tasks living tasks, system tasks and threads with a nursery open included
/// @param runnable tasks that could run and wait for their turn
/// @param running tasks that run, or block their carrier
/// @param waiting tasks that wait
/// @param nurseries open nurseries
/// @param carriers threads that carry tasks: 1 on a loop, 0 without the flag
/// @param nextDeadline the time to the earliest deadline of a cancel scope, zero if it has passed;
///   empty if there is none
public record GreenhouseStatistics(
    int tasks,
    int runnable,
    int running,
    int waiting,
    int nurseries,
    int carriers,
    Optional<Duration> nextDeadline) {}
