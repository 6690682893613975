package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.context.InheritedContext;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.portal.ThreadPortal;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 14: a context travels from whoever forks to the task, and no further.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InheritedContextTest {
  private static final ThreadLocal<@Nullable String> PLACE = new ThreadLocal<>();

  private static InheritedContext<String> places() {
    return InheritedContext.of(PLACE::get, InheritedContextTest::attach);
  }

  private static AutoCloseable attach(String place) {
    String before = PLACE.get();
    PLACE.set(place);
    return () -> PLACE.set(before);
  }

  /// Does it on a thread that is no task.
  private static <T> T outside(Callable<T> body) throws Exception {
    var outside = new FutureTask<>(body);
    Thread.ofPlatform().start(outside);
    return outside.get();
  }

  // ---- who gets what

  @OnEveryKind
  void childrenHaveItAcrossWaitsAndHandItOn(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build(places())) {
      greenhouse.run(
          () -> {
            PLACE.set("garden");
            try (var nursery = Nursery.open()) {
              Task<String> child =
                  nursery.fork(
                      () -> {
                        Task.checkpoint();
                        try (var inner = Nursery.open()) {
                          return PLACE.get() + ", " + inner.fork(() -> PLACE.get()).join();
                        }
                      });
              String started = nursery.start(status -> status.started(PLACE.get()));
              PLACE.set("meadow");
              assertThat(started).isEqualTo("garden");
              assertThat(child.join()).isEqualTo("garden, garden");
            }
          });
    }
  }

  @OnEveryKind
  void whatATaskAttachesIsSeenByItsChildrenAndNotAroundIt(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build(places())) {
      greenhouse.run(
          () -> {
            PLACE.set("garden");
            var set = new CountDownLatch(1);
            try (var nursery = Nursery.open()) {
              Task<String> sibling =
                  nursery.fork(
                      () -> {
                        set.await();
                        return PLACE.get();
                      });
              Task<Task<String>> child =
                  nursery.fork(
                      () -> {
                        PLACE.set("bed"); // and leaves it
                        set.countDown();
                        return nursery.fork(() -> PLACE.get());
                      });
              assertThat(child.join().join()).isEqualTo("bed");
              assertThat(sibling.join()).isEqualTo("garden");
              assertThat(nursery.fork(() -> PLACE.get()).join()).isEqualTo("garden");
              assertThat(PLACE.get()).isEqualTo("garden");
            }
          });
    }
  }

  @OnEveryKind
  void itIsAttachedAndPutBackOnceInTheTasksOwnThread(Kind kind) {
    Queue<Object> told = new ConcurrentLinkedQueue<>();
    var context =
        InheritedContext.of(
            PLACE::get,
            place -> {
              told.add("attached " + place);
              told.add(Thread.currentThread());
              return () -> {
                told.add("put back " + place);
                told.add(Thread.currentThread());
              };
            });
    try (OpenGreenhouse greenhouse = kind.build(context)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork(() -> assertThat(told).isEmpty()).join(); // there is none
              PLACE.set("garden");
              Thread child =
                  nursery
                      .fork(
                          () -> {
                            Task.checkpoint();
                            told.add("in the body");
                            return Thread.currentThread();
                          })
                      .join();
              assertThat(told)
                  .containsExactly(
                      "attached garden", child, "in the body", "put back garden", child);
            }
          });
    }
  }

  @OnEveryKind
  void itIsPutBackHoweverTheTaskEnds(Kind kind) {
    var attached = new AtomicInteger();
    var putBack = new AtomicInteger();
    var context =
        InheritedContext.of(
            PLACE::get,
            place -> {
              attached.incrementAndGet();
              return putBack::incrementAndGet;
            });
    try (OpenGreenhouse greenhouse = kind.build(context)) {
      greenhouse.run(
          () -> {
            PLACE.set("garden");
            Load.threeEnds();
          });
    }
    assertThat(attached).hasValue(4);
    assertThat(putBack).hasValue(4);
  }

  @OnEveryKind
  void mainAndLaunchedTasksHaveThatOfWhoRunsThem(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build(places())) {
      PLACE.set("outside");
      assertThat(greenhouse.<String, RuntimeException>call(PLACE::get)).isEqualTo("outside");
      assertThat(greenhouse.launch(() -> PLACE.get()).toCompletableFuture().join())
          .isEqualTo("outside");
    }
  }

  @OnEveryKind
  void forksOfAThreadThatIsNoTaskHaveThatThreads(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = kind.build(places())) {
      greenhouse.run(
          () -> {
            PLACE.set("garden");
            try (var nursery = Nursery.open()) {
              Task<String> child =
                  outside(
                      () -> {
                        PLACE.set("outside");
                        return nursery.fork(() -> PLACE.get());
                      });
              assertThat(child.join()).isEqualTo("outside");
              assertThat(outside(() -> nursery.fork(() -> PLACE.get())).join()).isNull();
            }
          });
    }
  }

  @OnEveryKind
  void callsThroughAThreadPortalHaveThatOfTheCaller(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = kind.build(places())) {
      greenhouse.run(
          () -> {
            PLACE.set("garden");
            try (var portal = ThreadPortal.open()) {
              List<String> seen =
                  outside(
                      () -> {
                        PLACE.set("outside");
                        var started =
                            portal.<String, RuntimeException>start(
                                status -> status.started(PLACE.get()));
                        return List.of(
                            portal.<String, RuntimeException>call(PLACE::get),
                            portal.submit(() -> PLACE.get()).join(),
                            started.value(),
                            PLACE.get());
                      });
              assertThat(seen).containsOnly("outside");
            }
            assertThat(PLACE.get()).isEqualTo("garden");
          });
    }
  }

  @Test
  void aThreadThatOpensANurseryKeepsItsOwn() {
    var attached = new ConcurrentLinkedQueue<Thread>();
    var context =
        InheritedContext.of(
            PLACE::get,
            place -> {
              attached.add(Thread.currentThread());
              return attach(place);
            });
    Greenhouse.common().instruments().add(context);
    try {
      PLACE.set("a");
      try (var nursery = Nursery.open()) {
        assertThat(nursery.fork(() -> PLACE.get()).join()).isEqualTo("a");
        PLACE.set("b");
      }
      assertThat(PLACE.get()).isEqualTo("b");
      assertThat(attached).hasSize(1).doesNotContain(Thread.currentThread());
    } finally {
      Greenhouse.common().instruments().remove(context);
    }
  }

  // ---- instruments that come and go, tasks that never run

  /// Removes another instrument between the fork of one task and its begin.
  private record Remover(Instrument other, String from) implements Instrument {
    @Override
    public void taskSpawned(TaskView task) {
      if (task.name().equals(from)) {
        of(task).instruments().remove(other);
      }
    }

    private static OpenGreenhouse of(TaskView task) {
      return (OpenGreenhouse) task.greenhouse();
    }
  }

  @OnEveryKind
  void removedBetweenForkAndBeginItAttachesNothing(Kind kind) {
    InheritedContext<String> context = places();
    try (OpenGreenhouse greenhouse = kind.build(context, new Remover(context, "child"))) {
      greenhouse.run(
          () -> {
            PLACE.set("garden");
            try (var nursery = Nursery.open()) {
              Task<@Nullable String> child =
                  nursery.fork(
                      "child",
                      () -> {
                        String seen = PLACE.get();
                        greenhouse.instruments().add(context); // which now hears of the end
                        return seen;
                      });
              assertThat(child.join()).isNull();
              assertThat(nursery.fork(() -> PLACE.get()).join()).isEqualTo("garden");
            }
          });
      assertThat(greenhouse.instruments().list()).contains(context);
    }
  }

  @OnEveryKind
  void addedInMidLifeItServesForksFromThenOn(Kind kind) {
    InheritedContext<String> context = places();
    try (OpenGreenhouse greenhouse = kind.build()) {
      greenhouse.run(
          () -> {
            PLACE.set("garden");
            var added = new CountDownLatch(1);
            try (var nursery = Nursery.open()) {
              Task<Task<String>> older =
                  nursery.fork(
                      () -> {
                        added.await();
                        assertThat(PLACE.get()).isNull();
                        PLACE.set("bed");
                        return nursery.fork(() -> PLACE.get());
                      });
              greenhouse.instruments().add(context);
              added.countDown();
              assertThat(older.join().join()).isEqualTo("bed");
              greenhouse.instruments().remove(context);
              assertThat(nursery.fork(() -> PLACE.get()).join()).isNull();
            }
          });
    }
  }

  @Test
  void aTaskThatNeverRanIsForgotten() throws Throwable {
    InheritedContext<String> context = places();
    Kind.POOL.run(
        () -> {
          TaskView task = Task.current();
          String forked =
              outside(
                  () -> {
                    PLACE.set("outside");
                    context.taskSpawned(task);
                    return "forked";
                  });
          assertThat(forked).isNotNull();
          context.taskExited(task, new Outcome.Failed<>(new OutOfMemoryError("no thread")));
          context.taskEntered(task);
          assertThat(PLACE.get()).isNull();
        });
  }
}
