package dev.greenhouse.instrumentation;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What can be seen of a task from any thread, at any time, without blocking.
public interface TaskView {
  /// {@return a number that no other task of this JVM has: the id of its thread, or, if it was
  /// given another thread before it began, as may happen without the `--add-opens` flag, of the
  /// first one}
  long id();

  /// {@return the task's name: the one it was given, or one made of its nursery's name and its id.
  /// It is also its thread's; a task that was given none gets it when somebody asks, and until then
  /// its thread has the nursery's}
  String name();

  /// {@return what the task is doing now}
  TaskState state();

  /// {@return how many steps the task has begun} It starts again from zero after 4,294,967,295.
  /// Without the `--add-opens` flag, and for a thread that became a task by opening a nursery, only
  /// those count that begin after a wait in an operation of Greenhouse.
  long steps();

  /// {@return what the task waits for in an operation of Greenhouse, in words such as "sleep, 1.2 s
  /// left", "join of task 'mail'" or "await HttpClient"; empty if it does not wait in one} A text
  /// of somebody else's operation comes from its `toString`.
  Optional<String> waitsFor();

  /// {@return why the task is cancelled at this moment: the reason of the outermost cancelled scope
  /// that covers it; empty if none does}
  Optional<CancelReason> cancelled();

  /// {@return the time until the first deadline that covers the task, zero if it has passed; empty
  /// if none does}
  Optional<Duration> timeLeft();

  /// {@return what else is to be known of it, a word or two each: "portal"; "pinned" if it waits
  /// and keeps its carrier meanwhile}
  List<String> marks();

  /// {@return the thread that the task runs in. It may not be started before the task's first step:
  /// wait for the task, not for the thread}
  Thread thread();

  /// {@return the nursery that the task was forked into; empty for a main task, a system task and a
  /// thread that opened a nursery}
  Optional<? extends NurseryView> parent();

  /// {@return the nurseries that the task has open, outermost first}
  List<? extends NurseryView> nurseries();

  /// {@return the greenhouse that the task lives in}
  GreenhouseView greenhouse();
}
