package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;

@SuppressWarnings({"ThreadPriorityCheck", "UnnecessaryAsync"})
@Tag("stress")
class InstrumentChurnTest {
  /// Counts spawns and exits, which a permanent instrument must hear in full.
  private static final class Counter implements Instrument {
    final AtomicInteger spawned = new AtomicInteger();
    final AtomicInteger exited = new AtomicInteger();
    final AtomicInteger before = new AtomicInteger();
    final AtomicInteger after = new AtomicInteger();

    @Override
    public void taskSpawned(TaskView task) {
      spawned.incrementAndGet();
    }

    @Override
    public void taskExited(TaskView task, Outcome<?> outcome) {
      exited.incrementAndGet();
    }

    @Override
    public void beforeTaskStep(TaskView task) {
      before.incrementAndGet();
    }

    @Override
    public void afterTaskStep(TaskView task) {
      after.incrementAndGet();
    }
  }

  private static final class Listener implements Instrument {
    private final AtomicInteger heard = new AtomicInteger();

    @Override
    public void beforeTaskStep(TaskView task) {
      heard.incrementAndGet();
    }

    @Override
    public void taskScheduled(TaskView task) {
      heard.incrementAndGet();
    }
  }

  @Stress
  void addedAndRemovedWhileTasksRun(Bed bed) throws Exception {
    var permanent = new Counter();
    var stop = new AtomicBoolean();
    OpenGreenhouse greenhouse = bed.build(permanent);
    var churned = new AtomicInteger();
    var churners = new Thread[2];
    for (int i = 0; i < churners.length; i++) {
      churners[i] =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    while (!stop.get()) {
                      var listener = new Listener();
                      greenhouse.instruments().add(listener);
                      greenhouse.instruments().remove(listener);
                      churned.incrementAndGet();
                    }
                  });
    }
    int tasks = Bed.rounds(3_000);
    try {
      Bed.runIn(
          greenhouse,
          () -> {
            for (int i = 0; i < tasks / 100; i++) {
              try (var nursery = Nursery.open()) {
                for (int n = 0; n < 100; n++) {
                  nursery.fork(
                      () -> {
                        Task.checkpoint();
                        Thread.yield();
                      });
                }
              }
            }
          });
    } finally {
      stop.set(true);
      for (Thread churner : churners) {
        churner.join();
      }
    }
    greenhouse.close();
    assertThat(churned.get()).isPositive();
    assertThat(permanent.spawned).hasValue(tasks + 1);
    assertThat(permanent.exited).hasValue(tasks + 1);
    assertThat(permanent.after).hasValue(permanent.before.get());
    assertThat(greenhouse.instruments().list()).containsExactly(permanent);
  }
}
