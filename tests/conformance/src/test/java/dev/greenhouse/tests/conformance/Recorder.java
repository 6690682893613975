package dev.greenhouse.tests.conformance;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// An instrument that hears of everything and writes it down.
class Recorder implements Instrument {
  /// The names of all hooks.
  static final List<String> HOOKS =
      List.of(
          "beforeRun",
          "afterRun",
          "taskSpawned",
          "taskScheduled",
          "beforeTaskStep",
          "afterTaskStep",
          "taskExited",
          "beforeIdle",
          "afterIdle",
          "nurseryOpened",
          "nurseryClosed",
          "cancelRequested",
          "cancelDelivered",
          "taskEntered",
          "taskLeft");

  /// Trio's recorder hears of these only.
  static final List<String> TRIO =
      List.of("beforeRun", "afterRun", "taskScheduled", "beforeTaskStep", "afterTaskStep");

  /// One call.
  ///
  /// @param subject the task's or nursery's name, or empty
  record Event(String hook, String subject) {
    @Override
    public String toString() {
      return subject.isEmpty() ? hook : hook + " " + subject;
    }
  }

  private final Queue<Event> events = new ConcurrentLinkedQueue<>();

  /// Called for each event, in the hook.
  ///
  /// @param task the task it is about, if it is about one
  void on(String hook, @Nullable TaskView task) {}

  private void note(String hook, @Nullable TaskView task, String subject) {
    events.add(new Event(hook, subject));
    on(hook, task);
  }

  List<Event> events() {
    return List.copyOf(events);
  }

  List<String> texts(Predicate<Event> which) {
    return events.stream().filter(which).map(Event::toString).toList();
  }

  /// {@return what Trio's recorder would have heard of these tasks and the run}
  List<String> trio(String... tasks) {
    return texts(
        e -> TRIO.contains(e.hook) && (e.subject.isEmpty() || List.of(tasks).contains(e.subject)));
  }

  long count(String hook) {
    return events.stream().filter(e -> e.hook.equals(hook)).count();
  }

  @Override
  public void beforeRun(GreenhouseView greenhouse) {
    note("beforeRun", null, "");
  }

  @Override
  public void afterRun(GreenhouseView greenhouse) {
    note("afterRun", null, "");
  }

  @Override
  public void taskSpawned(TaskView task) {
    note("taskSpawned", task, task.name());
  }

  @Override
  public void taskScheduled(TaskView task) {
    note("taskScheduled", task, task.name());
  }

  @Override
  public void beforeTaskStep(TaskView task) {
    note("beforeTaskStep", task, task.name());
  }

  @Override
  public void afterTaskStep(TaskView task) {
    note("afterTaskStep", task, task.name());
  }

  @Override
  public void taskExited(TaskView task, Outcome<?> outcome) {
    note("taskExited", task, task.name());
  }

  @Override
  public void beforeIdle(GreenhouseView greenhouse, long timeoutNanos) {
    note("beforeIdle", null, "");
  }

  @Override
  public void afterIdle(GreenhouseView greenhouse) {
    note("afterIdle", null, "");
  }

  @Override
  public void nurseryOpened(NurseryView nursery) {
    note("nurseryOpened", null, nursery.name());
  }

  @Override
  public void nurseryClosed(NurseryView nursery) {
    note("nurseryClosed", null, nursery.name());
  }

  @Override
  public void cancelRequested(TaskView owner, String scope, CancelReason reason) {
    note("cancelRequested", owner, scope);
  }

  @Override
  public void cancelDelivered(TaskView task, CancelReason reason) {
    note("cancelDelivered", task, task.name());
  }

  @Override
  public void taskEntered(TaskView task) {
    note("taskEntered", task, task.name());
  }

  @Override
  public void taskLeft(TaskView task) {
    note("taskLeft", task, task.name());
  }
}
