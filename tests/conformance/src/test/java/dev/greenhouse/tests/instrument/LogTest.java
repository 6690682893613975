package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.log.TaskEvent;
import dev.greenhouse.instrumentation.log.TaskLog;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.tests.ChildJvm;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.event.Level;

/// The log of tasks: its lines, who writes them, and that nothing waits for it.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LogTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  /// A back end that is stuck until it is let go.
  private static final class Stuck extends LogLines {
    @Serial private static final long serialVersionUID = 1;
    final transient CountDownLatch reached = new CountDownLatch(1);
    final transient CountDownLatch release = new CountDownLatch(1);

    @Override
    void onLine() {
      reached.countDown();
      try {
        release.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  @OnEveryKind
  void whatTasksDoIsWrittenWithItsLevel(Kind kind) {
    var lines = new LogLines();
    try (var log = TaskLog.builder().logger(lines).build()) {
      try (OpenGreenhouse greenhouse = kind.build(log)) {
        greenhouse.run(Load::threeEnds);
      }
      // The end of the greenhouse has waited for the lines.
      assertThat(lines.lines())
          .contains(
              "DEBUG Task 'good' spawned in nursery 'beds'",
              "DEBUG Nursery 'beds' was opened by task 'main'",
              "DEBUG Cancellation was raised in task 'gone': enough")
          .anyMatch(l -> l.matches("DEBUG Task 'main' spawned in greenhouse 'test-.*'"))
          .anyMatch(l -> l.matches("DEBUG Task 'good' ended after \\d.* [nµm]?s"))
          .anyMatch(l -> l.matches("WARN Task 'bad' failed after .*s: java.io.IOException: blight"))
          .anyMatch(l -> l.matches("DEBUG Task 'gone' was cancelled after .*s: enough"))
          .anyMatch(l -> l.matches("INFO Scope '.*' of task 'gone' was cancelled: enough"))
          .anyMatch(l -> l.matches("DEBUG Nursery 'beds' of task 'main' closed after .*s"))
          .noneMatch(l -> l.contains("step") || l.contains("scheduled"));
      assertThat(lines.count("spawned")).isEqualTo(5);
      assertThat(lines.causes).isEmpty();
      assertThat(log.lost()).isZero();
    }
    assertThat(lines.threads)
        .allMatch(t -> t.getName().equals("greenhouse-task-log") && t.isDaemon() && !t.isVirtual());
  }

  @OnEveryKind
  void stepsAndStacksAreWrittenIfWanted(Kind kind) {
    var lines = new LogLines();
    try (var log =
        TaskLog.builder()
            .logger(lines)
            .off(TaskEvent.SPAWNED, TaskEvent.NURSERY_OPENED)
            .level(TaskEvent.SCHEDULED, Level.TRACE)
            .level(TaskEvent.STEP_BEGUN, Level.TRACE)
            .level(TaskEvent.STEP_ENDED, Level.INFO)
            .withStacks()
            .build()) {
      try (OpenGreenhouse greenhouse = kind.build(log)) {
        greenhouse.run(Load::threeEnds);
      }
    }
    assertThat(lines.lines())
        .contains("TRACE Task 'good' was scheduled", "TRACE Task 'good' began a step")
        .anyMatch(l -> l.matches("INFO Task 'good' ended a step after .*s"))
        .noneMatch(l -> l.contains("spawned") || l.contains("opened"));
    assertThat(lines.count("began a step")).isEqualTo(lines.count("ended a step after"));
    assertThat(lines.causes).singleElement().isInstanceOf(IOException.class);
  }

  @OnEveryKind
  void anExceptionThatCantBeReadIsWrittenByItsClass(Kind kind) {
    var lines = new LogLines();
    try (var log = TaskLog.builder().logger(lines).withStacks().build();
        OpenGreenhouse greenhouse = kind.build(log)) {
      greenhouse.run(Load::unreadableEnd);
      assertThat(greenhouse.instruments().list()).containsExactly(log);
      assertThat(log.flush(LONG)).isTrue();
    }
    String shown = Load.Unreadable.class.getName() + ", whose toString threw ";
    assertThat(lines.count(shown + "java.lang.AssertionError")).isEqualTo(1);
  }

  // Rule 14: nothing waits for the log, and what it could not keep is counted
  @OnEveryKind
  void aBackEndThatIsStuckStopsNothingAndTheLossIsTold(Kind kind) throws Exception {
    var stuck = new Stuck();
    var log = TaskLog.builder().logger(stuck).capacity(100).build();
    try (OpenGreenhouse greenhouse = kind.build(log)) {
      greenhouse.run(
          () -> {
            stuck.reached.await(); // with the line of main's spawn
            Load.churn(1_000);
          });
      assertThat(stuck.lines()).isEmpty();
    }
    assertThat(log.flush(Duration.ofMillis(1))).isFalse();
    stuck.release.countDown();
    assertThat(log.flush(LONG)).isTrue();
    log.close();
    // 1,011 tasks with two events each, 101 nurseries with two, no failures
    long told = 2 * 1_011 + 2 * 101;
    assertThat(log.lost()).isEqualTo(told - 128 - 1);
    assertThat(stuck.lines())
        .hasSize(128 + 1 + 1)
        .contains(
            "WARN %d events of tasks were lost, because the log could not keep up. Switch some off, or raise the capacity."
                .formatted(log.lost()));
    assertThat(stuck.lines().getLast()).contains("Task 'main' ended");
  }

  // Issue 5: a back end whose lock is held by a suspended task
  @OnEveryKind
  void aBackEndWhoseLockIsHeldByASuspendedTaskStopsNothing(Kind kind) {
    var lock = new ReentrantLock();
    var waiting = new CountDownLatch(1);
    var lines =
        new LogLines() {
          @Serial private static final long serialVersionUID = 1;

          @Override
          void onLine() {
            if (lock.isLocked()) {
              waiting.countDown();
            }
            lock.lock();
            try {
              assertThat(lock.isHeldByCurrentThread()).isTrue();
            } finally {
              lock.unlock();
            }
          }
        };
    try (var log = TaskLog.builder().logger(lines).build();
        OpenGreenhouse greenhouse = kind.build(log)) {
      greenhouse.run(
          () -> {
            lock.lock();
            try {
              try (var nursery = Nursery.open()) {
                nursery.fork(() -> Load.churn(1_000));
                nursery.fork(() -> waiting.await());
              }
            } finally {
              lock.unlock();
            }
          });
      assertThat(log.flush(LONG)).isTrue();
      assertThat(lines.count("closed after")).isEqualTo(102);
    }
  }

  @OnEveryKind
  void oddNamesAreWrittenOnOneLineAndCut(Kind kind) {
    var lines = new LogLines();
    try (var log = TaskLog.builder().logger(lines).build()) {
      try (OpenGreenhouse greenhouse = kind.build(log)) {
        greenhouse.run(
            () -> {
              for (String name : Load.ODD_NAMES) {
                try (var nursery =
                    Nursery.open(NurseryOptions.named(name).onFailure((t, e) -> {}))) {
                  nursery.fork(
                      name,
                      () -> {
                        throw new IOException(name);
                      });
                }
              }
            });
      }
      assertThat(lines.lines()).allMatch(l -> l.lines().count() == 1 && l.length() < 1_500);
      assertThat(lines.lines())
          .contains("DEBUG Task 'it's \"quoted\"' spawned in nursery 'it's \"quoted\"'")
          .anyMatch(
              l -> l.contains("Task 'two\\nlines\\r\\tand {} %s ${jndi:x} \\' spawned in nursery"))
          .anyMatch(l -> l.contains("'tomato \uD83C\uDF45 and half of one \ufffd' spawned"))
          .anyMatch(l -> l.contains("'\\u001b[31mred\\u2028' spawned"))
          .anyMatch(l -> l.contains("'long" + "\uD83C\uDF45".repeat(98) + "…' spawned"));
    }
  }

  @OnEveryKind
  void tenThousandTasksAreWritten(Kind kind) {
    var lines = new LogLines();
    try (var log = TaskLog.builder().logger(lines).capacity(1 << 20).build();
        OpenGreenhouse greenhouse = kind.build(log)) {
      greenhouse.run(() -> Load.churn(10_000));
      assertThat(log.flush(LONG)).isTrue();
      assertThat(lines.count("spawned")).isEqualTo(10_011);
      assertThat(log.lost()).isZero();
    }
  }

  @OnEveryKind
  void itMayComeAndGoWhileTasksRun(Kind kind) {
    var lines = new LogLines();
    try (var log = TaskLog.builder().logger(lines).build();
        OpenGreenhouse greenhouse = kind.build()) {
      Load.addAndRemove(greenhouse, log, 1_000);
      assertThat(greenhouse.instruments().list()).isEmpty();
      greenhouse.instruments().add(log);
      greenhouse.run(() -> Nursery.run(nursery -> nursery.fork("the last", () -> 1)));
      assertThat(log.flush(LONG)).isTrue();
      assertThat(lines.count("'the last' ended")).isOne();
    }
  }

  @OnEveryKind
  void aBackEndThatThrowsLosesItsLinesOnly(Kind kind) {
    var thrown = new AtomicInteger();
    var lines =
        new LogLines() {
          @Serial private static final long serialVersionUID = 1;

          @Override
          void onLine() {
            if (thrown.getAndIncrement() < 2) {
              throw new IllegalStateException("thrown on purpose by a back end");
            }
          }
        };
    try (var log = TaskLog.builder().logger(lines).build();
        OpenGreenhouse greenhouse = kind.build(log)) {
      greenhouse.run(Load::threeEnds);
      assertThat(log.flush(LONG)).isTrue();
      assertThat(lines.count("Task 'bad' failed")).isEqualTo(1);
    }
  }

  @OnEveryKind
  void aLevelThatIsSwitchedOnLaterIsNoticed(Kind kind) {
    var lines = new LogLines();
    lines.lowest = Level.ERROR;
    try (var log = TaskLog.builder().logger(lines).build();
        OpenGreenhouse greenhouse = kind.build(log)) {
      greenhouse.run(Load::threeEnds);
      assertThat(log.flush(LONG)).isTrue();
      assertThat(lines.lines()).isEmpty();
      lines.lowest = Level.WARN;
      Eventually.run(
          () -> {
            greenhouse.run(Load::threeEnds);
            assertThat(log.flush(LONG)).isTrue();
            assertThat(lines.lines()).isNotEmpty().allMatch(l -> l.startsWith("WARN Task 'bad'"));
          });
    }
  }

  @Test
  void aClosedLogHearsNothing() {
    var lines = new LogLines();
    var log = TaskLog.builder().logger(lines).build();
    log.close();
    log.close();
    try (OpenGreenhouse greenhouse = Kind.POOL.build(log)) {
      greenhouse.run(Load::threeEnds);
    }
    assertThat(lines.lines()).isEmpty();
    Eventually.holds(
        "its thread ends",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(t -> t.getName().equals("greenhouse-task-log")));
  }

  @Test
  void badInputIsRefused() {
    assertThatThrownBy(() -> TaskLog.builder().logger(" "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A task log's logger has no name. Give one, such as 'dev.greenhouse.tasks'.");
    for (int n : List.of(Integer.MIN_VALUE, -1, 0, (1 << 20) + 1, Integer.MAX_VALUE)) {
      assertThatThrownBy(() -> TaskLog.builder().capacity(n))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "A task log can't hold %d events. Give a capacity from 1 to 1048576.".formatted(n));
    }
    assertThatThrownBy(() -> TaskLog.builder().off(TaskEvent.values()).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("All events of this task log are off. Leave at least one on, or add no log.");
    assertThatNullPointerException()
        .isThrownBy(() -> TaskLog.builder().level(TaskEvent.FAILED, null))
        .withMessage("level");
    assertThatNullPointerException()
        .isThrownBy(() -> TaskLog.builder().level(null, Level.INFO))
        .withMessage("event");
  }

  /// A program that ends as soon as its work is done.
  static final class ShortProgram {
    private ShortProgram() {}

    public static void main(String[] args) {
      try (var log = TaskLog.create();
          var greenhouse = Greenhouse.builder().parallelism(1).instrument(log).build()) {
        greenhouse.run(Load::threeEnds);
        greenhouse.launch(
            () -> {
              throw new IOException("the last words");
            });
      }
    }
  }

  @Test
  void aShortProgramSeesItsLines() throws Exception {
    ChildJvm.Result result = ChildJvm.run(ShortProgram.class);
    assertThat(result.output())
        .contains(
            "INFO dev.greenhouse.tasks - Scope",
            "WARN dev.greenhouse.tasks - Task 'bad' failed after",
            "WARN dev.greenhouse.tasks - Task 'main' failed after",
            "the last words");
    assertThat(result.exitCode()).isZero();
  }
}
