package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import java.io.IOException;

/// A recorded run for the tests of the page.
final class Garden {
  /// A name that does something if it is taken for HTML.
  static final String HOSTILE = "<img src=x onerror=\"document.title = 'hit'\">";

  private Garden() {}

  /// {@return main, one with a bad name, `task 5` and so on, one that is cancelled and one that
  /// fails}
  ///
  /// @param tasks how many there are
  static Timeline timeline(int tasks) {
    var timeline = Timeline.recording();
    try (OpenGreenhouse greenhouse = Kind.available().getFirst().build(timeline)) {
      greenhouse.run(
          () -> {
            Nursery.run(nursery -> forkQuietOnes(nursery, tasks));
            assertThatThrownBy(() -> Nursery.run(Garden::forkBadOnes))
                .isInstanceOf(NurseryFailedException.class);
          });
    }
    return timeline;
  }

  /// {@return one whose only task was not recorded for about half of its time}
  static Timeline pausedTimeline() {
    var timeline = Timeline.recording();
    try (OpenGreenhouse greenhouse = Kind.available().getFirst().build(timeline)) {
      greenhouse.run(
          () -> {
            long begin = System.nanoTime();
            Task.checkpoint();
            timeline.stop();
            long stop = System.nanoTime();
            while (System.nanoTime() - stop < stop - begin) {
              Task.checkpoint();
            }
            timeline.start();
            Task.checkpoint();
          });
    }
    return timeline;
  }

  private static void forkQuietOnes(Nursery nursery, int tasks) {
    nursery.fork(HOSTILE, () -> Task.checkpoint());
    for (int i = 5; i <= tasks; i++) {
      nursery.fork("task " + i, () -> Task.checkpoint());
    }
  }

  private static void forkBadOnes(Nursery nursery) {
    nursery.fork("sleeper", () -> Task.sleepForever());
    Task.checkpoint();
    nursery.fork(
        "broken",
        () -> {
          throw new IOException("the hose leaks");
        });
  }
}
