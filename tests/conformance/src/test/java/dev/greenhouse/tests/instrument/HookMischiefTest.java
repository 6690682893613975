package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.watch.Stall;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.nursery.time.VirtualClock;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.io.Serial;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Issue 5: instruments that throw, remove themselves or block, in each hook, beside a watch. The
/// run goes on, its outcome is right, and what held a carrier is told of.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HookMischiefTest {
  private static final int THRESHOLD = 40;

  /// These run outside of every step, or while a loop is idle.
  private static final List<String> APART =
      List.of("beforeRun", "afterRun", "beforeIdle", "afterIdle");

  private static final List<String> HOOKS =
      Arrays.stream(Instrument.class.getDeclaredMethods()).map(Method::getName).sorted().toList();

  private final Stalls stalls = new Stalls();

  /// {@return an instrument that does this in each of its hooks, given its name and itself}
  private static Instrument inEachHook(BiConsumer<String, Instrument> mischief) {
    InvocationHandler handler =
        (self, method, arguments) ->
            switch (method.getName()) {
              case "equals" -> self == arguments[0];
              case "hashCode" -> System.identityHashCode(self);
              case "toString" -> "mischief";
              default -> {
                mischief.accept(method.getName(), (Instrument) self);
                yield null;
              }
            };
    return (Instrument)
        Proxy.newProxyInstance(
            Instrument.class.getClassLoader(), new Class<?>[] {Instrument.class}, handler);
  }

  /// Every hook fires here, those of idle loops included.
  private static int work(OpenGreenhouse greenhouse) {
    return greenhouse.<Integer, RuntimeException>call(
        () -> {
          int sum = 0;
          for (int i = 0; i < 3; i++) {
            try (var nursery = Nursery.open()) {
              nursery.fork(() -> Task.sleepForever());
              sum += nursery.fork("child", () -> 1).join();
              Task.sleep(Duration.ofMillis(1));
              nursery.cancel();
            }
          }
          return sum;
        });
  }

  private static boolean fires(String hook, Kind kind) {
    return kind != Kind.POOL || !hook.endsWith("Idle");
  }

  @OnEveryKind
  void whatThrowsIsRemovedAndTheWatchGoesOn(Kind kind) {
    for (String hook : HOOKS) {
      var thrown = new AtomicBoolean();
      Instrument mischief =
          inEachHook(
              (called, self) -> {
                if (called.equals(hook)) {
                  thrown.set(true);
                  throw new IllegalStateException("thrown on purpose in " + hook);
                }
              });
      try (var log = CapturedLog.begin();
          var watch = stalls.watch(THRESHOLD)) {
        OpenGreenhouse greenhouse = kind.build(mischief, watch);
        assertThat(work(greenhouse)).isEqualTo(3);
        watchStillSees(greenhouse, hook);
        greenhouse.close();
        assertThat(greenhouse.instruments().list().contains(mischief))
            .as(hook)
            .isEqualTo(!thrown.get());
        assertThat(thrown.get()).as(hook).isEqualTo(fires(hook, kind));
        if (thrown.get()) {
          log.await("thrown on purpose in " + hook);
        }
      }
    }
  }

  @OnEveryKind
  void whatRemovesItselfIsGoneAndTheWatchGoesOn(Kind kind) {
    for (String hook : HOOKS) {
      var set = new AtomicReference<OpenGreenhouse>();
      var removed = new AtomicBoolean();
      Instrument mischief =
          inEachHook(
              (called, self) -> {
                if (called.equals(hook) && removed.compareAndSet(false, true)) {
                  set.get().instruments().remove(self);
                }
              });
      try (var watch = stalls.watch(THRESHOLD)) {
        OpenGreenhouse greenhouse = kind.build(mischief, watch);
        set.set(greenhouse);
        assertThat(work(greenhouse)).isEqualTo(3);
        watchStillSees(greenhouse, hook);
        greenhouse.close();
        assertThat(removed.get()).as(hook).isEqualTo(fires(hook, kind));
        assertThat(greenhouse.instruments().list().contains(mischief))
            .as(hook)
            .isEqualTo(!fires(hook, kind));
      }
    }
  }

  private void watchStillSees(OpenGreenhouse greenhouse, String hook) {
    if (Kind.FLAG) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork(hook, () -> stalls.spinUntilReported(hook));
            }
          });
    }
  }

  // The hook returns when the watch has reported it, so the test ends only if it does.
  @NeedsFlag
  @OnEveryKind
  void whatBlocksIsReportedWhereverItHoldsACarrier(Kind kind) {
    for (String hook : HOOKS) {
      if (!APART.contains(hook)) {
        Stall stall = reported(kind, hook);
        boolean ofSteps = hook.endsWith("TaskStep");
        assertThat(stall.inHook()).as(hook).isEqualTo(ofSteps);
        assertThat(stall.blocksAll()).as(hook).isEqualTo(kind != Kind.POOL);
        assertThat(stall.stack())
            .as(hook)
            .anyMatch(e -> e.getMethodName().equals(hook))
            .anyMatch(e -> e.getMethodName().equals("spinUntil"));
        String who = ofSteps ? "An instrument's hook at a step of task '" : "Task '";
        assertThat(stall.toString()).as(hook).startsWith(who);
      }
    }
  }

  /// {@return the stall that a hook caused, which blocks once, in a step}
  private static Stall reported(Kind kind, String hook) {
    var stall = new AtomicReference<Stall>();
    var blocked = new AtomicBoolean();
    var held = new AtomicReference<String>("nobody");
    var stalls = new Stalls();
    Instrument mischief =
        inEachHook(
            (called, self) -> {
              // A carrier's, or a task's: not the thread that waits for the run
              boolean inStep =
                  Thread.currentThread().isVirtual()
                      || Thread.currentThread().getName().startsWith("greenhouse-");
              if (called.equals(hook) && inStep && blocked.compareAndSet(false, true)) {
                held.set(hook);
                Stalls.spinUntil(() -> stall.get() != null);
                held.set("nobody");
              }
            });
    var builder =
        stalls
            .builder(THRESHOLD)
            .onStall(
                s -> {
                  if (held.get().equals(hook)) {
                    stall.compareAndSet(null, s);
                  }
                });
    try (var watch = builder.build();
        OpenGreenhouse greenhouse = kind.build(watch, mischief)) {
      assertThat(work(greenhouse)).isEqualTo(3);
      assertThat(blocked).as(hook).isTrue();
      Stalls.spinUntil(() -> watch.totals().ended() == watch.totals().stalls());
    }
    return stall.get();
  }

  // Nobody reports these, and the run goes on all the same.
  @OnEveryKind
  void whatBlocksApartFromStepsBreaksNothing(Kind kind) throws InterruptedException {
    for (String hook : Kind.FLAG ? APART : HOOKS) {
      var reached = new CountDownLatch(1);
      var release = new CountDownLatch(1);
      Instrument mischief =
          inEachHook(
              (called, self) -> {
                if (called.equals(hook) && fires(hook, kind)) {
                  reached.countDown();
                  Stalls.spinUntil(() -> release.getCount() == 0);
                }
              });
      Thread releaser =
          Thread.ofPlatform()
              .start(
                  () -> {
                    Stalls.spinUntil(
                        () -> reached.getCount() == 0 || Thread.currentThread().isInterrupted());
                    release.countDown();
                  });
      try (var watch = stalls.watch(THRESHOLD)) {
        try (OpenGreenhouse greenhouse = kind.build(watch, mischief)) {
          assertThat(work(greenhouse)).isEqualTo(3);
        }
        assertThat(reached.getCount()).as(hook).isEqualTo(fires(hook, kind) ? 0 : 1);
      }
      releaser.interrupt();
      releaser.join();
    }
  }

  // A hook that waits for long, as in a sleep: a task's own thread is suspended, or a carrier
  // blocked.
  @OnEveryKind
  void whatWaitsDelaysItsTaskOrCarrierAndBreaksNothing(Kind kind) {
    for (String hook : HOOKS) {
      var reached = new CountDownLatch(1);
      var release = new CountDownLatch(1);
      var waited = new AtomicBoolean();
      Instrument mischief =
          inEachHook(
              (called, self) -> {
                if (called.equals(hook) && reached.getCount() > 0) {
                  reached.countDown();
                  waited.set(isReleased(release));
                }
              });
      Thread releaser =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      reached.await();
                      release.countDown();
                    } catch (InterruptedException e) {
                      // it does not fire here
                    }
                  });
      OpenGreenhouse greenhouse = kind.build(mischief);
      try (greenhouse) {
        assertThat(work(greenhouse)).as(hook).isEqualTo(3);
      }
      assertThat(greenhouse.instruments().list()).as(hook).containsExactly(mischief);
      assertThat(waited.get()).as(hook).isEqualTo(fires(hook, kind));
      releaser.interrupt();
    }
  }

  /// Waits in the thread that calls it, once, until what happens meanwhile has happened.
  private static final class WaitsOnce {
    final CountDownLatch waits = new CountDownLatch(1);
    final CountDownLatch release = new CountDownLatch(1);

    void here() {
      if (waits.getCount() > 0) {
        Thread thread = Thread.currentThread();
        waits.countDown();
        assertThat(isReleased(release)).as("released in " + thread).isTrue();
      }
    }

    Instrument beforeIdle() {
      return new Instrument() {
        @Override
        public void beforeIdle(GreenhouseView greenhouse, long nanos) {
          here();
        }
      };
    }
  }

  // The permit of the wake-up is taken by the hook's own wait.
  @Test
  void oneThatWaitsAtTheEndOfAnOwnStepTakesNoWakeUpFromItsTask() throws Exception {
    var hook = new WaitsOnce();
    var suspensions = new AtomicReference<Suspension<String>>();
    Instrument mischief =
        new Instrument() {
          @Override
          public void afterTaskStep(TaskView task) {
            if (suspensions.get() != null) {
              hook.here();
            }
          }
        };
    Greenhouse common = Greenhouse.common();
    common.instruments().add(mischief);
    Thread other =
        Thread.ofPlatform()
            .start(
                () -> {
                  assertThat(isReleased(hook.waits)).isTrue();
                  suspensions.get().resume("here");
                  hook.release.countDown();
                });
    try (var _ = Nursery.open()) { // which makes this plain thread a task
      var suspension = Suspension.<String>create("a word");
      suspensions.set(suspension);
      assertThat(suspension.await()).isEqualTo("here");
    } finally {
      common.instruments().remove(mischief);
    }
    other.join();
  }

  @NeedsFlag
  @Test
  void oneThatWaitsBeforeALoopIsIdleTakesNoWakeUpFromIt() throws Exception {
    var hook = new WaitsOnce();
    try (OpenGreenhouse greenhouse = Kind.LOOP.build(hook.beforeIdle())) {
      Task<?> first = greenhouse.launch(() -> 1);
      first.join();
      assertThat(isReleased(hook.waits)).isTrue();
      Task<Integer> second = greenhouse.launch(() -> 2);
      hook.release.countDown();
      assertThat(second.join()).isEqualTo(2);
    }
  }

  @NeedsFlag
  @Test
  void oneThatWaitsBeforeALoopIsIdleDoesNotKeepItFromItsEnd() throws Exception {
    var hook = new WaitsOnce();
    OpenGreenhouse greenhouse = Kind.LOOP.build(hook.beforeIdle());
    greenhouse.launch(() -> 1).join();
    assertThat(isReleased(hook.waits)).isTrue();
    Thread closer = Thread.ofPlatform().start(greenhouse::close);
    Eventually.waits(closer);
    hook.release.countDown();
    assertThat(closer.join(Duration.ofSeconds(30))).isTrue();
  }

  @NeedsFlag
  @Test
  void oneThatWakesATaskBeforeALoopIsIdleKeepsItAwake() {
    for (Kind kind : List.of(Kind.LOOP, Kind.SEEDED)) {
      var waiting = new AtomicReference<Suspension<String>>();
      Instrument waker =
          new Instrument() {
            @Override
            public void beforeIdle(GreenhouseView greenhouse, long nanos) {
              Suspension<String> suspension = waiting.getAndSet(null);
              if (suspension != null) {
                suspension.resume("from the hook");
              }
            }
          };
      try (OpenGreenhouse greenhouse = kind.build(waker)) {
        String word =
            greenhouse.<String, RuntimeException>call(
                () -> {
                  var suspension = Suspension.<String>create("a word");
                  waiting.set(suspension);
                  return suspension.await();
                });
        assertThat(word).isEqualTo("from the hook");
      }
    }
  }

  // The last one that begins to wait makes time jump, and so runs the hook of another's
  // cancellation.
  @NeedsFlag
  @Test
  void oneThatWaitsWhileTimeJumpsTakesNoWakeUpFromItsTask() throws Exception {
    var hook = new WaitsOnce();
    var waiting = new AtomicReference<Suspension<String>>();
    Instrument mischief =
        new Instrument() {
          @Override
          public void cancelRequested(TaskView owner, String scope, CancelReason reason) {
            hook.here();
          }
        };
    Thread other =
        Thread.ofPlatform()
            .start(
                () -> {
                  assertThat(isReleased(hook.waits)).isTrue();
                  waiting.get().resume("here");
                  hook.release.countDown();
                });
    var clock = new VirtualClock().autojump(true);
    try (OpenGreenhouse greenhouse = VirtualGreenhouse.build(Kind.POOL, clock)) {
      greenhouse.instruments().add(mischief);
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              Task<?> sleeper =
                  nursery.fork(
                      () ->
                          CancelScope.moveOnAfter(
                              Duration.ofSeconds(1), () -> Task.sleepForever()));
              Eventually.waits(sleeper.thread());
              Eventually.holds("its timer is set", () -> clock.pendingTimers() == 1);
              var suspension = Suspension.<String>create("a word");
              waiting.set(suspension);
              assertThat(suspension.await()).isEqualTo("here");
            }
          });
    }
    other.join();
  }

  private static boolean isReleased(CountDownLatch release) {
    try {
      return release.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true; // by a cancellation: that is no harm either
    }
  }

  @NeedsFlag
  @OnEveryKind
  void aBackEndWhoseLockIsHeldByASuspendedTaskDelaysTheReportOnly(Kind kind) {
    var lock = new ReentrantLock();
    var waiting = new CountDownLatch(1);
    var lines =
        new LogLines() {
          @Serial private static final long serialVersionUID = 1;

          @Override
          void onLine() {
            waiting.countDown();
            lock.lock();
            try {
              assertThat(lock.isHeldByCurrentThread()).isTrue();
            } finally {
              lock.unlock();
            }
          }
        };
    try (var watch = stalls.builder(THRESHOLD).logger(lines).build();
        OpenGreenhouse greenhouse = kind.build(watch)) {
      greenhouse.run(
          () -> {
            lock.lock();
            try (var nursery = Nursery.open()) {
              nursery.fork("digger", () -> Stalls.spinUntil(() -> waiting.getCount() == 0));
              nursery.fork(() -> waiting.await()).join();
              Load.churn(1_000); // while the watch waits for the lock
              assertThat(stalls.of("digger")).isEmpty();
            } finally {
              lock.unlock();
            }
          });
      Stalls.spinUntil(() -> !stalls.of("digger").isEmpty());
      assertThat(lines.count("Task 'digger' has held")).isEqualTo(1);
    }
  }

  /// Blocks at the end of the short step of a task.
  private static final class AfterShortStep implements Instrument {
    private final Stalls stalls;

    AfterShortStep(Stalls stalls) {
      this.stalls = stalls;
    }

    @Override
    public void afterTaskStep(TaskView task) {
      if (task.name().equals("brief")) {
        stalls.spinUntilReported("brief");
      }
    }
  }

  // Whichever of the two hooks comes first
  @NeedsFlag
  @OnEveryKind
  void aHookAfterAShortStepIsReportedInEitherOrder(Kind kind) {
    for (boolean watchFirst : new boolean[] {true, false}) {
      var told = new Stalls();
      var mischief = new AfterShortStep(told);
      try (var watch = told.watch(THRESHOLD);
          OpenGreenhouse greenhouse =
              watchFirst ? kind.build(watch, mischief) : kind.build(mischief, watch)) {
        greenhouse.run(
            () -> {
              try (var nursery = Nursery.open()) {
                nursery.fork("brief", () -> 1);
              }
            });
        assertThat(told.of("brief")).singleElement().matches(Stall::inHook);
      }
    }
  }
}
