package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.management.ThreadMXBean;
import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.Instruments;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.tests.Eventually;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The rings of a timeline, whose hooks are called by threads of the test.
@Timeout(60)
class RingTest {
  private static final int SMALLEST = 256;

  /// @param roots of the greenhouse that it also is
  private record FakeTask(long id, List<TaskView> roots) implements TaskView, GreenhouseView {
    FakeTask(long id) {
      this(id, List.of());
    }

    @Override
    public String name() {
      return "fake " + id;
    }

    @Override
    public TaskState state() {
      return TaskState.RUNNING;
    }

    @Override
    public long steps() {
      return 1;
    }

    @Override
    public Optional<String> waitsFor() {
      return Optional.empty();
    }

    @Override
    public Optional<CancelReason> cancelled() {
      return Optional.empty();
    }

    @Override
    public Optional<Duration> timeLeft() {
      return Optional.empty();
    }

    @Override
    public List<String> marks() {
      return List.of();
    }

    @Override
    public Thread thread() {
      return Thread.currentThread();
    }

    @Override
    public Optional<NurseryView> parent() {
      return Optional.empty();
    }

    @Override
    public List<NurseryView> nurseries() {
      return List.of();
    }

    @Override
    public GreenhouseView greenhouse() {
      return this;
    }

    @Override
    public Instruments instruments() {
      throw new UnsupportedOperationException("nobody asks");
    }
  }

  private static void steps(Timeline timeline, TaskView task, int n) {
    for (int i = 0; i < n; i++) {
      timeline.taskScheduled(task);
      timeline.beforeTaskStep(task);
      timeline.afterTaskStep(task);
    }
  }

  @Test
  void theOldestEventsAreLostAndCounted() throws IOException {
    var timeline = Timeline.recording(SMALLEST);
    var task = new FakeTask(7);
    steps(
        timeline, task, 1); // the first scheduling is in a shared ring, as there is no carrier yet
    steps(timeline, task, 999);
    assertThat(timeline.lost()).isEqualTo(3 * 1000 - 1 - SMALLEST);
    Trace trace = Trace.of(timeline);
    assertThat(trace.of("task 7", "X", "step")).hasSizeBetween(SMALLEST / 3 - 1, SMALLEST / 3 + 1);
    assertThat(trace.outcome("task 7")).isEqualTo("unknown: its end was not recorded");
    assertThat(trace.events())
        .filteredOn(e -> e.get("ph").asText().equals("i"))
        .anySatisfy(
            e ->
                assertThat(e.get("name").asText())
                    .isEqualTo(
                        timeline.lost() + " events are lost: before this, some are missing"));
    assertThat(trace.root().get("otherData").get("lost events").asLong())
        .isEqualTo(timeline.lost());
  }

  @Test
  void aStepAllocatesNothing() {
    var timeline = Timeline.recording(SMALLEST);
    var task = new FakeTask(7);
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    steps(timeline, task, 1000);
    threads.getCurrentThreadAllocatedBytes();
    long before = threads.getCurrentThreadAllocatedBytes();
    steps(timeline, task, 100_000);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1000);
  }

  /// A loop takes the end of what it did before for the beginning of a step.
  @Test
  void aStepThatSeemsToBeginBeforeItsTaskWasScheduledBeginsWithThat() throws Exception {
    var timeline = Timeline.recording(SMALLEST);
    var task = new FakeTask(7);
    timeline.taskSpawned(task);
    for (int i = 0; i < 3; i++) {
      timeline.afterIdle(task);
      Thread.ofPlatform().start(() -> timeline.taskScheduled(task)).join();
      timeline.beforeTaskStep(task);
      timeline.afterTaskStep(task);
    }
    Trace trace = Trace.of(timeline);
    assertThat(trace.of("fake 7", "X", "step")).hasSize(3);
    assertThat(trace.of("fake 7", "X", "wait")).hasSize(3);
    assertThat(trace.of("fake 7", "X", "ready")).isEmpty();
  }

  private static BigDecimal only(Trace trace, String instant) {
    List<JsonNode> found = trace.events("i", instant);
    assertThat(found).as(instant).hasSize(1);
    return begin(found.getFirst());
  }

  @Test
  void aPauseIsAGapBetweenWhatIsKnown() throws IOException {
    var timeline = Timeline.recording(SMALLEST);
    var task = new FakeTask(7);
    timeline.taskSpawned(task);
    timeline.taskScheduled(task);
    timeline.beforeTaskStep(task);
    timeline.stop();
    timeline.afterTaskStep(task);
    timeline.start();
    timeline.taskScheduled(task);
    timeline.beforeTaskStep(task);
    timeline.afterTaskStep(task);
    Trace trace = Trace.of(timeline);
    List<JsonNode> steps = trace.of("fake 7", "X", "step");
    assertThat(steps).hasSize(2);
    assertThat(end(steps.getFirst()))
        .isEqualByComparingTo(
            only(trace, "recording was stopped: nothing is known of what follows"));
    BigDecimal again = only(trace, "recording was started again");
    for (String kind : List.of("wait", "ready", "step")) {
      assertThat(trace.of("fake 7", "X", kind))
          .allSatisfy(
              span ->
                  assertThat(end(span).compareTo(end(steps.getFirst())) <= 0)
                      .as("%s before the pause, and not after", span)
                      .isEqualTo(begin(span).compareTo(again) < 0));
    }
    assertThat(trace.of("fake 7", "X", "wait")).hasSizeLessThanOrEqualTo(1); // after its spawn
    JsonNode pauses = Page.data(Page.of(timeline)).get("pauses");
    assertThat(pauses).hasSize(1);
    assertThat(pauses.get(0).get(0).asLong()).isLessThan(pauses.get(0).get(1).asLong());
  }

  @Test
  void theEndOfAStepThatBeganInAPauseDoesNotTellWhetherTheTaskWaits() throws IOException {
    var timeline = Timeline.recording(SMALLEST);
    var waits = new FakeTask(7);
    var goesOn = new FakeTask(8);
    List<TaskView> both = List.of(waits, goesOn);
    both.forEach(timeline::taskSpawned);
    timeline.stop();
    both.forEach(timeline::beforeTaskStep);
    timeline.start();
    timeline.taskScheduled(goesOn);
    both.forEach(timeline::afterTaskStep);
    both.forEach(task -> steps(timeline, task, 1));
    timeline.stop();
    Trace trace = Trace.of(timeline);
    BigDecimal again = only(trace, "recording was started again");
    for (String name : List.of("fake 7", "fake 8")) {
      assertThat(trace.of(name, "X", "wait"))
          .allSatisfy(wait -> assertThat(begin(wait)).isLessThan(again));
      assertThat(trace.of(name, "X", "ready")).hasSize(1);
      assertThat(trace.of(name, "X", "step")).hasSize(1);
    }
  }

  @Test
  void aPictureOfAStoppedTimelineEndsAtTheStop() throws IOException {
    var timeline = Timeline.recording(SMALLEST);
    var task = new FakeTask(7);
    var greenhouse = new FakeTask(0, List.of(task));
    long before = System.nanoTime();
    timeline.afterIdle(greenhouse);
    timeline.taskSpawned(task);
    timeline.stop();
    long stopped = System.nanoTime();
    while (System.nanoTime() - stopped < 2 * (stopped - before)) {
      Thread.onSpinWait();
    }
    Trace trace = Trace.of(timeline);
    assertThat(trace.outcome("fake 7")).isEqualTo("still running");
    BigDecimal length = trace.of("fake 7", "X", "wait").getFirst().get("dur").decimalValue();
    assertThat(length.movePointRight(3).longValueExact()).isLessThan(stopped - before);
    assertThat(trace.events("i", "recording was started again")).isEmpty();
    assertThat(greenhouse.roots()).hasSize(1); // it is there until now
  }

  @Test
  void onlyTheLastThousandSessionsAreKept() throws IOException {
    var timeline = Timeline.recording(1 << 14);
    for (int i = 0; i < 1_500; i++) {
      timeline.start();
      steps(timeline, new FakeTask(i), 1);
      timeline.stop();
    }
    Trace trace = Trace.of(timeline);
    assertThat(trace.labels())
        .hasSize(1_000)
        .contains("task 1499", "task 500")
        .doesNotContain("task 499");
    assertThat(trace.events("i", "recording was started again")).hasSize(999);
  }

  @Test
  void virtualThreadsShareRingsAndGetNone() throws Exception {
    var timeline = Timeline.recording(SMALLEST);
    for (int i = 1; i <= 1000; i++) {
      var task = new FakeTask(i);
      Thread.startVirtualThread(() -> steps(timeline, task, 1)).join();
    }
    // Each of at most 64 shared rings keeps what it can: nothing was given to a thread for good.
    assertThat(timeline.lost()).isLessThan(3000 - SMALLEST);
    assertThat(Trace.of(timeline).labels().size()).isBetween(SMALLEST, 1000);
  }

  @Test
  void aCarrierThatDiesLeavesItsRingToAnother() throws Exception {
    var timeline = Timeline.recording(SMALLEST);
    for (int i = 1; i <= 200; i++) {
      var task = new FakeTask(i);
      Thread.ofPlatform().start(() -> steps(timeline, task, 10)).join();
    }
    Trace trace = Trace.of(timeline);
    assertThat(trace.of("task 200", "X", "step")).hasSize(10);
  }

  /// One thread runs tasks with rising numbers: a time that belongs to another number stands out.
  @Test
  void picturesTakenWhileARingIsOverwrittenAreNeverTorn() throws Exception {
    var timeline = Timeline.recording(SMALLEST);
    var over = new AtomicBoolean();
    Runnable writing =
        () -> {
          for (long id = 1; !over.get(); id++) {
            var task = new FakeTask(id);
            timeline.beforeTaskStep(task);
            timeline.afterTaskStep(task);
          }
        };
    Thread writer = Thread.ofPlatform().start(writing);
    try {
      Eventually.run(() -> assertThat(timeline.lost()).isPositive());
      for (int i = 0; i < 30; i++) {
        var last = BigDecimal.ZERO;
        for (JsonNode task : inOrderOfTheirNumbers(Trace.of(timeline))) {
          BigDecimal begin = task.get("ts").decimalValue();
          assertThat(begin).as("picture %d: %s", i, task).isGreaterThanOrEqualTo(last);
          last = begin;
        }
      }
    } finally {
      over.set(true);
      writer.join();
    }
  }

  private static List<JsonNode> inOrderOfTheirNumbers(Trace trace) {
    return trace.events().stream()
        .filter(e -> e.get("ph").asText().equals("B"))
        .sorted(Comparator.comparingLong(e -> e.get("tid").asLong()))
        .toList();
  }

  /// A loop writes one event for a step, at its end: the step that goes on is none yet. Tasks take
  /// turns, so it is known whose it must be.
  @Test
  void theStepThatGoesOnOnALoopIsTheOneAfterTheLastThatEnded() throws Exception {
    var timeline = Timeline.recording(SMALLEST);
    List<TaskView> turns =
        LongStream.rangeClosed(1, 8).<TaskView>mapToObj(id -> new FakeTask(id)).toList();
    var over = new AtomicBoolean();
    Runnable writing =
        () -> {
          timeline.afterIdle(new FakeTask(0, turns));
          while (!over.get()) {
            for (TaskView task : turns) {
              timeline.beforeTaskStep(task);
              timeline.taskScheduled(task);
              timeline.afterTaskStep(task);
            }
          }
        };
    Thread writer = Thread.ofPlatform().start(writing);
    int caught = 0;
    try {
      Eventually.run(() -> assertThat(timeline.lost()).isPositive());
      for (int i = 0; i < 300; i++) {
        Trace trace = Trace.of(timeline);
        List<JsonNode> steps =
            trace.events("X", "step").stream()
                .sorted(Comparator.comparing(RingTest::begin))
                .toList();
        for (int j = 1; j < steps.size(); j++) {
          JsonNode before = steps.get(j - 1);
          if (end(before).compareTo(begin(steps.get(j))) == 0) { // nothing was overwritten between
            assertThat(steps.get(j).get("tid").asLong())
                .as("picture %d: %s", i, steps)
                .isEqualTo(before.get("tid").asLong() % turns.size() + 1);
          }
        }
        caught += trace.events().stream().anyMatch(e -> endsWith(e, steps)) ? 1 : 0;
      }
    } finally {
      over.set(true);
      writer.join();
    }
    assertThat(caught).isPositive();
  }

  /// A living task is drawn up to now.
  private static boolean endsWith(JsonNode event, List<JsonNode> steps) {
    return event.get("ph").asText().equals("E")
        && !steps.isEmpty()
        && end(steps.getLast()).compareTo(begin(event)) == 0;
  }

  private static BigDecimal begin(JsonNode event) {
    return event.get("ts").decimalValue();
  }

  private static BigDecimal end(JsonNode span) {
    return begin(span).add(span.get("dur").decimalValue());
  }
}
