package dev.greenhouse.guide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.context.InheritedContext;
import dev.greenhouse.instrumentation.jfr.JfrEvents;
import dev.greenhouse.instrumentation.log.InheritedMdc;
import dev.greenhouse.instrumentation.log.TaskEvent;
import dev.greenhouse.instrumentation.log.TaskLog;
import dev.greenhouse.instrumentation.metrics.GreenhouseMetrics;
import dev.greenhouse.instrumentation.metrics.Metrics;
import dev.greenhouse.instrumentation.metrics.MetricsSnapshot;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.baggage.Baggage;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.BasicMDCAdapter;
import org.slf4j.helpers.LegacyAbstractLogger;

/// The blocks of `docs/guide/instruments.md`.
@Timeout(60)
class InstrumentsTest {
  // region own-instrument
  static final class Roll implements Instrument {
    final Queue<String> ended = new ConcurrentLinkedQueue<>();

    @Override
    public void taskExited(TaskView task, Outcome<?> outcome) {
      switch (outcome) {
        case Outcome.Succeeded<?>(var value) -> ended.add(task.name() + " returned " + value);
        case Outcome.Failed<?>(Throwable error) -> ended.add(task.name() + " threw " + error);
        case Outcome.WasCancelled<?>(CancelReason why) -> ended.add(task.name() + ": " + why);
      }
    }
  }

  // endregion

  @Test
  void oneOfYourOwn() {
    // region own-instrument-added
    var roll = new Roll();
    try (var garden = Greenhouse.builder().name("garden").instrument(roll).build()) {
      garden.run(() -> Nursery.run(nursery -> nursery.fork("weeding", () -> 12)));
    }
    // endregion
    assertThat(roll.ended).containsExactly("weeding returned 12", "main returned null");
  }

  /// Keeps what is logged.
  private static final class Lines extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1;
    final transient Queue<String> lines = new ConcurrentLinkedQueue<>();

    @Override
    protected void handleNormalizedLoggingCall(
        Level level,
        @Nullable Marker marker,
        String text,
        Object @Nullable [] arguments,
        @Nullable Throwable cause) {
      lines.add(level + " " + text);
    }

    @Override
    protected String getFullyQualifiedCallerName() {
      return Lines.class.getName();
    }

    @Override
    public boolean isTraceEnabled() {
      return true;
    }

    @Override
    public boolean isDebugEnabled() {
      return true;
    }

    @Override
    public boolean isInfoEnabled() {
      return true;
    }

    @Override
    public boolean isWarnEnabled() {
      return true;
    }

    @Override
    public boolean isErrorEnabled() {
      return true;
    }
  }

  @Test
  void aLog() {
    var logger = new Lines();
    // region task-log
    try (var log =
            TaskLog.builder()
                .logger(logger) // by default the one named "dev.greenhouse.tasks"
                .level(TaskEvent.CANCEL_REQUESTED, Level.DEBUG)
                .off(TaskEvent.NURSERY_OPENED)
                .build();
        var garden = Greenhouse.builder().name("garden").instrument(log).build()) {
      garden.run(() -> Nursery.run(nursery -> nursery.fork("weeding", () -> 12)));
    }
    // endregion
    assertThat(logger.lines.toString())
        .contains("DEBUG Task 'main' spawned in greenhouse 'garden'", "DEBUG Task 'weeding' ended")
        .doesNotContain("opened");
  }

  @Test
  void theMdcOfARequest() throws ReflectiveOperationException {
    // slf4j-simple has none. Whoever asks for a logger first sets that, so it must have happened.
    assertThat(LoggerFactory.getILoggerFactory()).isNotNull();
    Field adapter = MDC.class.getDeclaredField("MDC_ADAPTER");
    adapter.setAccessible(true);
    Object before = adapter.get(null);
    adapter.set(null, new BasicMDCAdapter());
    try {
      // region inherited-mdc
      try (var server = Greenhouse.builder().instrument(InheritedMdc.create()).build()) {
        server.run(
            () -> {
              MDC.put("request", "4711");
              try (var nursery = Nursery.open()) {
                Task<String> child = nursery.fork(() -> MDC.get("request"));
                assertThat(child.join()).isEqualTo("4711");
              }
            });
      }
      // endregion
    } finally {
      adapter.set(null, before);
    }
  }

  // region inherited-context
  static final ThreadLocal<@Nullable String> TENANT = new ThreadLocal<>();

  static InheritedContext<String> tenants() {
    return InheritedContext.of(
        TENANT::get, // null: there is none to hand on
        tenant -> {
          TENANT.set(tenant);
          return TENANT::remove; // called when the task has ended
        });
  }

  // endregion

  @Test
  void aContextOfYourOwn() {
    try (var server = Greenhouse.builder().instrument(tenants()).build()) {
      server.run(
          () -> {
            TENANT.set("anna");
            try (var nursery = Nursery.open()) {
              assertThat(nursery.fork(() -> TENANT.get()).join()).isEqualTo("anna");
            }
          });
    }
  }

  @Test
  void openTelemetry() {
    // region opentelemetry
    var tracing = InheritedContext.of(Context::current, Context::makeCurrent);
    try (var server = Greenhouse.builder().instrument(tracing).build()) {
      server.run(
          () -> {
            try (Scope _ = Baggage.builder().put("user", "anna").build().makeCurrent();
                var nursery = Nursery.open()) {
              Task<String> child = nursery.fork(() -> Baggage.current().getEntryValue("user"));
              assertThat(child.join()).isEqualTo("anna");
            }
          });
    }
    // endregion
  }

  @Test
  void countsAndHistograms() {
    // region metrics
    var metrics = Metrics.create();
    try (var garden = Greenhouse.builder().name("garden").instrument(metrics).build()) {
      garden.run(() -> Nursery.run(nursery -> nursery.fork("weeding", () -> 12)));
      MetricsSnapshot now = metrics.snapshot();
      assertThat(now.spawned()).isEqualTo(2);
      assertThat(now.queueDelay().percentile(99)).isLessThan(Duration.ofMinutes(1));
    }
    // endregion
  }

  @Test
  void metersOfMicrometer() {
    var clock = new MockClock();
    var registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
    // region micrometer
    var metrics = Metrics.create();
    new GreenhouseMetrics(metrics, Tags.of("greenhouse", "garden")).bindTo(registry);
    try (var garden = Greenhouse.builder().name("garden").instrument(metrics).build()) {
      garden.run(() -> Nursery.run(nursery -> nursery.fork("weeding", () -> 12)));
    }
    // endregion
    clock.add(Duration.ofSeconds(1));
    assertThat(registry.get("greenhouse.tasks.spawned").functionCounter().count()).isEqualTo(2);
  }

  @Test
  void theFlightRecorder(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("garden.jfr");
    // region flight-recorder
    try (var recording = new Recording();
        var garden = Greenhouse.builder().name("garden").instrument(JfrEvents.create()).build()) {
      recording.enable("dev.greenhouse.TaskStep").withThreshold(Duration.ofMillis(5));
      recording.start();
      garden.run(() -> Nursery.run(nursery -> nursery.fork("weeding", () -> 12)));
      recording.dump(file);
    }
    // endregion
    assertThat(RecordingFile.readAllEvents(file).stream().filter(InstrumentsTest::isExit))
        .extracting(e -> e.getString("task"))
        .contains("weeding");
  }

  private static boolean isExit(RecordedEvent event) {
    return event.getEventType().getName().equals("dev.greenhouse.TaskExited");
  }
}
