package dev.greenhouse.tests.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.tree.NurseryNode;
import dev.greenhouse.instrumentation.tree.TaskAges;
import dev.greenhouse.instrumentation.tree.TaskNode;
import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.time.Clock;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// What a task tree shows: who stands where, and how each task is.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TaskTreeTest {
  @OnEveryKind
  void showsWhoStandsWhere(Kind kind) throws Throwable {
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> system = greenhouse.forkSystemTask("gardener", Task::sleepForever);
      greenhouse.run(
          () -> {
            try (var outer = Nursery.open("outer");
                var inner = Nursery.open("inner")) {
              Task<?> first = outer.fork("first", () -> Task.sleepForever());
              inner.fork(
                  "second", () -> Nursery.run(n -> n.fork("third", () -> Task.sleepForever())));
              inner.fork("fourth", () -> Task.sleepForever());
              Eventually.run(() -> assertThat(Here.tree().find("third")).isPresent());
              TaskTree tree = Here.tree();
              assertThat(tree.greenhouse()).isEqualTo(greenhouse.name());
              assertThat(tree.size()).isEqualTo(6);
              assertThat(tree.roots())
                  .extracting(TaskNode::name)
                  .containsExactly("gardener", "main");
              TaskNode main = tree.find("main").orElseThrow();
              assertThat(main.nurseries())
                  .extracting(NurseryNode::name)
                  .containsExactly("outer", "inner");
              assertThat(main.nurseries().getFirst().tasks())
                  .singleElement()
                  .satisfies(t -> assertThat(t.id()).isEqualTo(first.id()));
              assertThat(main.nurseries().getLast().tasks())
                  .extracting(TaskNode::name)
                  .containsExactly("second", "fourth");
              var order = new ArrayList<String>();
              tree.forEach(t -> order.add(t.name()));
              assertThat(order)
                  .containsExactly("gardener", "main", "first", "second", "fourth", "third");
              assertThat(tree.find("fifth")).isEmpty();
              outer.children().forEach(t -> t.cancel("seen"));
              inner.children().forEach(t -> t.cancel("seen"));
            }
          });
      assertThat(TaskTree.of(greenhouse).roots())
          .extracting(TaskNode::name)
          .containsExactly("gardener");
      system.cancel("enough");
    }
  }

  @Test
  void showsAThreadThatHasANurseryOpen() {
    try (var nursery = Nursery.open("here")) {
      TaskTree tree = TaskTree.of(Greenhouse.common());
      assertThat(tree.find(Task.current().name()))
          .hasValueSatisfying(
              me ->
                  assertThat(me.nurseries()).extracting(NurseryNode::name).containsExactly("here"));
      assertThat(nursery.children()).isEmpty();
    }
  }

  @OnEveryKind
  void showsAClosedGreenhouseEmpty(Kind kind) {
    OpenGreenhouse greenhouse = kind.build();
    greenhouse.run(() -> Task.checkpoint());
    greenhouse.close();
    assertThat(TaskTree.of(greenhouse).size()).isZero();
  }

  @OnEveryKind
  void countsSteps(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            nursery.fork(
                "steps",
                () -> {
                  for (int i = 0; i < 5; i++) {
                    Task.checkpoint();
                  }
                  Task.sleepForever();
                });
            Here.says("steps", task -> assertThat(task.steps()).isEqualTo(6));
            nursery.cancel();
          }
        });
  }

  @OnEveryKind
  void showsThoseThatCouldRun(Kind kind) throws Throwable {
    if (kind == Kind.POOL) {
      return; // there everybody has his turn soon
    }
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            nursery.fork("new", () -> 1);
            TaskNode task = Here.task("new");
            assertThat(task.state()).isEqualTo(TaskState.RUNNABLE);
            assertThat(task.doing()).isEqualTo("could run, and waits for its turn");
            assertThat(task.steps()).isZero();
          }
        });
  }

  @OnEveryKind
  @NeedsFlag
  void showsDeadlinesAndWhyATaskIsCancelled(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          var release = new CompletableFuture<String>();
          try (var nursery = Nursery.open("bed")) {
            nursery.fork(
                "limited",
                () -> CancelScope.moveOnAfter(Duration.ofSeconds(7), () -> Task.sleepForever()));
            nursery.fork(
                "shielded",
                () ->
                    CancelScope.moveOnAfter(
                        Duration.ofSeconds(9), () -> CancelScope.shield(() -> release.join())));
            nursery.fork("stubborn", () -> release.join());
            Here.says("limited", t -> assertThat(t.timeLeft()).contains(Duration.ofSeconds(7)));
            Here.says("shielded", t -> assertThat(t.doing()).startsWith("blocked in"));
            assertThat(Here.task("shielded").timeLeft()).isEmpty();
            Here.says("stubborn", t -> assertThat(t.doing()).startsWith("blocked in"));
            assertThat(Here.task("stubborn").timeLeft()).isEmpty();
            assertThat(Here.task("stubborn").cancelled()).isEmpty();
            nursery.cancel("it rains");
            TaskTree tree = TaskTree.of(Task.current().greenhouse());
            CancelScope.shield(
                () -> {
                  for (String name : new String[] {"stubborn", "main"}) {
                    assertThat(tree.find(name).orElseThrow().cancelled())
                        .map(CancelReason::text)
                        .hasValueSatisfying(why -> assertThat(why).contains("it rains"));
                  }
                  assertThat(tree.find("shielded").orElseThrow().cancelled()).isEmpty();
                });
            release.complete("at last");
          }
        });
  }

  /// Throws in one thread.
  private record Broken(Thread inThread) implements Clock {
    @Override
    public long nanoTime() {
      if (Thread.currentThread() == inThread) {
        throw new AssertionError("the clock is broken");
      }
      return System.nanoTime();
    }

    @Override
    public Instant instant() {
      return Instant.now();
    }
  }

  @Test
  void leavesOutDeadlinesOfAClockThatThrows() {
    var clock = new Broken(Thread.currentThread());
    try (OpenGreenhouse greenhouse = Greenhouse.builder().clock(clock).parallelism(1).build()) {
      Task<?> task =
          greenhouse.launch(
              () -> CancelScope.moveOnAfter(Duration.ofHours(1), () -> Task.sleepForever()));
      try {
        Eventually.run(
            () ->
                assertThat(TaskTree.of(greenhouse).roots())
                    .singleElement()
                    .satisfies(t -> assertThat(t.doing()).isEqualTo("sleepForever"))
                    .satisfies(t -> assertThat(t.timeLeft()).isEmpty()));
      } finally {
        task.cancel("seen");
      }
    }
  }

  @OnEveryKind
  void knowsAgesIfItIsToldOfSpawns(Kind kind) {
    var ages = TaskAges.create();
    try (OpenGreenhouse greenhouse = kind.build(ages)) {
      greenhouse.run(
          () -> {
            assertThat(Here.task("main").age())
                .hasValueSatisfying(
                    age -> assertThat(age).isPositive().isLessThan(Duration.ofMinutes(1)));
            Task<?> main = Task.current();
            Duration now = ages.of(main).orElseThrow();
            assertThat(ages.of(main).orElseThrow()).isGreaterThanOrEqualTo(now);
            greenhouse.instruments().remove(ages);
            assertThat(Here.task("main").age()).isEmpty();
          });
      assertThat(greenhouse.roots()).isEmpty();
    }
  }

  @OnEveryKind
  void showsStacksOnRequest(Kind kind) {
    var inside = new CountDownLatch(1);
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> task = greenhouse.launch(() -> waitsHere(inside));
      Eventually.holds("it waits", () -> inside.getCount() == 0);
      Eventually.run(
          () ->
              assertThat(TaskTree.withStacks(greenhouse).roots().getFirst().stack())
                  .extracting(StackTraceElement::getMethodName)
                  .contains("waitsHere", "sleepForever", "park"));
      assertThat(TaskTree.of(greenhouse).roots().getFirst().stack()).isEmpty();
      task.cancel("enough");
    }
  }

  private static boolean waitsHere(CountDownLatch inside) {
    inside.countDown();
    Task.sleepForever();
    return true;
  }

  /// Each task in a nursery of the one before: no recursion on the way down.
  @OnEveryKind
  void showsDeepTrees(Kind kind) {
    int depth = 3000;
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> root = greenhouse.launch(() -> descend(depth));
      Eventually.run(() -> assertThat(TaskTree.of(greenhouse).size()).isEqualTo(depth + 1));
      TaskTree tree = TaskTree.withStacks(greenhouse);
      assertThat(tree.toText(100).lines())
          .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
      assertThat(tree.toJson().lines().count()).isEqualTo(depth + 1 + 2);
      root.cancel("enough");
    }
  }

  private static boolean descend(int depth) {
    if (depth == 0) {
      Task.sleepForever();
    }
    Nursery.run(nursery -> nursery.fork(() -> descend(depth - 1)));
    return true;
  }

  @Test
  void refusesNull() {
    assertThatThrownBy(() -> TaskTree.of(nothing()))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("greenhouse");
    assertThatThrownBy(() -> TaskTree.of(Greenhouse.common()).find(nothing()))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("name");
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T nothing() {
    return null;
  }
}
