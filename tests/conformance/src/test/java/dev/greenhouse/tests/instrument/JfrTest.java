package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.jfr.JfrEvents;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.ChildJvm;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Events of the Flight Recorder, read back.
@ExtendWith(NothingLeft.class)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JfrTest {
  private static final String NAME = "dev.greenhouse.";
  private static final String STEP = NAME + "TaskStep";

  @TempDir Path folder;

  /// Stops a recording and reads our events from it.
  private List<RecordedEvent> stop(Recording recording) throws IOException {
    recording.stop();
    Path file = folder.resolve("recording.jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file).stream()
        .filter(e -> e.getEventType().getName().startsWith(NAME))
        .toList();
  }

  /// {@return our events of a recording of what a main task does}
  private List<RecordedEvent> record(Kind kind, Instrument instrument, Kind.Body body)
      throws Throwable {
    return record(kind, instrument, recording -> {}, body);
  }

  private List<RecordedEvent> record(
      Kind kind, Instrument instrument, Consumer<Recording> settings, Kind.Body body)
      throws Throwable {
    try (var recording = new Recording()) {
      settings.accept(recording);
      recording.start();
      try (OpenGreenhouse greenhouse = kind.build(instrument)) {
        greenhouse.run(body::run);
      }
      return stop(recording);
    }
  }

  private static Stream<RecordedEvent> of(List<RecordedEvent> events, String type) {
    return events.stream().filter(e -> e.getEventType().getName().equals(NAME + type));
  }

  private static RecordedEvent one(List<RecordedEvent> events, String type, String task) {
    List<RecordedEvent> found =
        of(events, type).filter(e -> e.getString("task").equals(task)).toList();
    assertThat(found).as("%s of %s", type, task).hasSize(1);
    return found.getFirst();
  }

  @OnEveryKind
  void whatTasksDoIsRecorded(Kind kind) throws Throwable {
    List<RecordedEvent> events = record(kind, JfrEvents.create(), Load::threeEnds);

    RecordedEvent spawned = one(events, "TaskSpawned", "good");
    assertThat(spawned.getString("nursery")).isEqualTo("beds");
    assertThat(spawned.getString("parent")).isEqualTo("main");
    assertThat(spawned.getString("greenhouse")).startsWith("test-");
    assertThat(spawned.getEventType().getCategoryNames()).containsExactly("Greenhouse");
    assertThat(spawned.getEventType().getLabel()).isEqualTo("Task Spawned");

    RecordedEvent good = one(events, "TaskExited", "good");
    assertThat(good.getString("outcome")).isEqualTo("succeeded");
    assertThat(good.getString("detail")).isEmpty();
    assertThat(good.getLong("taskId")).isEqualTo(spawned.getLong("taskId"));
    RecordedEvent bad = one(events, "TaskExited", "bad");
    assertThat(bad.getString("outcome")).isEqualTo("failed");
    assertThat(bad.getString("detail")).isEqualTo("java.io.IOException: blight");
    RecordedEvent gone = one(events, "TaskExited", "gone");
    assertThat(gone.getString("outcome")).isEqualTo("cancelled");
    assertThat(gone.getString("detail")).isEqualTo("enough");

    RecordedEvent requested = one(events, "CancelRequested", "gone");
    assertThat(requested.getString("source")).isEqualTo("EXPLICIT");
    assertThat(requested.getString("reason")).isEqualTo("enough");
    assertThat(requested.getStackTrace().getFrames())
        .anyMatch(f -> f.getMethod().getName().equals("threeEnds"));
    RecordedEvent delivered = one(events, "CancelDelivered", "gone");
    assertThat(delivered.getString("reason")).isEqualTo("enough");
    assertThat(delivered.getString("nursery")).isEqualTo("beds");

    RecordedEvent nursery = of(events, "Nursery").toList().getFirst();
    assertThat(nursery.getString("nursery")).isEqualTo("beds");
    assertThat(nursery.getString("owner")).isEqualTo("main");
    assertThat(nursery.getString("outer")).isEmpty();
    assertThat(nursery.getInt("tasks")).isEqualTo(4);
    assertThat(nursery.getInt("failed")).isEqualTo(1);
    assertThat(nursery.getInt("cancelled")).isEqualTo(1);

    // A life lies within its nursery's, and that within main's.
    RecordedEvent main = one(events, "TaskExited", "main");
    assertThat(nursery.getStartTime()).isBeforeOrEqualTo(gone.getStartTime());
    assertThat(nursery.getEndTime()).isAfterOrEqualTo(gone.getEndTime());
    assertThat(main.getStartTime()).isBeforeOrEqualTo(nursery.getStartTime());
    assertThat(main.getEndTime()).isAfterOrEqualTo(nursery.getEndTime());
  }

  @OnEveryKind
  void anExceptionThatCantBeReadIsRecordedByItsClass(Kind kind) throws Throwable {
    Instrument instrument = JfrEvents.create();
    List<RecordedEvent> events =
        record(
            kind,
            instrument,
            () -> {
              Load.unreadableEnd();
              assertThat(Task.current().greenhouse().instruments().list())
                  .containsExactly(instrument);
            });
    assertThat(one(events, "TaskExited", "unreadable").getString("detail"))
        .isEqualTo(
            Load.Unreadable.class.getName() + ", whose toString threw java.lang.AssertionError");
  }

  @OnEveryKind
  void nestedNurseriesNameTheOneAround(Kind kind) throws Throwable {
    List<RecordedEvent> events =
        record(
            kind,
            JfrEvents.withoutSteps(),
            () -> {
              try (var outer = Nursery.open("outer");
                  var inner = Nursery.open("inner")) {
                inner.fork("task", () -> Nursery.run(NurseryOptions.named("innermost"), n -> {}));
                assertThat(outer.children()).isEmpty();
              }
            });
    Map<String, String> around =
        of(events, "Nursery")
            .collect(Collectors.toMap(e -> e.getString("nursery"), e -> e.getString("outer")));
    assertThat(around)
        .containsOnly(
            Map.entry("outer", ""), Map.entry("inner", "outer"), Map.entry("innermost", "inner"));
  }

  private static void spin(Duration time) {
    long start = System.nanoTime();
    while (System.nanoTime() - start < time.toNanos()) {
      Thread.onSpinWait();
    }
  }

  @OnEveryKind
  void longStepsAreRecordedAndNoOthers(Kind kind) throws Throwable {
    Duration threshold = Duration.ofMillis(20); // the event's own
    List<RecordedEvent> events =
        record(
            kind,
            JfrEvents.create(),
            () -> {
              try (var nursery = Nursery.open()) {
                nursery.fork("long", () -> spin(threshold));
                for (int i = 0; i < 1_000; i++) {
                  nursery.fork(() -> Task.checkpoint());
                }
              }
            });
    List<RecordedEvent> steps = of(events, "TaskStep").toList();
    assertThat(steps).allMatch(e -> e.getDuration().compareTo(threshold) >= 0);
    assertThat(steps).anyMatch(e -> e.getString("task").equals("long"));
    assertThat(steps).hasSizeLessThan(1_000);
  }

  @OnEveryKind
  void aRecordingCanMakeAllStepsVisibleOrNone(Kind kind) throws Throwable {
    assertThat(stepsOfAChild(kind, JfrEvents.create())).isEqualTo(2);
    assertThat(stepsOfAChild(kind, JfrEvents.withoutSteps())).isZero();
  }

  private long stepsOfAChild(Kind kind, Instrument instrument) throws Throwable {
    List<RecordedEvent> events =
        record(
            kind,
            instrument,
            recording -> recording.enable(STEP).withThreshold(Duration.ZERO),
            () -> Nursery.run(n -> n.fork("child", () -> Task.checkpoint())));
    return of(events, "TaskStep").filter(e -> e.getString("task").equals("child")).count();
  }

  @NeedsFlag
  @Test
  void stepsThatComeTooFastAreCounted() throws Throwable {
    int steps = 100_000;
    List<RecordedEvent> events =
        record(
            Kind.LOOP,
            JfrEvents.create(),
            recording -> recording.enable(STEP).withThreshold(Duration.ZERO),
            () -> {
              for (int i = 1; i < steps; i++) {
                Task.checkpoint();
              }
            });
    long lost = of(events, "EventsLost").mapToLong(e -> e.getLong("count")).sum();
    assertThat(of(events, "TaskStep").count() + lost).isEqualTo(steps);
  }

  @OnEveryKind
  void whatBeganBeforeTheRecordingEndsWithoutADuration(Kind kind) throws Exception {
    try (var recording = new Recording()) {
      try (OpenGreenhouse greenhouse = kind.build(JfrEvents.create())) {
        greenhouse.run(() -> startWithin(recording));
      }
      List<RecordedEvent> events = stop(recording);
      assertThat(one(events, "TaskExited", "older").getDuration()).isZero();
      assertThat(one(events, "TaskExited", "younger").getDuration()).isPositive();
      assertThat(of(events, "TaskSpawned")).hasSize(1);
      assertThat(of(events, "Nursery")).isEmpty();
    }
  }

  private static void startWithin(Recording recording) throws InterruptedException {
    var inside = new CountDownLatch(1);
    var release = new CountDownLatch(1);
    try (var nursery = Nursery.open("older")) {
      nursery.fork(
          "older",
          () -> {
            inside.countDown();
            release.await();
          });
      inside.await();
      recording.start();
      nursery.fork("younger", () -> 1);
      release.countDown();
    }
  }

  @OnEveryKind
  void tenThousandTasksAreRecorded(Kind kind) throws Throwable {
    List<RecordedEvent> events = record(kind, JfrEvents.create(), () -> Load.churn(10_000));
    assertThat(of(events, "TaskSpawned")).hasSize(10_011);
    assertThat(of(events, "TaskExited")).hasSize(10_011);
    assertThat(of(events, "Nursery")).hasSize(1_001);
    assertThat(of(events, "Nursery").mapToInt(e -> e.getInt("tasks")).sum()).isEqualTo(10_010);
  }

  @OnEveryKind
  void itMayComeAndGoWhileTasksRun(Kind kind) throws Exception {
    try (var recording = new Recording()) {
      recording.enable(STEP).withThreshold(Duration.ofMillis(1));
      recording.start();
      try (OpenGreenhouse greenhouse = kind.build()) {
        Load.addAndRemove(greenhouse, JfrEvents.create(), 1_000);
        assertThat(greenhouse.instruments().list()).isEmpty();
        greenhouse.instruments().add(JfrEvents.create());
        greenhouse.run(() -> Nursery.run(nursery -> nursery.fork("the last", () -> 1)));
      }
      assertThat(of(stop(recording), "TaskExited").map(e -> e.getString("task")))
          .contains("the last");
    }
  }

  @OnEveryKind
  void oddNamesAreRecordedAndCut(Kind kind) throws Throwable {
    List<RecordedEvent> events =
        record(
            kind,
            JfrEvents.create(),
            () ->
                Nursery.run(
                    nursery -> {
                      for (String name : Load.ODD_NAMES) {
                        nursery.fork(name, () -> 1);
                      }
                    }));
    assertThat(of(events, "TaskExited").map(e -> e.getString("task")))
        .containsExactlyInAnyOrder(
            "main",
            "it's \"quoted\"",
            "two\\nlines\\r\\tand {} %s ${jndi:x} \\",
            "tomato \uD83C\uDF45 and half of one \ufffd",
            "\\u001b[31mred\\u2028",
            "long" + "\uD83C\uDF45".repeat(98) + "…");
  }

  @Test
  void aStreamHearsOfThemWhileTheyHappen() throws Exception {
    var outcomes = new CopyOnWriteArrayList<String>();
    try (var stream = new RecordingStream();
        OpenGreenhouse greenhouse = Kind.POOL.build(JfrEvents.create())) {
      stream.onEvent(NAME + "TaskExited", e -> outcomes.add(e.getString("outcome")));
      stream.startAsync();
      greenhouse.run(Load::threeEnds);
      stream.stop();
    }
    assertThat(outcomes)
        .containsExactlyInAnyOrder("succeeded", "succeeded", "succeeded", "failed", "cancelled");
  }

  @Test
  void theJdksToolPrintsThem() throws Throwable {
    assertThat(record(Kind.POOL, JfrEvents.create(), Load::threeEnds)).isNotEmpty();
    Path tool = Path.of(System.getProperty("java.home"), "bin", "jfr");
    if (!Files.isExecutable(tool)) {
      tool = tool.resolveSibling("jfr.exe");
    }
    Process print =
        new ProcessBuilder(
                tool.toString(),
                "print",
                "--categories",
                "Greenhouse",
                folder.resolve("recording.jfr").toString())
            .redirectErrorStream(true)
            .start();
    var text = new String(print.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(print.waitFor()).as(text).isZero();
    assertThat(text)
        .contains(
            NAME + "Nursery {",
            NAME + "TaskExited {",
            NAME + "CancelRequested {",
            "detail = \"java.io.IOException: blight\"",
            "outcome = \"cancelled\"");
  }

  private static void allHooks(Instrument instrument, Nursery nursery, int times) {
    TaskView task = nursery.owner();
    var succeeded = new Outcome.Succeeded<>(1);
    var reason = new CancelReason(CancelReason.Source.EXPLICIT, "enough");
    for (int i = 0; i < times; i++) {
      instrument.taskSpawned(task);
      instrument.taskScheduled(task);
      instrument.beforeTaskStep(task);
      instrument.afterTaskStep(task);
      instrument.nurseryOpened(nursery);
      instrument.nurseryClosed(nursery);
      instrument.cancelRequested(task, "scope", reason);
      instrument.cancelDelivered(task, reason);
      instrument.taskExited(task, succeeded);
    }
  }

  @Test
  void hooksAllocateNothingWhileNobodyRecords() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Instrument instrument = JfrEvents.create();
    try (var nursery = Nursery.open()) {
      allHooks(instrument, nursery, 1_000);
      threads.getCurrentThreadAllocatedBytes();
      long before = threads.getCurrentThreadAllocatedBytes();
      allHooks(instrument, nursery, 100_000);
      // Not a byte a round; the rest is the JVM's own.
      assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(100_000);
    }
  }

  /// Asks for events.
  static final class WithoutJfr {
    private WithoutJfr() {}

    public static void main(String[] args) {
      try {
        JfrEvents.create();
      } catch (IllegalStateException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void aJavaWithoutFlightRecorderSaysSo() throws Exception {
    ChildJvm.Result result =
        ChildJvm.run(List.of("--limit-modules", "java.base"), WithoutJfr.class);
    assertThat(result.output())
        .contains(
            "Events for the Flight Recorder need the JDK's module jdk.jfr, and this Java runs"
                + " without it. Start it with --add-modules jdk.jfr");
    assertThat(result.exitCode()).isZero();
  }
}
