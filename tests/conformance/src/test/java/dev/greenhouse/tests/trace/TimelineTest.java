package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What a timeline records of tasks, read from its trace.
@ExtendWith(NothingLeft.class)
class TimelineTest {
  private static Trace traceOf(Kind kind, Kind.Body body) throws Throwable {
    var timeline = Timeline.recording();
    try (OpenGreenhouse greenhouse = kind.build(timeline)) {
      greenhouse.run(body::run);
    }
    assertThat(timeline.lost()).isZero();
    return Trace.of(timeline);
  }

  @OnEveryKind
  void tasksStandBelowTheirParentsWithTheirNurseries(Kind kind) throws Throwable {
    Trace trace =
        traceOf(
            kind,
            () -> {
              try (var outer = Nursery.open("outer")) {
                outer.fork(
                    "one",
                    () -> {
                      try (var inner = Nursery.open("inner")) {
                        inner.fork("grandchild", () -> Task.checkpoint());
                      }
                    });
                outer.fork(() -> Task.checkpoint());
              }
            });
    assertThat(trace.labels()).hasSize(4).contains("main", "one", "grandchild");
    assertThat(trace.labels()).filteredOn(l -> l.matches("outer-\\d+")).hasSize(1);
    assertThat(trace.task("main").get("args").has("parent")).isFalse();
    JsonNode grandchild = trace.task("grandchild").get("args");
    assertThat(grandchild.get("parent").asText()).isEqualTo("one");
    assertThat(grandchild.get("nursery").asText()).isEqualTo("inner");
    assertThat(grandchild.get("parent id").asLong())
        .isEqualTo(trace.task("one").get("tid").asLong());
    // A row comes after its parent's.
    var order = new ArrayList<>(trace.labels());
    assertThat(order.indexOf("grandchild")).isEqualTo(order.indexOf("one") + 1);
    assertThat(trace.events("M", "process_name").getFirst().get("args").get("name").asText())
        .startsWith("greenhouse test-");
  }

  @OnEveryKind
  void everyCheckpointEndsAStepAndLeavesTheTaskReady(Kind kind) throws Throwable {
    Trace trace =
        traceOf(
            kind,
            () -> {
              for (int i = 0; i < 10; i++) {
                Task.checkpoint();
              }
            });
    assertThat(trace.of("main", "X", "step")).hasSizeGreaterThanOrEqualTo(11);
    assertThat(trace.of("main", "X", "wait")).hasSizeLessThanOrEqualTo(1); // before its start
    assertThat(trace.outcome("main")).isEqualTo("succeeded");
  }

  @OnEveryKind
  void theStepThatGoesOnIsDrawnUpToNow(Kind kind) throws Throwable {
    var timeline = Timeline.recording();
    try (OpenGreenhouse greenhouse = kind.build(timeline)) {
      Trace trace =
          greenhouse.call(
              () -> {
                for (int i = 0; i < 10; i++) {
                  Task.checkpoint();
                }
                return Trace.of(timeline);
              });
      List<JsonNode> steps = trace.of("main", "X", "step");
      assertThat(steps).hasSizeGreaterThanOrEqualTo(11);
      JsonNode last = steps.getLast();
      var end = last.get("ts").decimalValue().add(last.get("dur").decimalValue());
      long main = last.get("tid").asLong();
      assertThat(trace.events())
          .filteredOn(e -> e.get("ph").asText().equals("E") && e.get("tid").asLong() == main)
          .singleElement()
          .satisfies(e -> assertThat(e.get("ts").decimalValue()).isEqualByComparingTo(end));
    }
  }

  @OnEveryKind
  void waitingForATaskIsAWaitThatLastsUntilItsEnd(Kind kind) throws Throwable {
    Trace trace =
        traceOf(
            kind,
            () ->
                Nursery.run(
                    nursery -> {
                      Task<?> joiner = Task.current();
                      Task<?> child =
                          nursery.fork(
                              "child",
                              () -> {
                                do {
                                  Task.checkpoint();
                                } while (joiner.state() != TaskState.WAITING);
                                for (int i = 0; i < 100; i++) {
                                  Task.checkpoint();
                                }
                              });
                      child.join();
                    }));
    JsonNode last = trace.of("child", "X", "step").getLast();
    var lastStep = last.get("ts").decimalValue();
    assertThat(trace.of("main", "X", "wait"))
        .anySatisfy(
            wait -> {
              var begin = wait.get("ts").decimalValue();
              assertThat(begin).isLessThan(lastStep);
              assertThat(begin.add(wait.get("dur").decimalValue())).isGreaterThan(lastStep);
            });
  }

  @OnEveryKind
  void cancellationIsMarkedWhereItWasAskedForAndWhereItArrived(Kind kind) throws Throwable {
    Trace trace =
        traceOf(
            kind,
            () ->
                Nursery.run(
                    NurseryOptions.named("beds"),
                    nursery -> {
                      nursery.fork("sleeper", () -> Task.sleepForever());
                      Task.checkpoint();
                      nursery.cancel("winter");
                    }));
    assertThat(trace.outcome("sleeper")).isEqualTo("was cancelled");
    assertThat(why(trace.of("main", "i", "cancel"))).containsExactly("scope 'beds': winter");
    assertThat(why(trace.of("sleeper", "i", "cancelled here"))).contains("winter");
    assertThat(why(trace.of("sleeper", "i", "was cancelled"))).containsExactly("winter");
  }

  @OnEveryKind
  void aFailureIsMarkedWithItsException(Kind kind) throws Throwable {
    Trace trace =
        traceOf(
            kind,
            () ->
                assertThatThrownBy(
                        () ->
                            Nursery.run(
                                nursery ->
                                    nursery.fork(
                                        "broken",
                                        () -> {
                                          throw new IOException("the \"hose\" <leaks>");
                                        })))
                    .isInstanceOf(NurseryFailedException.class));
    assertThat(trace.outcome("broken")).isEqualTo("failed");
    assertThat(why(trace.of("broken", "i", "failed")))
        .containsExactly("java.io.IOException: the \"hose\" <leaks>");
    assertThat(trace.outcome("main")).isEqualTo("succeeded");
  }

  private static List<String> why(List<JsonNode> marks) {
    return marks.stream().map(m -> m.get("args").get("why").asText()).toList();
  }

  /// An exception that breaks whoever looks at it.
  private static final class Hostile extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new IllegalStateException("do not look");
    }
  }

  @OnEveryKind
  void anExceptionThatCantBeReadDoesNotEndTheRecording(Kind kind) throws Throwable {
    var timeline = Timeline.recording();
    try (OpenGreenhouse greenhouse = kind.build(timeline)) {
      greenhouse.run(
          () ->
              assertThatThrownBy(
                      () ->
                          Nursery.run(
                              nursery ->
                                  nursery.fork(
                                      "hostile",
                                      () -> {
                                        throw new Hostile();
                                      })))
                  .isInstanceOf(NurseryFailedException.class));
      assertThat(greenhouse.instruments().list()).containsExactly(timeline);
    }
    assertThat(why(Trace.of(timeline).of("hostile", "i", "failed")))
        .containsExactly(
            Hostile.class.getName()
                + ": its message can't be read: java.lang.IllegalStateException");
  }

  @OnEveryKind
  void tasksThatWereThereBeforeAreNamedAndDrawnAsLiving(Kind kind) throws Throwable {
    var timeline = Timeline.recording();
    try (OpenGreenhouse greenhouse = kind.build()) {
      greenhouse.run(
          () ->
              Nursery.run(
                  NurseryOptions.named("old"),
                  nursery -> {
                    var waiting = new CountDownLatch(1);
                    nursery.fork(
                        "early",
                        () -> {
                          waiting.countDown();
                          Task.sleepForever();
                        });
                    while (waiting.getCount() > 0) {
                      Task.checkpoint();
                    }
                    greenhouse.instruments().add(timeline);
                    nursery.fork("late", () -> Task.checkpoint()).join();
                    Trace trace = Trace.of(timeline);
                    assertThat(trace.outcome("early")).isEqualTo("still running");
                    assertThat(trace.outcome("late")).isEqualTo("succeeded");
                    assertThat(trace.task("early").get("args").get("nursery").asText())
                        .isEqualTo("old");
                    assertThat(trace.outcome("main")).isEqualTo("still running");
                    greenhouse.instruments().remove(timeline);
                    nursery.cancel("enough");
                  }));
    }
  }

  @OnEveryKind
  void aGreenhouseInWhichNothingIsSpawnedAnyMoreIsKnownByItsSteps(Kind kind) throws Throwable {
    var timeline = Timeline.recording();
    var allThere = new CountDownLatch(1);
    var goOn = new AtomicBoolean();
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> main =
          greenhouse.launch(
              () -> {
                try (var nursery = Nursery.open("old")) {
                  nursery.fork("sleeper", () -> Task.sleepForever());
                  while (!goOn.get()) {
                    Task.checkpoint();
                    allThere.countDown();
                  }
                  nursery.cancel();
                }
                return true;
              });
      try {
        allThere.await();
        greenhouse.instruments().add(timeline);
        Eventually.run(() -> assertThat(labels(timeline)).contains("main", "sleeper"));
      } finally {
        goOn.set(true);
      }
      main.join();
    }
  }

  private static List<String> labels(Timeline timeline) {
    try {
      return Trace.of(timeline).labels();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @OnEveryKind
  void aStoppedTimelineRecordsNothingAndAStartedOneGoesOn(Kind kind) throws Throwable {
    var timeline = Timeline.recording();
    try (OpenGreenhouse greenhouse = kind.build(timeline)) {
      greenhouse.run(
          () ->
              Nursery.run(
                  nursery -> {
                    nursery.fork("first", () -> Task.checkpoint()).join();
                    timeline.stop();
                    assertThat(timeline.isRecording()).isFalse();
                    nursery.fork("second", () -> Task.checkpoint()).join();
                    timeline.start();
                    assertThat(timeline.isRecording()).isTrue();
                    nursery.fork("third", () -> Task.checkpoint()).join();
                  }));
    }
    assertThat(Trace.of(timeline).labels())
        .contains("main", "first", "third")
        .doesNotContain("second");
  }

  @OnEveryKind
  void whatIsSpawnedInAPauseIsDrawnFromItsEndOn(Kind kind) throws Throwable {
    var timeline = Timeline.recording();
    try (OpenGreenhouse greenhouse = kind.build(timeline)) {
      greenhouse.run(
          () ->
              Nursery.run(
                  nursery -> {
                    nursery.fork("before", () -> Task.checkpoint()).join();
                    timeline.stop();
                    forkSleeper(nursery, "meanwhile");
                    timeline.start();
                    nursery.fork("after", () -> Task.checkpoint()).join();
                    Trace trace = Trace.of(timeline);
                    JsonNode again = trace.events("i", "recording was started again").getFirst();
                    assertThat(ts(trace.task("meanwhile"))).isEqualByComparingTo(ts(again));
                    assertThat(ts(trace.task("before"))).isLessThan(ts(again));
                    assertThat(ts(trace.task("main"))).isLessThan(ts(again));
                    timeline.stop();
                    forkSleeper(nursery, "too late");
                    assertThat(labels(timeline))
                        .contains("main", "before", "meanwhile", "after")
                        .doesNotContain("too late");
                    nursery.cancel();
                  }));
    }
  }

  private static void forkSleeper(Nursery nursery, String name) {
    Task<?> sleeper = nursery.fork(name, () -> Task.sleepForever());
    while (sleeper.state() != TaskState.WAITING) {
      Task.checkpoint();
    }
  }

  private static BigDecimal ts(JsonNode event) {
    return event.get("ts").decimalValue();
  }

  /// Some names are as people would not have them.
  static final List<String> NAMES =
      List.of(
          "it's \"quoted\" \\ and \t tabbed",
          "</script><script>alert('x')</script>",
          "<!--<b>&amp;bold</b>",
          "emoji 🌱👩‍🌾 and half of one \ud83c",
          "lines\n\u2028\u2029\u0000end",
          "x".repeat(10_000),
          "🌱".repeat(5_000));

  @OnEveryKind
  void anyNameComesOutAsItIsOrCut(Kind kind) throws Throwable {
    Trace trace =
        traceOf(
            kind,
            () ->
                Nursery.run(
                    nursery -> NAMES.forEach(n -> nursery.fork(n, () -> Task.checkpoint()))));
    for (String name : NAMES.subList(0, 5)) {
      // UTF-8 has no halves of characters: the escape keeps it.
      assertThat(trace.labels()).contains(name);
    }
    assertThat(trace.labels())
        .contains("x".repeat(119) + "…")
        .contains("🌱".repeat(59) + "…")
        .allSatisfy(l -> assertThat(l).hasSizeLessThanOrEqualTo(120));
  }

  @Test
  void aCapacityThatMakesNoSenseIsRefused() {
    for (int capacity : List.of(0, -1, Integer.MAX_VALUE)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Timeline.recording(capacity))
          .withMessage(
              "A timeline can't keep %d events. Choose a capacity from 1 to 16777216.", capacity);
    }
  }

  @Test
  void nothingRecordedIsAnEmptyTrace() throws IOException {
    assertThat(Trace.of(Timeline.recording()).events()).isEmpty();
  }
}
