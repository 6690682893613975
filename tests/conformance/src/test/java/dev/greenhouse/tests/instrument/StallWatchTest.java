package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.watch.Stall;
import dev.greenhouse.instrumentation.watch.StallTotals;
import dev.greenhouse.instrumentation.watch.StallWatch;
import dev.greenhouse.nursery.Action;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/// Long steps are reported while they run, once, with their stacks; and nothing else is.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StallWatchTest {
  private static final int THRESHOLD = 40;

  private final Stalls stalls = new Stalls();

  @NeedsFlag
  @OnEveryKind
  void aLongStepIsReportedWhileItRunsWithItsStack(Kind kind) {
    try (var watch = stalls.watch(THRESHOLD);
        OpenGreenhouse greenhouse = kind.build(watch)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("digger", () -> stalls.spinUntilReported("digger"));
            }
          });
      Stall stall = stalls.of("digger").getFirst();
      assertThat(stall.greenhouse()).isEqualTo(greenhouse.name());
      assertThat(stall.soFar()).isGreaterThanOrEqualTo(Duration.ofMillis(THRESHOLD));
      assertThat(stall.blocksAll()).isEqualTo(kind != Kind.POOL);
      assertThat(stall.inHook()).isFalse();
      assertThat(stall.stack()).anyMatch(e -> e.getMethodName().equals("spinUntilReported"));
      String place = kind == Kind.POOL ? "a carrier" : "the loop";
      String others =
          kind == Kind.POOL
              ? "the other tasks have one carrier less meanwhile."
              : "nobody else runs there meanwhile.";
      assertThat(stalls.lines.lines())
          .anySatisfy(
              line ->
                  assertThat(line)
                      .matches(
                          "(?s)WARN Task 'digger' has held %s of greenhouse '%s' for \\d+ ms, and %s Thread '%s' is at:\\R\tat .*spinUntilReported.*"
                              .formatted(place, greenhouse.name(), others, stall.carrier())));
    }
    assertThat(stalls.lines.threads)
        .allMatch(t -> t.getName().equals("greenhouse-stall-watch") && t.isDaemon());
    assertThat(Stalls.threads()).isEmpty();
  }

  @NeedsFlag
  @OnEveryKind
  void unlessSaidOtherwiseAStepMayTakeATenthOfASecond(Kind kind) {
    var builder = StallWatch.builder().logger(stalls.lines).onStall(stalls);
    try (var watch = builder.build();
        OpenGreenhouse greenhouse = kind.build(watch)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("digger", () -> stalls.spinUntilReported("digger"));
            }
          });
    }
    Stall stall = stalls.of("digger").getFirst();
    assertThat(stall.soFar()).isBetween(Duration.ofMillis(100), Duration.ofMillis(900));
  }

  @NeedsFlag
  @OnEveryKind
  void eachStepIsReportedOnceByEachWatch(Kind kind) {
    var later = new Stalls();
    try (var watch = stalls.watch(THRESHOLD);
        var patient = later.watch(5 * THRESHOLD);
        OpenGreenhouse greenhouse = kind.build(watch, patient)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork(
                  "digger",
                  () -> {
                    later.spinUntilReported("digger"); // by then, the other has looked 20 times
                    assertThat(stalls.of("digger")).hasSize(1);
                    Task.checkpoint();
                    Stalls.spinUntil(() -> stalls.of("digger").size() == 2);
                  });
            }
          });
      assertThat(stalls.of("digger")).hasSize(2);
    }
  }

  @NeedsFlag
  @OnEveryKind
  void theEndOfAReportedStepIsMeasuredWhereItHappens(Kind kind) {
    // Looks are 100 ms apart, so that none could find out in time.
    try (var watch = stalls.watch(400);
        OpenGreenhouse greenhouse = kind.build(watch)) {
      var times = new long[2];
      greenhouse.run(
          () -> {
            Task.checkpoint();
            try (var nursery = Nursery.open()) {
              times[0] = System.nanoTime();
              Task<?> digger =
                  nursery.fork(
                      "digger",
                      () -> {
                        stalls.spinUntilReported("digger");
                        times[1] = System.nanoTime();
                      });
              digger.join();
              long since = System.nanoTime() - times[0];
              StallTotals totals = watch.totals();
              Duration reported = stalls.of("digger").getFirst().soFar();
              assertThat(totals.stalls()).isEqualTo(1);
              assertThat(totals.ended()).isEqualTo(1);
              assertThat(totals.time()).isBetween(reported, Duration.ofNanos(since));
            }
          });
    }
  }

  @NeedsFlag
  @OnEveryKind
  void whoWaitsIsNotReported(Kind kind) throws Exception {
    var patient = new Stalls();
    try (var watch = stalls.watch(100);
        var other = patient.watch(300);
        OpenGreenhouse greenhouse = kind.build(watch, other)) {
      greenhouse.run(
          () -> {
            var never = new CountDownLatch(1);
            var waiting = new CountDownLatch(3);
            Nursery.run(
                nursery -> {
                  nursery.fork(
                      "waiter",
                      () -> {
                        waiting.countDown();
                        Task.sleepForever();
                      });
                  nursery.fork(
                      "waiter",
                      () -> {
                        waiting.countDown();
                        never.await();
                      });
                  nursery.fork(
                      "waiter",
                      () -> {
                        synchronized (never) { // a monitor does not pin
                          waiting.countDown();
                          Thread.sleep(Duration.ofDays(1));
                        }
                      });
                  waiting.await();
                  nursery.fork("digger", () -> patient.spinUntilReported("digger")).join();
                  nursery.cancel("seen");
                });
          });
      assertThat(stalls.of("digger")).hasSize(1);
      assertThat(stalls.of("waiter")).isEmpty();
      assertThat(patient.of("waiter")).isEmpty();
    }
  }

  // ---- waits that hold the carrier

  private static final class Gate {
    static volatile CountDownLatch latch = new CountDownLatch(0);
  }

  /// Defined and initialised anew by each test.
  static final class WaitsInInitialiser {
    static {
      try {
        Gate.latch.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @NeedsFlag
  @OnEveryKind
  void aWaitThatPinsIsReported(Kind kind) throws Exception {
    Gate.latch = new CountDownLatch(1);
    var lookup = MethodHandles.lookup();
    Class<?> fresh;
    try (InputStream in =
        getClass().getResourceAsStream("StallWatchTest$WaitsInInitialiser.class")) {
      fresh = lookup.defineHiddenClass(in.readAllBytes(), false).lookupClass();
    }
    try (var watch =
            stalls
                .builder(THRESHOLD)
                .onStall(
                    stall -> {
                      stalls.accept(stall);
                      if (stall.task().name().equals("digger")) {
                        Gate.latch.countDown();
                      }
                    })
                .build();
        OpenGreenhouse greenhouse = kind.build(watch)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("digger", () -> lookup.ensureInitialized(fresh));
            }
          });
      Stall stall = stalls.of("digger").getFirst();
      assertThat(stall.stack()).anyMatch(e -> e.getMethodName().equals("await"));
    }
  }

  @NeedsFlag
  @OnEveryKind
  void aReadThatBlocksTheCarrierIsReported(Kind kind) throws Exception {
    Process cat = new ProcessBuilder("cat").start();
    try (var watch =
            stalls
                .builder(THRESHOLD)
                .onStall(
                    stall -> {
                      stalls.accept(stall);
                      if (stall.task().name().equals("digger")) {
                        cat.destroy();
                      }
                    })
                .build();
        OpenGreenhouse greenhouse = kind.build(watch)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("digger", () -> cat.getInputStream().read());
            }
          });
      assertThat(stalls.of("digger").getFirst().stack())
          .anyMatch(e -> e.getClassName().equals("java.io.FileInputStream"));
    } finally {
      cat.destroyForcibly();
    }
  }

  // ---- where

  @NeedsFlag
  @Test
  void onSomebodyElsesLoop() throws Exception {
    try (var executor = Executors.newSingleThreadExecutor();
        var watch = stalls.watch(THRESHOLD)) {
      Thread carrier = executor.submit(Thread::currentThread).get();
      stallsIn(executor, watch);
      Stall stall = stalls.of("digger").getFirst();
      assertThat(stall.blocksAll()).isTrue();
      assertThat(stall.carrier()).isEqualTo(carrier.getName());
      assertThat(stall.toString()).contains("the loop of greenhouse 'guest'");
    }
  }

  // More threads than there are cells, of which few live at once
  @NeedsFlag
  @Test
  void onAnExecutorWithAThreadForEachTurn() throws Exception {
    try (var executor = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory());
        var watch = stalls.watch(THRESHOLD)) {
      stallsIn(executor, watch);
    }
  }

  private void stallsIn(Executor executor, StallWatch watch) {
    try (OpenGreenhouse guest =
        Greenhouse.builder().name("guest").on(executor).instrument(watch).build()) {
      guest
          .launch(
              () -> {
                for (int i = 0; i < 50_000; i++) {
                  Task.checkpoint();
                }
                try (var nursery = Nursery.open()) {
                  nursery.fork("digger", () -> stalls.spinUntilReported("digger"));
                }
                return null;
              })
          .join();
    }
    assertThat(stalls.of("digger")).hasSize(1);
  }

  @NeedsFlag
  @Test
  void inSeveralGreenhousesAtOnceAndAfterALongRest() {
    try (var watch = stalls.watch(THRESHOLD);
        OpenGreenhouse one = Kind.LOOP.build(watch);
        OpenGreenhouse two = Kind.POOL.build(watch)) {
      for (int round = 0; round < 2; round++) {
        String inOne = "one " + round;
        String inTwo = "two " + round;
        Task<?> task =
            two.launch(
                () -> {
                  try (var nursery = Nursery.open()) {
                    nursery.fork(inTwo, () -> stalls.spinUntilReported(inTwo));
                  }
                  return null;
                });
        one.run(
            () -> {
              try (var nursery = Nursery.open()) {
                nursery.fork(inOne, () -> stalls.spinUntilReported(inOne));
              }
            });
        task.join();
        sleeps();
      }
    }
  }

  /// The watch's thread waits without a limit.
  private static void sleeps() {
    Stalls.spinUntil(
        () -> Stalls.threads().stream().allMatch(t -> t.getState() == Thread.State.WAITING));
  }

  @Test
  void threadsThatBecameTasksAreNotWatched() {
    try (var watch = stalls.watch(THRESHOLD)) {
      becomesATask(watch);
    }
  }

  // Such a thread has carried steps, and the watch knows it.
  @NeedsFlag
  @Test
  void carriersThatBecomeTasksBetweenStepsAreNotWatchedMeanwhile() throws Exception {
    try (var executor = Executors.newSingleThreadExecutor();
        var watch = stalls.watch(THRESHOLD)) {
      stallsIn(executor, watch);
      executor.submit(() -> becomesATask(watch)).get();
    }
  }

  /// Opens a nursery on the current thread, and computes until a stall of three thresholds was
  /// reported elsewhere.
  private void becomesATask(StallWatch watch) {
    var patient = new Stalls();
    var instruments = Greenhouse.common().instruments();
    try (var other = patient.watch(3 * THRESHOLD)) {
      instruments.add(watch);
      instruments.add(other);
      try (var nursery = Nursery.open()) {
        if (Kind.FLAG) {
          Task<?> busy = nursery.fork("busy", () -> patient.spinUntilReported("busy"));
          Stalls.spinUntil(() -> busy.outcome().isPresent());
          assertThat(stalls.of("busy")).hasSize(1);
        }
        nursery.fork(() -> Task.checkpoint()).join();
      } finally {
        instruments.remove(watch);
        instruments.remove(other);
      }
    }
    String me = Thread.currentThread().getName();
    assertThat(stalls.of(me)).isEmpty();
    assertThat(patient.of(me)).isEmpty();
  }

  @EnabledIfSystemProperty(named = "greenhouse.test.flag", matches = "false")
  @Test
  void withoutTheFlagItSaysOnceThatItSeesNothing() {
    try (var watch = stalls.watch(1);
        OpenGreenhouse greenhouse = Kind.POOL.build(watch)) {
      for (int i = 0; i < 3; i++) {
        greenhouse.run(
            () -> {
              try (var nursery = Nursery.open()) {
                nursery.fork(() -> Stalls.spinUntil(() -> stalls.lines.count("No stall") > 0));
              }
            });
      }
      assertThat(watch.totals()).isEqualTo(new StallTotals(0, 0, Duration.ZERO));
      assertThat(stalls.lines.lines())
          .containsExactly(
              "WARN No stall can be seen in greenhouse 'test-pool': its tasks run on plain virtual"
                  + " threads, and nothing tells one that computes from one that waits. Start java"
                  + " with --add-opens java.base/java.lang=ALL-UNNAMED, on the module path"
                  + " =dev.greenhouse.nursery.");
      sleeps();
    }
  }

  // ---- coming and going

  @NeedsFlag
  @OnEveryKind
  void removedInMidStepItReportsNothing(Kind kind) {
    removedInMidStep(kind, () -> Task.sleepForever());
    assertThat(stalls.of("leaver")).isEmpty();
  }

  // If the machine has much to do, the task may be seen running at every look.
  @NeedsFlag
  @OnEveryKind
  void removedInMidStepItReportsLaterStepsOnceAtMost(Kind kind) {
    removedInMidStep(
        kind,
        () -> {
          while (true) {
            Task.checkpoint();
          }
        });
    assertThat(stalls.of("leaver")).hasSizeLessThanOrEqualTo(1);
  }

  /// Removes the watch in a step of 'leaver', which then goes on until 'digger' has been reported
  /// twice in another greenhouse.
  private void removedInMidStep(Kind kind, Action rest) {
    try (var watch = stalls.watch(THRESHOLD);
        OpenGreenhouse witness = Kind.POOL.build(watch);
        OpenGreenhouse greenhouse = kind.build(watch)) {
      greenhouse.run(
          () ->
              Nursery.run(
                  nursery -> {
                    nursery.fork(
                        "leaver",
                        () -> {
                          greenhouse.instruments().remove(watch);
                          rest.run();
                        });
                    witness.launch(this::digTwice).join();
                    nursery.cancel("seen");
                  }));
      sleeps();
      greenhouse.instruments().add(watch);
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("late", () -> stalls.spinUntilReported("late"));
            }
          });
    }
  }

  private int digTwice() {
    Task.checkpoint();
    for (int i = 1; i <= 2; i++) {
      int times = i;
      try (var nursery = Nursery.open()) {
        nursery.fork("digger", () -> Stalls.spinUntil(() -> stalls.of("digger").size() == times));
      }
    }
    return 2;
  }

  @NeedsFlag
  @OnEveryKind
  void removedInAReportedStepItCountsTheEndLater(Kind kind) {
    try (var watch = stalls.watch(THRESHOLD);
        OpenGreenhouse greenhouse = kind.build(watch)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork(
                  "digger",
                  () -> {
                    stalls.spinUntilReported("digger");
                    greenhouse.instruments().remove(watch);
                  });
            }
          });
      Stalls.spinUntil(() -> watch.totals().ended() == watch.totals().stalls());
      sleeps();
    }
  }

  @NeedsFlag
  @OnEveryKind
  void itMayComeAndGoWhileTasksRun(Kind kind) {
    try (var watch = stalls.watch(2_000);
        OpenGreenhouse greenhouse = kind.build()) {
      Load.addAndRemove(greenhouse, watch, 1_000);
      assertThat(watch.totals()).isEqualTo(new StallTotals(0, 0, Duration.ZERO));
    }
  }

  @NeedsFlag
  @OnEveryKind
  void closedInMidStepItReportsNothing(Kind kind) {
    var witness = new Stalls();
    try (var other = witness.watch(2 * THRESHOLD);
        OpenGreenhouse greenhouse = kind.build(other)) {
      greenhouse.run(
          () -> {
            StallWatch watch = stalls.watch(THRESHOLD);
            greenhouse.instruments().add(watch);
            try (var nursery = Nursery.open()) {
              nursery.fork(
                  "digger",
                  () -> {
                    watch.close();
                    witness.spinUntilReported("digger");
                  });
            }
            assertThat(stalls.of("digger")).isEmpty();
            watch.close();
          });
    }
  }

  @NeedsFlag
  @OnEveryKind
  void closedInAReportItStillCountsTheEndOfTheStep(Kind kind) {
    var itself = new StallWatch[1];
    itself[0] =
        stalls
            .builder(THRESHOLD)
            .onStall(
                stall -> {
                  itself[0].close();
                  stalls.accept(stall);
                })
            .build();
    try (OpenGreenhouse greenhouse = kind.build(itself)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("digger", () -> Stalls.spinUntil(() -> Stalls.threads().isEmpty()));
            }
          });
      assertThat(itself[0].totals().stalls()).isEqualTo(1);
      assertThat(itself[0].totals().ended()).isEqualTo(1);
    }
  }

  @NeedsFlag
  @OnEveryKind
  void aConsumerThatBlocksKeepsNobodyButItself(Kind kind) throws Exception {
    var release = new CountDownLatch(1);
    var reached = new CountDownLatch(1);
    var watch =
        stalls
            .builder(THRESHOLD)
            .onStall(
                stall -> {
                  stalls.accept(stall);
                  reached.countDown();
                  Stalls.spinUntil(() -> release.getCount() == 0);
                })
            .build();
    try (OpenGreenhouse greenhouse = kind.build(watch)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("digger", () -> Stalls.spinUntil(() -> reached.getCount() == 0));
            }
            Load.churn(1_000);
          });
      Thread.currentThread().interrupt(); // or close waits for two seconds
      watch.close();
      assertThat(Thread.interrupted()).isTrue();
      release.countDown();
      Stalls.threads().forEach(LockSupport::unpark);
      Stalls.spinUntil(() -> Stalls.threads().isEmpty());
    }
    assertThat(stalls.lines.lines()).hasSize(1);
  }

  @NeedsFlag
  @OnEveryKind
  void aTaskThatWasReportedIsNotKept(Kind kind) {
    try (var watch = stalls.builder(THRESHOLD).onStall(stall -> {}).build();
        OpenGreenhouse greenhouse = kind.build(watch)) {
      var digger = new AtomicReference<WeakReference<Task<?>>>();
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              digger.set(
                  new WeakReference<>(
                      nursery.fork(
                          "digger",
                          () -> Stalls.spinUntil(() -> stalls.lines.count("'digger'") == 1))));
            }
          });
      Eventually.holds(
          "it is collected",
          () -> {
            System.gc();
            return digger.get().refersTo(null);
          });
    }
  }

  // ---- what goes wrong

  @NeedsFlag
  @OnEveryKind
  void aConsumerThatThrowsIsToldOfOnceAndCalledAgain(Kind kind) {
    try (var watch =
            stalls
                .builder(THRESHOLD)
                .onStall(
                    stall -> {
                      stalls.accept(stall);
                      throw new IllegalStateException("thrown on purpose by a consumer");
                    })
                .build();
        OpenGreenhouse greenhouse = kind.build(watch)) {
      greenhouse.run(
          () -> {
            for (String name : new String[] {"first", "second", "third"}) {
              try (var nursery = Nursery.open()) {
                nursery.fork(name, () -> stalls.spinUntilReported(name));
              }
            }
          });
      assertThat(stalls.lines.count("ERROR The consumer of a stall watch threw.")).isEqualTo(1);
      assertThat(stalls.lines.causes).singleElement().isInstanceOf(IllegalStateException.class);
    }
  }

  @NeedsFlag
  @OnEveryKind
  void oddNamesAreWrittenOnOneLineAndCut(Kind kind) {
    try (var watch = stalls.watch(5);
        OpenGreenhouse greenhouse = kind.build(watch)) {
      greenhouse.run(
          () -> {
            for (String name : Load.ODD_NAMES) {
              try (var nursery = Nursery.open()) {
                nursery.fork(name, () -> stalls.spinUntilReported(name));
              }
            }
          });
    }
    assertThat(stalls.lines.lines())
        .map(line -> line.lines().findFirst().orElseThrow())
        .allMatch(line -> line.length() < 600)
        .anyMatch(line -> line.contains("Task 'it's \"quoted\"' has held"))
        .anyMatch(line -> line.contains("Task 'two\\nlines\\r\\tand {} %s ${jndi:x} \\' has held"))
        .anyMatch(line -> line.contains("'long" + "\uD83C\uDF45".repeat(98) + "…' has held"));
  }

  @NeedsFlag
  @Test
  void aDeepStackIsCutInTheLogOnly() {
    try (var watch = stalls.watch(THRESHOLD);
        OpenGreenhouse greenhouse = Kind.LOOP.build(watch)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork("digger", () -> dig(300));
            }
          });
      assertThat(stalls.of("digger").getFirst().stack()).hasSizeGreaterThan(300);
      String line = stalls.lines.lines().getFirst();
      assertThat(line.lines()).hasSize(102);
      assertThat(line).matches("(?s).*\\R\t\\.\\.\\. 2\\d\\d more");
    }
  }

  private void dig(int depth) {
    if (depth > 0) {
      dig(depth - 1);
    } else {
      stalls.spinUntilReported("digger");
    }
  }

  @Test
  void badInputIsRefused() {
    for (Duration bad :
        Arrays.asList(null, Duration.ZERO, Duration.ofNanos(-1), Duration.ofDays(-1))) {
      assertThatThrownBy(() -> StallWatch.builder().threshold(bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "A stall watch can't have a threshold of %s. Give a positive one, such as Duration.ofMillis(100)."
                  .formatted(bad));
    }
    assertThatThrownBy(() -> StallWatch.builder().logger(" "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "A stall watch's logger has no name. Give one, such as 'dev.greenhouse.stalls'.");
    assertThatNullPointerException()
        .isThrownBy(() -> StallWatch.builder().onStall(null))
        .withMessage("consumer");
    StallWatch.builder().threshold(Duration.ofSeconds(Long.MAX_VALUE)).build().close();
    StallWatch.builder().threshold(Duration.ofNanos(1)).build().close();
  }
}
