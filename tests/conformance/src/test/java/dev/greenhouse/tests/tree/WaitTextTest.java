package dev.greenhouse.tests.tree;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.portal.Portal;
import dev.greenhouse.portal.ThreadPortal;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SubmissionPublisher;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;

/// Each wait in an operation of Greenhouse has its words.
@ExtendWith(NothingLeft.class)
class WaitTextTest {
  /// Somebody's description of a wait.
  private record Word(String word) {
    @Override
    public String toString() {
      if (word.isEmpty()) {
        throw new IllegalStateException("no word");
      }
      return word;
    }
  }

  @OnEveryKind
  void ofSleeps(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            nursery.fork("long", () -> sleep(Duration.ofHours(50)));
            nursery.fork("for ever", () -> Task.sleepForever());
            Here.saysDoingLike("long", "sleep, 49 h 59 min left");
            Here.saysDoing("for ever", "sleepForever");
            nursery.cancel();
          }
        });
  }

  @OnEveryKind
  @NeedsFlag
  void ofSleepsByTheGreenhousesClock(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          try (var nursery = Nursery.open()) {
            Task<?> late = nursery.fork(() -> sleep(Duration.ofSeconds(10)));
            Task.sleep(Duration.ofSeconds(4));
            assertThat(late.waitsFor()).contains("sleep, 6 s left");
          }
        });
  }

  @OnEveryKind
  void ofOtherTasks(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open("bed")) {
            Task<?> target = nursery.fork("target", () -> Task.sleepForever());
            nursery.fork("joining", () -> target.join());
            nursery.fork("starting", () -> nursery.start("slow", status -> Task.sleepForever()));
            nursery.fork(
                "closing",
                () -> Nursery.run(inner -> inner.fork("inner", () -> Task.sleepForever())));
            Here.saysDoing("joining", "join of task 'target'");
            Here.saysDoing("starting", "start of task 'slow'");
            Here.saysDoing("closing", "close of nursery 'nursery'");
            nursery.cancel();
          }
        });
  }

  @OnEveryKind
  void ofAwaits(Kind kind) throws Throwable {
    var never = new CompletableFuture<String>();
    var plain = new FutureTask<>(() -> 1);
    try (var publisher = new SubmissionPublisher<String>()) {
      kind.run(
          () -> {
            try (var nursery = Nursery.open()) {
              Portal.withPortalRunTree(
                  () -> {
                    try (var inner = Nursery.open()) {
                      inner.fork("stage", () -> Portal.await(never));
                      inner.fork(
                          "operation",
                          () ->
                              Portal.await(
                                  () -> new CompletableFuture<String>().minimalCompletionStage()));
                      inner.fork(
                          "publisher", () -> Portal.await((Flow.Publisher<String>) publisher));
                      inner.fork("future", () -> Portal.awaitFuture(plain));
                      Here.saysDoing("stage", "await CompletableFuture");
                      Here.saysDoing("operation", "await MinimalStage");
                      Here.saysDoing("publisher", "await SubmissionPublisher");
                      Here.saysDoing("future", "await FutureTask");
                      Here.says(
                          "stage", task -> assertThat(task.marks()).containsExactly("portal tree"));
                      inner.cancel();
                    }
                  });
              nursery.fork(
                  "alone",
                  () -> Portal.withPortalRun(() -> Portal.await(new CompletableFuture<>())));
              Here.says("alone", task -> assertThat(task.marks()).containsExactly("portal"));
              assertThat(Here.task("main").marks()).isEmpty();
              nursery.cancel();
            }
          });
    }
  }

  @OnEveryKind
  void ofTheKeeperOfAPortalForThreads(Kind kind) {
    OpenGreenhouse greenhouse = kind.build();
    try (var portal = ThreadPortal.launch(() -> greenhouse)) {
      assertThat(portal).isNotNull();
      Eventually.run(
          () ->
              assertThat(TaskTree.of(greenhouse).roots())
                  .singleElement()
                  .satisfies(keeper -> assertThat(keeper.doing()).startsWith("calls by portal '")));
    }
  }

  @OnEveryKind
  void ofWhatIsBuiltOnTop(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            nursery.fork(
                "named", () -> Suspension.create(new Word("Channel 'pages'.receive")).await());
            nursery.fork("unnamed", () -> Suspension.create().await());
            nursery.fork("broken", () -> Suspension.create(new Word("")).await());
            Here.saysDoing("named", "Channel 'pages'.receive");
            Here.saysDoing("unnamed", "Suspension.await");
            Here.saysDoing(
                "broken",
                Word.class.getName() + ", whose toString threw java.lang.IllegalStateException");
            nursery.cancel();
          }
        });
  }

  @OnEveryKind
  void ofNothingWhenTheWaitIsOver(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var wait = new CompletableFuture<Suspension<@Nullable Void>>();
          try (var nursery = Nursery.open()) {
            Task<Boolean> child =
                nursery.fork(
                    "waiting",
                    () -> {
                      var suspension = Suspension.<@Nullable Void>create(new Word("the bell"));
                      wait.complete(suspension);
                      suspension.await();
                      return Task.current().waitsFor().isEmpty();
                    });
            Here.says(
                "waiting",
                task -> {
                  assertThat(task.doing()).isEqualTo("the bell");
                  assertThat(task.state()).isEqualTo(TaskState.WAITING);
                });
            wait.join().resume(null);
            assertThat(child.join()).isTrue();
          }
        });
  }

  private static void sleep(Duration time) {
    Task.sleep(time);
  }
}
