package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 14 and conformance G68, G71 on every kind: pairs, outcomes, threads. Exact orders are in
/// [InstrumentOrderTest].
@ExtendWith(NothingLeft.class)
class InstrumentTest {
  private static final int MANY = 100;

  /// Checks that the steps of each task alternate and never overlap.
  private static final class Pairs extends Recorder {
    private final Map<Long, String> last = new ConcurrentHashMap<>();
    final Queue<String> mistakes = new ConcurrentLinkedQueue<>();

    @Override
    void on(String hook, @Nullable TaskView task) {
      if (task != null && hook.endsWith("TaskStep")) {
        String before = last.put(task.id(), hook);
        if (hook.equals(before)) {
          mistakes.add(task.name() + ": twice " + hook);
        }
      }
    }

    void assertAllEnded() {
      assertThat(mistakes).isEmpty();
      assertThat(last.values()).containsOnly("afterTaskStep");
    }
  }

  // G71
  @OnEveryKind
  void spawnedAndExitedAreReportedForMainWithItsOutcome(Kind kind) {
    var outcomes = new ConcurrentLinkedQueue<Outcome<?>>();
    var recorder =
        new Recorder() {
          @Override
          public void taskExited(TaskView task, Outcome<?> outcome) {
            super.taskExited(task, outcome);
            outcomes.add(outcome);
          }
        };
    var blight = new IOException("blight");
    try (OpenGreenhouse greenhouse = kind.build(recorder)) {
      assertThat(greenhouse.<Integer, RuntimeException>call(() -> 5)).isEqualTo(5);
      assertThatThrownBy(
              () ->
                  greenhouse.run(
                      () -> {
                        throw blight;
                      }))
          .isSameAs(blight);
    }
    assertThat(outcomes).containsExactly(new Outcome.Succeeded<>(5), new Outcome.Failed<>(blight));
    assertThat(recorder.texts(e -> e.hook().equals("taskSpawned")))
        .containsExactly("taskSpawned main", "taskSpawned main");
    assertThat(recorder.count("beforeRun")).isEqualTo(1);
    assertThat(recorder.count("afterRun")).isEqualTo(1);
  }

  // Rule 14
  @OnEveryKind
  void taskExitedComesWithTheOutcomeThatTheTaskShows(Kind kind) {
    Map<String, Outcome<?>> told = new ConcurrentHashMap<>();
    var recorder =
        new Recorder() {
          @Override
          public void taskExited(TaskView task, Outcome<?> outcome) {
            told.put(task.name(), outcome);
          }
        };
    try (OpenGreenhouse greenhouse = kind.build(recorder)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open(NurseryOptions.named("beds").onFailure((t, e) -> {}))) {
              Task<Integer> good = nursery.fork("good", () -> 1);
              Task<?> bad =
                  nursery.fork(
                      "bad",
                      () -> {
                        throw new IOException("blight");
                      });
              Task<?> gone = nursery.fork("gone", () -> Task.sleepForever());
              gone.cancel("enough");
              nursery.join();
              assertThat(good.outcome()).isPresent();
              assertThat(bad.outcome()).isPresent();
              assertThat(gone.outcome()).isPresent();
            }
          });
    }
    assertThat(told.get("good")).isEqualTo(new Outcome.Succeeded<>(1));
    assertThat(told.get("bad")).isInstanceOf(Outcome.Failed.class);
    assertThat(told.get("gone"))
        .isInstanceOfSatisfying(
            Outcome.WasCancelled.class, o -> assertThat(o.reason().text()).isEqualTo("enough"));
  }

  // Rule 14
  @OnEveryKind
  void stepsOfATaskAlternateAndAllThatBeginsEnds(Kind kind) throws Exception {
    var pairs = new Pairs();
    try (OpenGreenhouse greenhouse = kind.build(pairs)) {
      greenhouse.run(
          () -> {
            var release = new CountDownLatch(1);
            try (var nursery = Nursery.open()) {
              for (int i = 0; i < MANY; i++) {
                nursery.fork(
                    () -> {
                      Task.checkpoint();
                      release.await();
                      Task.checkpoint();
                    });
              }
              nursery.fork(() -> release.countDown());
            }
          });
    }
    pairs.assertAllEnded();
    assertThat(pairs.count("taskSpawned")).isEqualTo(MANY + 2);
    assertThat(pairs.count("taskEntered")).isEqualTo(MANY + 2);
    assertThat(pairs.count("taskLeft")).isEqualTo(MANY + 2);
    assertThat(pairs.count("taskExited")).isEqualTo(MANY + 2);
    assertThat(pairs.count("nurseryOpened")).isEqualTo(1);
    assertThat(pairs.count("nurseryClosed")).isEqualTo(1);
  }

  // G68
  @OnEveryKind
  void anInstrumentAddedWhileAHundredTasksRunHearsOfThemAll(Kind kind) throws Exception {
    var pairs = new Pairs();
    try (OpenGreenhouse greenhouse = kind.build()) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              var running = new CountDownLatch(MANY);
              var added = new CountDownLatch(1);
              for (int i = 0; i < MANY; i++) {
                nursery.fork(
                    () -> {
                      running.countDown();
                      while (added.getCount() > 0) {
                        Task.checkpoint();
                      }
                      for (int n = 0; n < 5; n++) {
                        Task.checkpoint();
                      }
                    });
              }
              running.await();
              greenhouse.instruments().add(pairs);
              added.countDown();
            }
            greenhouse.instruments().remove(pairs);
          });
    }
    assertThat(pairs.mistakes).isEmpty();
    assertThat(pairs.count("taskExited")).isEqualTo(MANY);
    assertThat(pairs.count("taskLeft")).isEqualTo(MANY);
    assertThat(pairs.count("taskSpawned")).isZero();
  }

  // "Pairs": an instrument that is added during a step hears of no end without a beginning. Without
  // the flag it does: the steps seen there are only those between operations of ours.
  @NeedsFlag
  @OnEveryKind
  void anInstrumentAddedDuringAStepHearsOfNoEndWithoutABeginning(Kind kind) {
    var first = new ConcurrentHashMap<String, String>();
    var recorder =
        new Recorder() {
          @Override
          void on(String hook, @Nullable TaskView task) {
            if (task != null && hook.endsWith("TaskStep")) {
              first.putIfAbsent(task.name(), hook);
            }
          }
        };
    try (OpenGreenhouse greenhouse = kind.build()) {
      greenhouse.run(
          () -> {
            greenhouse.instruments().add(recorder);
            Task.checkpoint();
            greenhouse.instruments().remove(recorder);
          });
    }
    assertThat(first).containsEntry("main", "beforeTaskStep");
  }

  // Rule 14: what lives in thread-locals: captured where a task is forked, set in its own thread
  @OnEveryKind
  void taskSpawnedRunsOnTheForkingThreadAndEnteredAndLeftInTheTasksOwn(Kind kind) {
    var context = new ThreadLocal<String>();
    var captured = new ConcurrentHashMap<Long, String>();
    var left = new ConcurrentLinkedQueue<String>();
    var carrying =
        new Instrument() {
          @Override
          public void taskSpawned(TaskView task) {
            String now = context.get();
            captured.put(task.id(), now == null ? "none" : now);
          }

          @Override
          public void taskEntered(TaskView task) {
            context.set(captured.get(task.id()));
          }

          @Override
          public void taskLeft(TaskView task) {
            assertThat(Thread.currentThread()).isSameAs(task.thread());
            left.add(context.get());
            context.remove();
          }
        };
    try (OpenGreenhouse greenhouse = kind.build(carrying)) {
      greenhouse.run(
          () -> {
            context.set("request 1");
            try (var nursery = Nursery.open()) {
              assertThat(nursery.fork(() -> context.get()).join()).isEqualTo("request 1");
            }
          });
    }
    assertThat(left).containsExactly("request 1", "request 1");
  }

  // Section 4: a plain thread with a nursery open is reported as a task of the common greenhouse
  @OnEveryKind
  void aPlainThreadIsReportedWhileItHasANurseryOpen(Kind kind) {
    assertThat(kind).isNotNull();
    var pairs = new Pairs();
    Greenhouse.common().instruments().add(pairs);
    try {
      try (var nursery = Nursery.open("beds")) {
        nursery.fork("child", () -> Task.checkpoint());
      }
    } finally {
      Greenhouse.common().instruments().remove(pairs);
    }
    String me = Thread.currentThread().getName();
    assertThat(pairs.texts(e -> e.hook().matches("taskSpawned|taskExited")))
        .containsExactly(
            "taskSpawned " + me, "taskSpawned child", "taskExited child", "taskExited " + me);
    pairs.assertAllEnded();
  }

  // Rule 14
  @OnEveryKind
  void cancelRequestedComesOncePerScopeWithTheFirstReason(Kind kind) {
    var requests = new ConcurrentLinkedQueue<String>();
    var recorder =
        new Recorder() {
          @Override
          public void cancelRequested(TaskView owner, String scope, CancelReason reason) {
            requests.add(owner.name() + "/" + scope + "/" + reason);
          }
        };
    try (OpenGreenhouse greenhouse = kind.build(recorder)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open("beds")) {
              nursery.cancel("winter");
              nursery.cancel("spring");
            }
          });
    }
    assertThat(requests).containsExactly("main/beds/winter");
  }
}
