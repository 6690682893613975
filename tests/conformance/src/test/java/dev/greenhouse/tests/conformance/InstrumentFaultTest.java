package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Rule 15 and conformance G72: instruments that throw, remove and add one another.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InstrumentFaultTest {
  /// Throws in one hook.
  private static final class Broken extends Recorder {
    private final String hook;
    private final AtomicInteger thrown = new AtomicInteger();
    private final AtomicInteger after = new AtomicInteger();

    /// Set when no call that began before the removal can still be under way.
    private volatile boolean settled;

    Broken(String hook) {
      this.hook = hook;
    }

    @Override
    void on(String called, @Nullable TaskView task) {
      if (settled) {
        after.incrementAndGet();
      }
      if (called.equals(hook)) {
        thrown.incrementAndGet();
        throw new IllegalStateException("instrument broke in " + hook);
      }
    }
  }

  static List<String> hooks() {
    return Recorder.HOOKS;
  }

  /// Every hook fires here, again and again.
  private static int work(OpenGreenhouse greenhouse, Instrument broken) {
    return greenhouse.<Integer, RuntimeException>call(
        () -> {
          int sum = 0;
          for (int i = 0; i < 3; i++) {
            if (broken instanceof Broken b && !greenhouse.instruments().list().contains(b)) {
              b.settled = true; // on a loop: the only other thread waits for this task
            }
            try (var nursery = Nursery.open()) {
              nursery.fork(() -> Task.sleepForever());
              sum += nursery.fork(() -> 1).join();
              Task.sleep(Duration.ofMillis(1));
              nursery.cancel();
            }
          }
          return sum;
        });
  }

  // G72
  @ParameterizedTest
  @MethodSource("hooks")
  @NeedsFlag
  void anInstrumentThatThrowsInAHookIsRemovedReportedAndCalledNoMore(String hook) throws Exception {
    var broken = new Broken(hook);
    var healthy = new Recorder();
    var undisturbed = new Recorder();
    try (CapturedLog log = CapturedLog.begin()) {
      try (OpenGreenhouse greenhouse = Kind.LOOP.build(broken, healthy)) {
        assertThat(work(greenhouse, broken)).isEqualTo(3);
        if (!hook.equals("afterRun")) {
          assertThat(greenhouse.instruments().list()).containsExactly(healthy);
        }
      }
      log.await("instrument broke in " + hook + System.lineSeparator() + "\tat ");
      String text = log.text();
      assertThat(text).contains("ERROR").contains(Broken.class.getName());
      assertThat(text).contains("\tat " + Broken.class.getName()); // its stack
      assertThat(text.split("instrument broke in", -1)).as("once").hasSize(2);
    }
    assertThat(broken.thrown).hasValue(1);
    assertThat(broken.after).as("calls that began afterwards").hasValue(0);
    try (OpenGreenhouse greenhouse = Kind.LOOP.build(undisturbed)) {
      work(greenhouse, undisturbed);
    }
    for (String counted :
        List.of("taskSpawned", "taskExited", "nurseryClosed", "cancelRequested", "afterRun")) {
      assertThat(healthy.count(counted)).as(counted).isEqualTo(undisturbed.count(counted));
    }
  }

  // G72 on every kind, where hooks may run at once
  @OnEveryKind
  void tasksGoOnWhateverHookThrows(Kind kind) throws Exception {
    try (CapturedLog log = CapturedLog.begin()) {
      for (String hook : Recorder.HOOKS) {
        boolean fires = !hook.endsWith("Idle") || kind != Kind.POOL;
        var broken = new Broken(hook);
        try (OpenGreenhouse greenhouse = kind.build(broken)) {
          assertThat(work(greenhouse, broken)).isEqualTo(3);
        }
        if (fires) {
          log.await("instrument broke in " + hook + System.lineSeparator() + "\tat ");
        }
      }
    }
  }

  // "Even before main exists", and errors, too
  @OnEveryKind
  void anErrorInAHookIsNoBetterThanAnException(Kind kind) throws Exception {
    var calls = new AtomicInteger();
    var broken =
        new Instrument() {
          @Override
          public void taskEntered(TaskView task) {
            calls.incrementAndGet();
            throw new StackOverflowError("instrument overflowed");
          }
        };
    try (CapturedLog log = CapturedLog.begin()) {
      try (OpenGreenhouse greenhouse = kind.build(broken)) {
        assertThat(work(greenhouse, broken)).isEqualTo(3);
        assertThat(greenhouse.instruments().list()).isEmpty();
      }
      log.await("instrument overflowed" + System.lineSeparator() + "\tat ");
    }
    assertThat(calls).hasValue(1);
  }

  // Its owner need not know that it was removed
  @OnEveryKind
  void removingAnInstrumentThatWasRemovedBecauseItThrewIsFine(Kind kind) throws Exception {
    var broken = new Broken("taskSpawned");
    try (CapturedLog log = CapturedLog.begin();
        OpenGreenhouse greenhouse = kind.build(broken)) {
      work(greenhouse, broken);
      log.await("instrument broke in taskSpawned" + System.lineSeparator() + "\tat ");
      assertThatCode(() -> greenhouse.instruments().remove(broken)).doesNotThrowAnyException();
      greenhouse.instruments().add(broken); // and it gets another chance
      assertThat(greenhouse.instruments().list()).containsExactly(broken);
      broken.settled = false;
      work(greenhouse, broken);
      assertThat(broken.thrown).hasValue(2);
    }
  }

  /// Removes another instrument when a task named child is scheduled.
  private static final class Rival implements Instrument {
    private final AtomicInteger calls = new AtomicInteger();
    private @Nullable Rival other; // before the run
    private @Nullable OpenGreenhouse greenhouse; // before the run

    @Override
    public void taskSpawned(TaskView task) {
      if (task.name().equals("child")) {
        calls.incrementAndGet();
        if (greenhouse != null && other != null) {
          greenhouse.instruments().remove(other);
        }
      }
    }
  }

  // "No call to it begins after that", not even in the pass that is under way
  @OnEveryKind
  void ofInstrumentsThatRemoveEachOtherTheFirstWins(Kind kind) {
    var first = new Rival();
    var second = new Rival();
    var witness = new Recorder();
    try (OpenGreenhouse greenhouse = kind.build(first, second, witness)) {
      for (Rival rival : List.of(first, second)) {
        rival.other = rival == first ? second : first;
        rival.greenhouse = greenhouse;
      }
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("child", () -> {});
            }
          });
      assertThat(greenhouse.instruments().list()).containsExactly(first, witness);
    }
    assertThat(first.calls).hasValue(1);
    assertThat(second.calls).hasValue(0);
    assertThat(witness.texts(e -> e.hook().equals("taskSpawned")))
        .containsExactly("taskSpawned main", "taskSpawned child");
  }

  @OnEveryKind
  void anInstrumentMayRemoveItselfAndAddAnotherInAHook(Kind kind) {
    var added = new Recorder();
    var calls = new AtomicInteger();
    try (OpenGreenhouse greenhouse = kind.build()) {
      var replacing =
          new Instrument() {
            @Override
            public void taskSpawned(TaskView task) {
              calls.incrementAndGet();
              greenhouse.instruments().remove(this);
              greenhouse.instruments().add(added);
            }
          };
      greenhouse.instruments().add(replacing);
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("child", () -> {});
            }
          });
      assertThat(greenhouse.instruments().list()).containsExactly(added);
    }
    assertThat(calls).hasValue(1);
    assertThat(added.texts(e -> e.hook().equals("taskSpawned"))).contains("taskSpawned child");
  }

  @Test
  void removingAnUnknownInstrumentIsAnErrorThatNamesTheGreenhouse() {
    try (OpenGreenhouse greenhouse = Kind.POOL.build()) {
      assertThatCode(() -> greenhouse.instruments().remove(new Recorder()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(greenhouse.name());
    }
  }
}
