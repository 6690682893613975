package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.Instruments;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.conformance.Recorder.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 14 and conformance G68, G69, G73: exact orders, on the loop.
@ExtendWith(NothingLeft.class)
@NeedsFlag
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InstrumentOrderTest {
  // G68
  @Test
  void aChildWithFiveYieldsIsRescheduledBeforeTheEndOfEachStep() {
    var r1 = new Recorder();
    var r2 = new Recorder();
    var r3 = new Recorder();
    try (OpenGreenhouse greenhouse = Kind.LOOP.build(r1, r2)) {
      Instruments instruments = greenhouse.instruments();
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork(
                  "child",
                  () -> {
                    for (int i = 0; i < 4; i++) {
                      Task.checkpoint();
                    }
                    // r3 takes the place of r2 during the run
                    instruments.remove(r2);
                    assertThatThrownBy(() -> instruments.remove(r2))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("not registered");
                    instruments.add(r3);
                    instruments.add(r3); // twice is once
                    assertThat(instruments.list()).containsExactly(r1, r3);
                    Task.checkpoint();
                  });
            }
          });
    }
    var expected = new ArrayList<>(List.of("beforeRun", "taskScheduled child"));
    for (int i = 0; i < 5; i++) {
      expected.addAll(
          List.of("beforeTaskStep child", "taskScheduled child", "afterTaskStep child"));
    }
    expected.addAll(List.of("beforeTaskStep child", "afterTaskStep child", "afterRun"));
    assertThat(r1.trio("child")).isEqualTo(expected);
    // What r3 was told of began after it was added: it never hears of the end of a step whose
    // beginning it did not hear of, so the end of the step of the swap is r1's alone.
    // (Only the child's: other threads may make the loop idle or wake main at any time.)
    List<Event> swapped = Stream.concat(ofChild(r2), ofChild(r3)).toList();
    assertThat(ofChild(r1).toList()).containsSubsequence(swapped);
    assertThat(ofChild(r1).toList()).hasSizeBetween(swapped.size(), swapped.size() + 1);
  }

  private static Stream<Event> ofChild(Recorder recorder) {
    return recorder.events().stream().filter(e -> e.subject().equals("child"));
  }

  // G73, and Trio's order in G68: an instrument sets itself up in beforeRun. A hundred times, as a
  // loop that is built may be idle before it is told of its first task.
  @Test
  void beforeRunIsTheFirstHookAndAfterRunTheLast() {
    for (int i = 0; i < 100; i++) {
      var recorder = new Recorder();
      try (OpenGreenhouse greenhouse = Kind.LOOP.build(recorder)) {
        greenhouse.run(() -> Task.checkpoint());
      }
      assertThat(recorder.events().getFirst().hook()).isEqualTo("beforeRun");
      assertThat(recorder.events().getLast().hook()).isEqualTo("afterRun");
    }
  }

  // G69
  @Test
  void twoTasksAreBothScheduledAndThenTakeTurns() {
    var recorder = new Recorder();
    try (OpenGreenhouse greenhouse = Kind.LOOP.build(recorder)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("t1", () -> Task.checkpoint());
              nursery.fork("t2", () -> Task.checkpoint());
            }
          });
    }
    assertThat(recorder.trio("t1", "t2"))
        .containsExactly(
            "beforeRun",
            "taskScheduled t1",
            "taskScheduled t2",
            "beforeTaskStep t1",
            "taskScheduled t1",
            "afterTaskStep t1",
            "beforeTaskStep t2",
            "taskScheduled t2",
            "afterTaskStep t2",
            "beforeTaskStep t1",
            "afterTaskStep t1",
            "beforeTaskStep t2",
            "afterTaskStep t2",
            "afterRun");
  }

  // Rule 14: the life of a task in all of its hooks
  @Test
  void aTaskIsSpawnedScheduledSteppedEnteredLeftAndExitedInThisOrder() {
    var recorder = new Recorder();
    try (OpenGreenhouse greenhouse = Kind.LOOP.build(recorder)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open("beds")) {
              nursery.fork("child", () -> {});
            }
          });
    }
    assertThat(recorder.texts(e -> List.of("child", "beds").contains(e.subject())))
        .containsExactly(
            "nurseryOpened beds",
            "taskSpawned child",
            "taskScheduled child",
            "beforeTaskStep child",
            "taskEntered child",
            "taskLeft child",
            "taskExited child",
            "afterTaskStep child",
            "nurseryClosed beds");
  }

  // Rule 14 with cancellation: requested before anybody is told, delivered in the task
  @Test
  void aCancellationIsRequestedThenScheduledThenDelivered() {
    var recorder = new Recorder();
    try (OpenGreenhouse greenhouse = Kind.LOOP.build(recorder)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open("beds")) {
              nursery.fork("child", () -> Task.sleepForever());
              Task.checkpoint();
              nursery.cancel();
              nursery.cancel();
            }
          });
    }
    assertThat(
            recorder.texts(
                e ->
                    List.of("child", "beds").contains(e.subject())
                        && (e.hook().startsWith("cancel") || e.hook().equals("taskScheduled"))))
        .containsExactly(
            "taskScheduled child",
            "cancelRequested beds",
            "taskScheduled child",
            "cancelDelivered child");
  }

  // G73
  @Test
  void allHooksFireAndIdleTimesComeInPairs() {
    var recorder = new Recorder();
    runABitOfEverything(recorder);
    assertThat(recorder.events().stream().map(Event::hook)).containsAll(Recorder.HOOKS);
    List<String> idle = recorder.texts(e -> e.hook().endsWith("Idle"));
    assertThat(idle.size()).isEven();
    for (int i = 0; i < idle.size(); i++) {
      assertThat(idle.get(i)).isEqualTo(i % 2 == 0 ? "beforeIdle" : "afterIdle");
    }
    assertThat(recorder.count("beforeRun")).isEqualTo(1);
    assertThat(recorder.count("afterRun")).isEqualTo(1);
  }

  // G73, "in task": who is current in a hook
  @Test
  void hooksRunWhereTheyAreSaidToRun() {
    Map<String, Optional<String>> current = new ConcurrentHashMap<>();
    var recorder =
        new Recorder() {
          @Override
          void on(String hook, @Nullable TaskView task) {
            if (task == null || task.name().equals("child")) {
              current.put(hook, Task.currentIfAny().map(Task::name));
            }
          }
        };
    runABitOfEverything(recorder);
    var self = Optional.of("child");
    for (String own : List.of("taskEntered", "taskLeft", "taskExited", "cancelDelivered")) {
      assertThat(current).as(own).containsEntry(own, self);
    }
    for (String owner : List.of("taskSpawned", "nurseryOpened", "nurseryClosed")) {
      assertThat(current).as(owner).containsEntry(owner, Optional.of("main"));
    }
    for (String carrier :
        List.of(
            "beforeRun",
            "afterRun",
            "beforeTaskStep",
            "afterTaskStep",
            "beforeIdle",
            "afterIdle")) {
      assertThat(current).as(carrier).containsEntry(carrier, Optional.empty());
    }
  }

  // Hooks see a carrier as their thread, and not a virtual one
  @Test
  void stepHooksRunOnTheCarrierOfTheStep() {
    var steps = ConcurrentHashMap.<Thread>newKeySet();
    var recorder =
        new Recorder() {
          @Override
          void on(String hook, @Nullable TaskView task) {
            if (hook.endsWith("TaskStep")) {
              steps.add(Thread.currentThread());
            }
          }
        };
    runABitOfEverything(recorder);
    assertThat(steps).singleElement().matches(t -> !t.isVirtual());
  }

  private static void runABitOfEverything(Recorder recorder) {
    try (OpenGreenhouse greenhouse = Kind.LOOP.build(recorder)) {
      greenhouse.run(
          () -> {
            Task.sleep(Duration.ofMillis(1));
            try (var nursery = Nursery.open("beds")) {
              Task<?> child = nursery.fork("child", () -> Task.sleepForever());
              Task.sleep(Duration.ofMillis(1));
              child.cancel("enough");
            }
          });
    }
  }

  // "Nanoseconds to the next deadline, Long.MAX_VALUE if there is none"
  @Test
  void idleTimesTellTheNextDeadline() {
    var timeouts = new ArrayList<Long>();
    var recorder =
        new Recorder() {
          @Override
          public void beforeIdle(GreenhouseView greenhouse, long timeoutNanos) {
            if (Thread.currentThread().getName().contains(greenhouse.name())) {
              timeouts.add(timeoutNanos);
            }
          }
        };
    try (OpenGreenhouse greenhouse = Kind.LOOP.build()) {
      greenhouse.run(
          () -> {
            greenhouse.instruments().add(recorder);
            Task.sleep(Duration.ofMillis(20));
            greenhouse.instruments().remove(recorder);
          });
    }
    assertThat(timeouts).isNotEmpty();
    assertThat(timeouts).allMatch(t -> t > 0 && t <= 20_000_000);
  }
}
