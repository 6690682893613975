package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Instruments;
import dev.greenhouse.instrumentation.NurseryView;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.Serial;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtendWith;

/// Instruments that misbehave or come and go while a hundred tasks run.
@ExtendWith(NothingLeft.class)
class InstrumentsUnderLoadTest {
  private static final int TASKS = 100;

  private static final List<String> HOOKS =
      List.of(
          "beforeRun",
          "afterRun",
          "taskSpawned",
          "taskScheduled",
          "beforeTaskStep",
          "afterTaskStep",
          "taskExited",
          "beforeIdle",
          "afterIdle",
          "nurseryOpened",
          "nurseryClosed",
          "cancelRequested",
          "cancelDelivered",
          "taskEntered",
          "taskLeft");

  /// A hundred tasks that step, sleep, fail and are cancelled; all must come out as they should.
  private static void load() {
    var ended = new AtomicInteger();
    try (var nursery = Nursery.open()) {
      for (int i = 0; i < TASKS; i++) {
        nursery.fork(
            () -> {
              Task.checkpoint();
              Task.sleep(Duration.ofNanos(100_000));
              Thread.sleep(0, 100_000);
              ended.incrementAndGet();
            });
      }
    }
    assertThat(ended).hasValue(TASKS);
    Task.sleep(Duration.ofMillis(5)); // with nothing else to do: a loop is idle
    Nursery.run(
        nursery -> {
          for (int i = 0; i < TASKS; i++) {
            nursery.fork(() -> Task.sleepForever());
          }
          Task.checkpoint();
          nursery.cancel("by hand");
        });
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  /// Told in each hook its name.
  private abstract static class EveryHook implements Instrument {
    abstract void hook(String name);

    @Override
    public void beforeRun(GreenhouseView greenhouse) {
      hook("beforeRun");
    }

    @Override
    public void afterRun(GreenhouseView greenhouse) {
      hook("afterRun");
    }

    @Override
    public void taskSpawned(TaskView task) {
      hook("taskSpawned");
    }

    @Override
    public void taskScheduled(TaskView task) {
      hook("taskScheduled");
    }

    @Override
    public void beforeTaskStep(TaskView task) {
      hook("beforeTaskStep");
    }

    @Override
    public void afterTaskStep(TaskView task) {
      hook("afterTaskStep");
    }

    @Override
    public void taskExited(TaskView task, Outcome<?> outcome) {
      hook("taskExited");
    }

    @Override
    public void beforeIdle(GreenhouseView greenhouse, long timeoutNanos) {
      hook("beforeIdle");
    }

    @Override
    public void afterIdle(GreenhouseView greenhouse) {
      hook("afterIdle");
    }

    @Override
    public void nurseryOpened(NurseryView nursery) {
      hook("nurseryOpened");
    }

    @Override
    public void nurseryClosed(NurseryView nursery) {
      hook("nurseryClosed");
    }

    @Override
    public void cancelRequested(TaskView owner, String scope, CancelReason reason) {
      hook("cancelRequested");
    }

    @Override
    public void cancelDelivered(TaskView task, CancelReason reason) {
      hook("cancelDelivered");
    }

    @Override
    public void taskEntered(TaskView task) {
      hook("taskEntered");
    }

    @Override
    public void taskLeft(TaskView task) {
      hook("taskLeft");
    }
  }

  private static final class Broken extends EveryHook {
    private final String where;
    final AtomicInteger thrown = new AtomicInteger();

    Broken(String where) {
      this.where = where;
    }

    @Override
    void hook(String name) {
      if (name.equals(where)) {
        thrown.incrementAndGet();
        throw new HookError(name);
      }
    }
  }

  private static final class HookError extends Error {
    @Serial private static final long serialVersionUID = 1;

    HookError(String hook) {
      super("thrown on purpose in " + hook, null, false, false);
    }
  }

  /// Pairs of steps, seen by a healthy instrument beside the others.
  private static final class Pairs implements Instrument {
    private final Map<TaskView, AtomicInteger> inside = new ConcurrentHashMap<>();
    final AtomicBoolean unbalanced = new AtomicBoolean();
    final AtomicInteger heard = new AtomicInteger();

    @Override
    public void beforeTaskStep(TaskView task) {
      heard.incrementAndGet();
      if (inside.computeIfAbsent(task, t -> new AtomicInteger()).incrementAndGet() != 1) {
        unbalanced.set(true);
      }
    }

    @Override
    public void afterTaskStep(TaskView task) {
      AtomicInteger n = inside.get(task);
      // The first that one added during a step hears of a task is the end of that step.
      if (n != null && n.decrementAndGet() != 0) {
        unbalanced.set(true);
      }
    }
  }

  @OnEveryKind
  void oneThatThrowsInAnyHookIsRemovedAndReportedOnceAndTheTasksGoOn(Kind kind) throws Throwable {
    for (String hook : HOOKS) {
      if (kind == Kind.POOL && hook.endsWith("Idle")) {
        continue; // pools have none
      }
      try (var log = CapturedLog.begin()) {
        var broken = new Broken(hook);
        var pairs = new Pairs();
        OpenGreenhouse greenhouse = kind.build(broken, pairs);
        greenhouse.run(InstrumentsUnderLoadTest::load);
        greenhouse.close();
        assertThat(pairs.unbalanced).as(hook).isFalse();
        assertThat(pairs.heard.get()).as(hook).isPositive();
        assertThat(greenhouse.instruments().list()).as(hook).containsExactly(pairs);
        // Carriers that were already inside of the hook threw, too; only one was told of.
        assertThat(broken.thrown.get()).as(hook).isBetween(1, 8);
        log.await(
            Broken.class.getName(),
            "'" + greenhouse.name() + "'",
            "threw in " + hook,
            "removed",
            "thrown on purpose in " + hook);
        assertThat(log.text()).as(hook).containsOnlyOnce(Broken.class.getName());
        greenhouse.instruments().remove(broken); // its owner need not know
      }
    }
  }

  /// Removes the other at the first step it hears of.
  private static final class Remover implements Instrument {
    private final AtomicReference<Instruments> all;
    private final AtomicBoolean done = new AtomicBoolean();
    final AtomicBoolean removed = new AtomicBoolean(); // set after the other's remove returned
    final AtomicInteger after = new AtomicInteger();
    private Remover other;

    Remover(AtomicReference<Instruments> all) {
      this.all = all;
    }

    @Override
    public void beforeTaskStep(TaskView task) {
      if (removed.get()) {
        after.incrementAndGet();
      }
      if (all.get() != null && done.compareAndSet(false, true)) {
        all.get().remove(other);
        other.removed.set(true);
      }
    }
  }

  @OnEveryKind
  void twoThatRemoveEachOtherDuringAPass(Kind kind) throws Throwable {
    for (int i = 0; i < 20; i++) {
      var all = new AtomicReference<Instruments>();
      var one = new Remover(all);
      var two = new Remover(all);
      one.other = two;
      two.other = one;
      var pairs = new Pairs();
      try (OpenGreenhouse greenhouse = kind.build(one, two, pairs)) {
        all.set(greenhouse.instruments());
        greenhouse.run(InstrumentsUnderLoadTest::load);
        assertThat(greenhouse.instruments().list()).contains(pairs).hasSizeLessThanOrEqualTo(2);
        assertThat(pairs.unbalanced).isFalse();
        // A call that had begun before the removal may see its mark; none begins afterwards.
        assertThat(one.after.get() + two.after.get()).isLessThanOrEqualTo(2);
      }
    }
  }

  @OnEveryKind
  void oneThatRemovesItselfInEachHookHearsOfNothingMore(Kind kind) throws Throwable {
    for (String hook : HOOKS) {
      if ((kind == Kind.POOL && hook.endsWith("Idle")) || hook.equals("afterRun")) {
        continue;
      }
      var set = new AtomicReference<Instruments>();
      var removed = new AtomicBoolean();
      var late = new AtomicInteger();
      var instrument =
          new EveryHook() {
            @Override
            void hook(String name) {
              if (removed.get()) {
                late.incrementAndGet();
              } else if (name.equals(hook) && set.get() != null) {
                set.get().remove(this);
                removed.set(true);
              }
            }
          };
      try (OpenGreenhouse greenhouse = kind.build(instrument)) {
        set.set(greenhouse.instruments());
        greenhouse.run(InstrumentsUnderLoadTest::load);
        assertThat(removed).as(hook).isTrue();
        assertThat(late.get()).as(hook).isLessThanOrEqualTo(4); // had begun on other carriers
        assertThat(greenhouse.instruments().list()).as(hook).isEmpty();
      }
    }
  }

  @OnEveryKind
  void oneThatIsAddedWhileAHundredTasksRun(Kind kind) throws Throwable {
    for (int i = 0; i < 20; i++) {
      var pairs = new Pairs();
      var round = new AtomicInteger(i);
      try (OpenGreenhouse greenhouse = kind.build()) {
        greenhouse.run(
            () -> {
              try (var nursery = Nursery.open()) {
                for (int n = 0; n < TASKS; n++) {
                  int adds = n;
                  nursery.fork(
                      () -> {
                        Task.checkpoint();
                        if (adds == round.get()) {
                          greenhouse.instruments().add(pairs);
                        }
                        Task.checkpoint();
                        Task.checkpoint();
                      });
                }
              }
            });
        assertThat(pairs.heard.get()).isPositive();
        assertThat(pairs.unbalanced).isFalse();
        greenhouse.instruments().remove(pairs);
      }
    }
  }
}
