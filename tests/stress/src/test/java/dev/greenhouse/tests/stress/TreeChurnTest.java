package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.context.InheritedContext;
import dev.greenhouse.instrumentation.jfr.JfrEvents;
import dev.greenhouse.instrumentation.log.TaskLog;
import dev.greenhouse.instrumentation.metrics.Metrics;
import dev.greenhouse.instrumentation.metrics.MetricsSnapshot;
import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.instrumentation.tree.TaskAges;
import dev.greenhouse.instrumentation.tree.TaskNode;
import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.instrumentation.watch.StallWatch;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;

/// Snapshots of a greenhouse, and its instruments, while its tasks come and go.
@Tag("stress")
class TreeChurnTest {
  private static final int STAYING = 20;
  private static final int BATCH = 10_000;

  @Stress
  void snapshotsCanBeTrusted(Bed bed) throws Exception {
    var metrics = Metrics.create();
    var log = TaskLog.builder().build();
    var watch = StallWatch.create();
    var attached = new LongAdder();
    var closed = new LongAdder();
    List<Instrument> instruments =
        List.of(
            TaskAges.create(),
            metrics,
            Timeline.recording(),
            log,
            watch,
            JfrEvents.create(),
            InheritedContext.of(
                () -> "context",
                context -> {
                  attached.increment();
                  return closed::increment;
                }));
    OpenGreenhouse greenhouse = bed.build(instruments.toArray(Instrument[]::new));
    var stop = new AtomicBoolean();
    var taken = new AtomicInteger();
    var wrong = new AtomicReference<@Nullable Throwable>();
    var ready = new AtomicBoolean();
    Thread observer =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    while (!stop.get()) {
                      if (ready.get()) {
                        check(TaskTree.of(greenhouse), stop);
                        taken.incrementAndGet();
                      }
                    }
                  } catch (Throwable t) {
                    wrong.set(t);
                  }
                });
    Bed.runIn(greenhouse, () -> churn(ready, stop));
    observer.join();
    assertThat(greenhouse.instruments().list()).as("none has failed").isEqualTo(instruments);
    greenhouse.close();
    log.close();
    watch.close();
    long tasks = 1 + 2 * STAYING + (long) Bed.rounds(4) * BATCH;
    MetricsSnapshot counts = metrics.snapshot();
    assertThat(counts.spawned()).isEqualTo(tasks);
    assertThat(counts.succeeded() + counts.failed() + counts.cancelled()).isEqualTo(tasks);
    assertThat(counts.cancelled()).isEqualTo(2 * STAYING);
    assertThat(counts.live()).isZero();
    assertThat(attached.sum()).isEqualTo(tasks);
    assertThat(closed.sum()).isEqualTo(tasks);
    if (wrong.get() != null) {
      throw new AssertionError(wrong.get());
    }
    assertThat(taken.get()).isPositive();
  }

  private static void churn(AtomicBoolean ready, AtomicBoolean stop) {
    try (var staying = Nursery.open("staying")) {
      for (int i = 0; i < STAYING; i++) {
        staying.fork(
            "stays " + i, () -> Nursery.run(n -> n.fork("below", () -> Task.sleepForever())));
      }
      while (asleep(TaskTree.of(Task.current().greenhouse())) < STAYING) {
        Task.checkpoint();
      }
      ready.set(true);
      for (int i = 0; i < Bed.rounds(4); i++) {
        Nursery.run(
            nursery -> {
              for (int n = 0; n < BATCH; n++) {
                nursery.fork(() -> Task.checkpoint());
              }
            });
      }
      stop.set(true);
      staying.cancel();
    }
  }

  private static int asleep(TaskTree tree) {
    var count = new AtomicInteger();
    tree.forEach(task -> count.addAndGet(task.doing().equals("sleepForever") ? 1 : 0));
    return count.get();
  }

  /// Those that stay are there, each once and below its owner; nobody is there twice.
  private static void check(TaskTree tree, AtomicBoolean stop) {
    if (stop.get()) {
      return;
    }
    var ids = new HashSet<Long>();
    tree.forEach(task -> ids.add(task.id()));
    assertThat(ids).hasSize(tree.size());
    TaskNode main = tree.roots().getFirst();
    List<TaskNode> staying = main.nurseries().getFirst().tasks();
    if (stop.get()) {
      return; // some may have gone meanwhile
    }
    var names = new ArrayList<String>();
    for (int i = 0; i < STAYING; i++) {
      names.add("stays " + i);
    }
    assertThat(staying).extracting(TaskNode::name).containsExactlyElementsOf(names);
    for (TaskNode task : staying) {
      assertThat(task.nurseries()).hasSize(1);
      assertThat(task.nurseries().getFirst().tasks())
          .singleElement()
          .satisfies(below -> assertThat(below.doing()).isEqualTo("sleepForever"));
    }
  }
}
