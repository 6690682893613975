package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.log.InheritedMdc;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.MDC;

/// Rule 14: what lives in thread-locals travels from whoever forks to the task.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MdcTest {
  private static final ScopedValue<String> BED = ScopedValue.newInstance();

  private ThreadLocalMdc installed;

  @BeforeEach
  void install() throws ReflectiveOperationException {
    installed = ThreadLocalMdc.install();
  }

  @AfterEach
  void uninstall() throws ReflectiveOperationException {
    installed.close();
  }

  @OnEveryKind
  void aTaskHasTheMdcOfItsForkAndKeepsItAcrossWaits(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build(InheritedMdc.create())) {
      greenhouse.run(
          () -> {
            MDC.put("request", "1");
            try (var nursery = Nursery.open()) {
              Task<Map<String, String>> child =
                  nursery.fork(
                      () -> {
                        Task.checkpoint();
                        try (var inner = Nursery.open()) {
                          return inner.fork(MDC::getCopyOfContextMap).join();
                        }
                      });
              String started = nursery.start(status -> status.started(MDC.get("request")));
              assertThat(started).isEqualTo("1");
              assertThat(child.join()).containsExactly(Map.entry("request", "1"));
              MDC.remove("request");
              assertThat(nursery.fork(MDC::getCopyOfContextMap).join()).isEmpty();
            }
          });
    }
  }

  @OnEveryKind
  void itIsACopyAndThatOfWhoeverForks(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build(InheritedMdc.create())) {
      greenhouse.run(
          () -> {
            MDC.put("who", "main");
            try (var nursery = Nursery.open()) {
              Task<String> grandchild =
                  nursery
                      .fork(
                          () -> {
                            MDC.put("who", "child");
                            return nursery.fork(() -> MDC.get("who"));
                          })
                      .join();
              assertThat(grandchild.join()).isEqualTo("child");
              assertThat(MDC.get("who")).isEqualTo("main");
            }
          });
    }
  }

  @OnEveryKind
  void itIsPutBackWhenTheTaskHasEnded(Kind kind) {
    Queue<Object> left = new ConcurrentLinkedQueue<>();
    var after =
        new Instrument() {
          @Override
          public void taskLeft(TaskView task) {
            if (task.name().equals("child")) {
              left.add(Objects.requireNonNull(MDC.getCopyOfContextMap()));
            }
          }
        };
    try (OpenGreenhouse greenhouse = kind.build(InheritedMdc.create(), after)) {
      greenhouse.run(
          () -> {
            MDC.put("request", "1");
            Nursery.run(n -> n.fork("child", () -> MDC.put("more", "2")));
          });
    }
    assertThat(left).containsExactly(Map.of());
  }

  @Test
  void aThreadThatOpensANurseryKeepsItsOwn() {
    var mdc = InheritedMdc.create();
    Greenhouse.common().instruments().add(mdc);
    try {
      MDC.put("thread", "a");
      try (var nursery = Nursery.open()) {
        assertThat(nursery.fork(() -> MDC.get("thread")).join()).isEqualTo("a");
        MDC.put("thread", "b");
      }
      assertThat(MDC.get("thread")).isEqualTo("b");
    } finally {
      Greenhouse.common().instruments().remove(mdc);
      MDC.clear();
    }
  }

  // Without the flag such a task gets another thread, and another id, at its start.
  @OnEveryKind
  void aForkUnderOtherScopedValuesHasIt(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build(InheritedMdc.create())) {
      greenhouse.run(
          () -> {
            MDC.put("request", "1");
            try (var nursery = Nursery.open()) {
              Task<String> child =
                  ScopedValue.where(BED, "left").call(() -> nursery.fork(() -> MDC.get("request")));
              assertThat(child.join()).isEqualTo("1");
            }
          });
    }
  }

  @OnEveryKind
  void tenThousandTasksHaveTheirOwn(Kind kind) {
    var right = new AtomicInteger();
    try (OpenGreenhouse greenhouse = kind.build(InheritedMdc.create())) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              for (int i = 0; i < 10_000; i++) {
                String request = "request " + i;
                MDC.put("request", request);
                nursery.fork(
                    () -> {
                      Task.checkpoint();
                      right.addAndGet(request.equals(MDC.get("request")) ? 1 : 0);
                    });
              }
            }
          });
    }
    assertThat(right).hasValue(10_000);
  }

  @OnEveryKind
  void itMayComeAndGoWhileTasksRun(Kind kind) {
    var mdc = InheritedMdc.create();
    try (OpenGreenhouse greenhouse = kind.build()) {
      greenhouse.instruments().add(mdc);
      greenhouse.instruments().remove(mdc);
      MDC.put("request", "outside");
      Load.addAndRemove(greenhouse, mdc, 1_000);
      MDC.clear();
      greenhouse.instruments().add(mdc);
      greenhouse.run(
          () -> {
            assertThat(MDC.getCopyOfContextMap()).isEmpty();
            MDC.put("request", "1");
            try (var nursery = Nursery.open()) {
              assertThat(nursery.fork(() -> MDC.get("request")).join()).isEqualTo("1");
            }
          });
    }
  }
}
