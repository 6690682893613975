package dev.greenhouse.tests.instrument;

import dev.greenhouse.instrumentation.context.InheritedContext;
import dev.greenhouse.instrumentation.jfr.JfrEvents;
import dev.greenhouse.instrumentation.log.InheritedMdc;
import dev.greenhouse.instrumentation.log.TaskLog;
import dev.greenhouse.instrumentation.metrics.Metrics;
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
        OpenGreenhouse greenhouse =
            kind.build(
                Metrics.create(),
                log,
                InheritedMdc.create(),
                InheritedContext.of(() -> contextIn(ended), context -> () -> {}),
                JfrEvents.create(),
                JfrEvents.withoutSteps())) {
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

  /// {@return a context that the list has a weak reference to}
  private static Object contextIn(List<WeakReference<Object>> list) {
    var context = new Object();
    list.add(new WeakReference<>(context));
    return context;
  }
}
