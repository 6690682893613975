package dev.greenhouse.guide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// The blocks of the guide that need the flag.
@Timeout(30)
@EnabledIfSystemProperty(named = "greenhouse.test.flag", matches = "true")
class LoopsTest {
  @Test
  void tasksOfALoopTakeTurns() {
    // region loop
    List<String> seen = new ArrayList<>(); // no lock: one task runs at a time
    Greenhouse.run(
        () -> {
          try (var nursery = Nursery.open()) {
            for (String name : List.of("a", "b")) {
              nursery.fork(
                  () -> {
                    for (int i = 0; i < 3; i++) {
                      seen.add(name + i);
                      Task.checkpoint();
                    }
                  });
            }
          }
        });
    // endregion
    assertThat(seen).containsExactly("a0", "b0", "a1", "b1", "a2", "b2");
  }

  // region mailbox
  static final class Mailbox<T> {
    private final Queue<T> letters = new ArrayDeque<>();
    private final Queue<Suspension<T>> waiting = new ArrayDeque<>();

    void put(T letter) {
      for (Suspension<T> s; (s = waiting.poll()) != null; ) {
        if (s.resume(letter)) {
          return;
        }
      }
      letters.add(letter);
    }

    T take() {
      T letter = letters.poll();
      if (letter != null) {
        return letter;
      }
      Suspension<T> suspension = Suspension.create();
      waiting.add(suspension);
      return suspension.await(() -> waiting.remove(suspension));
    }
  }

  // endregion

  @Test
  void aSuspensionEndsAWait() {
    Greenhouse.run(
        () -> {
          var mailbox = new Mailbox<String>();
          try (var nursery = Nursery.open()) {
            Task<String> reader = nursery.fork(mailbox::take);
            Task.sleep(Duration.ofMillis(1));
            mailbox.put("hello");
            assertThat(reader.join()).isEqualTo("hello");
          }
        });
  }

  // region instrument
  static final class Busy implements Instrument {
    final AtomicLong steps = new AtomicLong();
    final AtomicLong failures = new AtomicLong();

    @Override
    public void beforeTaskStep(TaskView task) {
      steps.incrementAndGet();
    }

    @Override
    public void taskExited(TaskView task, Outcome<?> outcome) {
      if (outcome instanceof Outcome.Failed<?>) {
        failures.incrementAndGet();
      }
    }
  }

  // endregion

  @Test
  void anInstrumentIsTold() {
    var busy = new Busy();
    try (var loop = Greenhouse.builder().singleThreaded().instrument(busy).build()) {
      loop.run(Task::checkpoint);
    }
    assertThat(busy.steps).hasValue(2);
    assertThat(busy.failures).hasValue(0);
  }
}
