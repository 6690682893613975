package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtendWith;

/// A timeline that comes and goes, and pictures that are taken, while many tasks run.
@ExtendWith(NothingLeft.class)
class TimelineUnderLoadTest {
  private static final int TASKS = 10_000;

  @OnEveryKind
  void startedAndStoppedAThousandTimesWhileTasksRun(Kind kind) throws Throwable {
    var timeline = Timeline.recording();
    var over = new AtomicBoolean();
    var steps = new AtomicInteger();
    try (OpenGreenhouse greenhouse = kind.build(timeline)) {
      Runnable switching =
          () -> {
            for (int i = 0; i < 1000; i++) {
              timeline.stop();
              int before = steps.get();
              while (steps.get() == before) {
                Thread.onSpinWait();
              }
              timeline.start();
            }
            over.set(true);
          };
      var switcher = Thread.ofPlatform().unstarted(switching);
      greenhouse.run(
          () ->
              Nursery.run(
                  nursery -> {
                    switcher.start(); // now, or else the main task's name might be missed
                    for (int i = 0; i < 20; i++) {
                      nursery.fork(
                          () -> {
                            while (!over.get()) {
                              steps.incrementAndGet();
                              Task.checkpoint();
                            }
                          });
                    }
                  }));
      switcher.join();
      assertThat(greenhouse.instruments().list()).containsExactly(timeline);
    }
    Trace trace = Trace.of(timeline);
    assertThat(timeline.isRecording()).isTrue();
    assertThat(trace.labels()).contains("main");
    assertThat(trace.outcome("main")).isEqualTo("succeeded");
  }

  @OnEveryKind
  void picturesWhileTenThousandTasksChurnKeepTheRulesAndNameAllThatLive(Kind kind)
      throws Throwable {
    var timeline = Timeline.recording(1 << 10); // far too small: what lives is named all the same
    var failure = new AtomicReference<Throwable>();
    try (OpenGreenhouse greenhouse = kind.build(timeline)) {
      greenhouse.run(
          () ->
              Nursery.run(
                  NurseryOptions.named("churn"),
                  nursery -> {
                    var waiting = new AtomicInteger();
                    for (int i = 0; i < TASKS; i++) {
                      nursery.fork(
                          "sleeper " + i,
                          () -> {
                            waiting.incrementAndGet();
                            Task.sleepForever();
                          });
                    }
                    while (waiting.get() < TASKS) {
                      Task.checkpoint();
                    }
                    Thread viewer = Thread.ofPlatform().start(() -> look(timeline, failure));
                    while (viewer.isAlive()) {
                      nursery.fork("short", () -> Task.checkpoint());
                      Task.checkpoint();
                    }
                    nursery.cancel("enough");
                  }));
    }
    assertThat(failure.get()).isNull();
    assertThat(timeline.lost()).isPositive();
  }

  private static void look(Timeline timeline, AtomicReference<Throwable> failure) {
    try {
      for (int i = 0; i < 3; i++) {
        Trace trace = Trace.of(timeline);
        assertThat(trace.labels()).filteredOn(l -> l.startsWith("sleeper ")).hasSize(TASKS);
        assertThat(trace.outcome("sleeper 0")).isEqualTo("still running");
        assertThat(trace.outcome("main")).isEqualTo("still running");
      }
    } catch (Throwable t) {
      failure.set(t);
    }
  }
}
