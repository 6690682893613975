package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.context.InheritedContext;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 15: a context whose functions throw ends, and the tasks go on.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InheritedContextFaultTest {
  private static void removedAfter(
      Kind kind, InheritedContext<String> broken, int children, String... logged) {
    try (CapturedLog log = CapturedLog.begin();
        OpenGreenhouse greenhouse = kind.build(broken)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              for (int i = 0; i < children; i++) {
                assertThat(nursery.fork(() -> 12).join()).isEqualTo(12);
              }
            }
          });
      assertThat(greenhouse.instruments().list()).isEmpty();
      log.await(logged);
    }
  }

  @OnEveryKind
  void aCaptureThatThrowsEndsIt(Kind kind) {
    InheritedContext<String> broken =
        InheritedContext.of(
            () -> {
              throw new IllegalStateException("no camera");
            },
            place -> () -> {});
    removedAfter(kind, broken, 2, "threw in taskSpawned and was removed", "no camera");
  }

  @OnEveryKind
  void anAttachThatThrowsEndsIt(Kind kind) {
    InheritedContext<String> broken =
        InheritedContext.of(
            () -> "garden",
            place -> {
              throw new IllegalStateException("no glue");
            });
    removedAfter(kind, broken, 2, "threw in taskEntered and was removed", "no glue");
  }

  @OnEveryKind
  void anAttachThatGivesNothingToCloseEndsIt(Kind kind) {
    InheritedContext<String> broken = InheritedContext.of(() -> "garden", place -> null);
    removedAfter(
        kind,
        broken,
        2,
        "threw in taskEntered and was removed",
        "attach returned nothing to close");
  }

  @OnEveryKind
  void aContextThatCannotBePutBackEndsIt(Kind kind) {
    var attached = new AtomicInteger();
    InheritedContext<String> broken =
        InheritedContext.of(
            () -> "garden",
            place -> {
              attached.incrementAndGet();
              return () -> {
                throw new IOException("moved");
              };
            });
    removedAfter(
        kind,
        broken,
        3,
        "threw in taskLeft and was removed",
        "could not be put back. Mend its close",
        "java.io.IOException: moved");
    assertThat(attached).as("main and the first child").hasValue(2);
  }
}
