package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.context.InheritedContext;
import dev.greenhouse.instrumentation.jfr.JfrEvents;
import dev.greenhouse.instrumentation.log.InheritedMdc;
import dev.greenhouse.instrumentation.log.TaskLog;
import dev.greenhouse.instrumentation.metrics.Metrics;
import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.instrumentation.tree.TaskAges;
import dev.greenhouse.instrumentation.watch.StallWatch;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import jdk.jfr.Recording;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.MDC;

/// Stock instruments remember nothing of what has ended.
@ExtendWith(NothingLeft.class)
class RetentionTest {
  @OnEveryKind
  void noInstrumentKeepsATaskOrNurseryThatHasEnded(Kind kind) throws Exception {
    List<WeakReference<Object>> ended = new CopyOnWriteArrayList<>();
    try (var mdc = ThreadLocalMdc.install();
        var recording = new Recording();
        var log = TaskLog.builder().logger(new LogLines()).build();
        var watch = StallWatch.create();
        OpenGreenhouse greenhouse =
            kind.build(
                Metrics.create(),
                log,
                InheritedMdc.create(),
                InheritedContext.of(() -> contextIn(ended), context -> () -> {}),
                JfrEvents.create(),
                JfrEvents.withoutSteps(),
                TaskAges.create(),
                watch,
                Timeline.recording())) {
      mdc.clear();
      recording.start();
      greenhouse.run(
          () -> {
            MDC.put("request", "1");
            try (var nursery = Nursery.open()) {
              ended.add(new WeakReference<>(nursery));
              Task<?> child = nursery.fork(() -> Task.checkpoint());
              ended.add(new WeakReference<>(child));
            }
          });
      log.flush(Duration.ofSeconds(30));
      Eventually.holds(
          "all is collected",
          () -> {
            System.gc();
            return ended.stream().allMatch(r -> r.get() == null);
          });
    }
  }

  /// Those with a table of living tasks drop the ended ones as others come.
  @OnEveryKind
  void aGreenhouseIsNotKeptByWhatWasRemovedFromIt(Kind kind) {
    try (var watch = StallWatch.create()) {
      List<Instrument> instruments = List.of(watch, Timeline.recording());
      WeakReference<Object> greenhouse = closedAfterItLost(instruments, kind);
      Eventually.holds(
          "it is collected",
          () -> {
            System.gc();
            return greenhouse.get() == null;
          });
      assertThat(instruments).hasSize(2); // they are still there
    }
  }

  /// {@return a greenhouse that was closed when it had no instrument any more} Nobody else knows
  /// it.
  private static WeakReference<Object> closedAfterItLost(List<Instrument> instruments, Kind kind) {
    var builder = Greenhouse.builder();
    switch (kind) {
      case LOOP -> builder.singleThreaded();
      case POOL -> builder.parallelism(2);
      case SEEDED -> builder.seeded(1);
    }
    instruments.forEach(builder::instrument);
    try (OpenGreenhouse greenhouse = builder.build()) {
      greenhouse.run(
          () -> {
            Nursery.run(nursery -> nursery.fork(() -> Task.sleep(Duration.ofMillis(1))));
            instruments.forEach(greenhouse.instruments()::remove);
          });
      return new WeakReference<>(greenhouse);
    }
  }

  /// {@return a context that the list has a weak reference to}
  private static Object contextIn(List<WeakReference<Object>> list) {
    var context = new Object();
    list.add(new WeakReference<>(context));
    return context;
  }
}
