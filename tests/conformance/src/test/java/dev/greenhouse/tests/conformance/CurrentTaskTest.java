package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance A4 and A6: who is the current task, and where it stands.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CurrentTaskTest {
  // A4
  @OnEveryKind
  void outsideOfARunThereIsNoCurrentTask(Kind kind) throws Throwable {
    assertNoTask();
    kind.run(() -> assertThat(Task.currentIfAny()).isPresent());
    assertNoTask();
  }

  private static void assertNoTask() {
    assertThat(Task.currentIfAny()).isEmpty();
    for (Runnable use :
        List.<Runnable>of(
            Task::current,
            Task::checkpoint,
            Task::throwIfCancelled,
            Task::sleepForever,
            () -> Task.sleep(Duration.ZERO),
            Suspension::create)) {
      assertThatThrownBy(use::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no task");
    }
  }

  // A4
  @OnEveryKind
  void aTaskIsCurrentInItsCalleesAndInAnAbortHandler(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Task<?> main = Task.current();
          assertThat(Optional.of(1).<Task<?>>map(x -> Task.current()).orElseThrow()).isSameAs(main);
          var inAbort = new CompletableFuture<Task<?>>();
          Nursery.run(
              nursery -> {
                nursery.cancel();
                Suspension.create().await(() -> inAbort.complete(Task.current()));
              });
          assertThat(inAbort.getNow(null)).isSameAs(main);
        });
  }

  /// The handler runs in the task that waits, whoever cancels.
  // A4
  @OnEveryKind
  void anAbortHandlerHasItsOwnTaskWhenSomebodyElseCancels(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThat(currentInAbort(nursery -> nursery.cancel("by the owner"))).isEqualTo("waiter");
          assertThat(
                  currentInAbort(
                      nursery ->
                          Nursery.run(
                              other -> other.fork(() -> nursery.cancel("by another task")))))
              .isEqualTo("waiter");
          assertThat(
                  currentInAbort(
                      nursery -> Thread.ofPlatform().start(() -> nursery.cancel("by a thread"))))
              .isEqualTo("waiter");
          assertThat(
                  currentInAbort(nursery -> nursery.cancelScope().deadline(Duration.ofMillis(1))))
              .isEqualTo("waiter");
        });
  }

  private static String currentInAbort(Consumer<Nursery> cancels) {
    var inAbort = new CompletableFuture<String>();
    Nursery.run(
        nursery -> {
          var waits = new CountDownLatch(1);
          Task<?> waiter =
              nursery.fork(
                  "waiter",
                  () -> {
                    waits.countDown();
                    Suspension.create().await(() -> inAbort.complete(Task.current().name()));
                  });
          waits.await();
          Eventually.holds("it waits", () -> waiter.waitsFor().isPresent());
          cancels.accept(nursery);
          Task.sleepForever();
        });
    return inAbort.getNow("nobody");
  }

  // A4
  @OnEveryKind
  void aThreadThatATaskStartsIsNoTask(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (Thread.Builder builder : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
            var seen = new CompletableFuture<Optional<Task<?>>>();
            builder.start(() -> seen.complete(Task.currentIfAny())).join();
            assertThat(seen.getNow(null)).isEmpty();
          }
          assertThat(Task.currentIfAny()).isPresent();
        });
  }

  // A6
  @OnEveryKind
  void aChildSeesItsParentThroughItsNurseryAndTheRootHasNone(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Task<?> main = Task.current();
          assertThat(main.parent()).isEmpty();
          try (var nursery = Nursery.open()) {
            Nursery seen = nursery.fork(() -> Task.current().parent().orElseThrow()).join();
            assertThat(seen).isSameAs(nursery);
            assertThat(seen.owner()).isSameAs(main);
          }
          assertThat(main.greenhouse().roots()).containsExactly(main);
        });
  }
}
