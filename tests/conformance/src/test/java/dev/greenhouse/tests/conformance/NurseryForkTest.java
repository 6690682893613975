package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 4 and conformance B14, B15: until when, from where and into what tasks may be forked.
@ExtendWith(NothingLeft.class)
class NurseryForkTest {
  private static final ScopedValue<String> BOUND = ScopedValue.newInstance();

  // B14
  @OnEveryKind
  void forkingIsAllowedAfterTheBodyEndedWhileATaskLives(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var late = new CompletableFuture<Task<Integer>>();
          try (var nursery = Nursery.open()) {
            nursery.fork(
                () -> {
                  Task<?> owner = nursery.owner();
                  // Its owner is in close() as soon as it waits without having been told.
                  while (owner.state() != TaskState.WAITING) {
                    Task.checkpoint();
                  }
                  late.complete(nursery.fork(() -> 5));
                });
          }
          assertThat(late.getNow(null).outcome()).contains(new Outcome.Succeeded<>(5));
        });
  }

  // B14
  @OnEveryKind
  void forkingIntoAClosedNurseryIsRefusedWithItsNameAndARemedy(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Nursery closed;
          try (var nursery = Nursery.open("beds")) {
            closed = nursery;
          }
          for (Runnable use :
              new Runnable[] {
                () -> closed.fork(() -> {}),
                () -> closed.fork(() -> 1),
                () -> closed.fork("name", () -> 1),
                () -> closed.executor().execute(() -> {}),
                () -> closed.start(status -> status.started(1))
              }) {
            assertThatThrownBy(use::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'beds'")
                .hasMessageContaining("outer nursery");
          }
          assertThat(Task.current().greenhouse().roots()).hasSize(1);
        });
  }

  // B15
  @OnEveryKind
  void aTaskForkedIntoACancelledNurseryRunsToItsFirstCheckpoint(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var begun = new AtomicBoolean();
          var passed = new AtomicBoolean();
          Task<?> task;
          Task<Integer> quick;
          Task<?> elsewhere;
          try (var nursery = Nursery.open()) {
            nursery.cancel("closed for winter");
            task =
                nursery.fork(
                    () -> {
                      begun.set(true);
                      Task.throwIfCancelled();
                      passed.set(true);
                    });
            quick = nursery.fork(() -> 3);
            elsewhere = nursery.fork(() -> Thread.sleep(3_600_000)); // the JDK's waits, too
          }
          assertThat(begun).isTrue();
          assertThat(passed).isFalse();
          assertThat(quick.join()).isEqualTo(3);
          for (Task<?> cancelled : List.of(task, elsewhere)) {
            assertThatThrownBy(cancelled::join)
                .isInstanceOf(TaskCancelledException.class)
                .hasMessageContaining("closed for winter");
          }
        });
  }

  // Rule 4
  @OnEveryKind
  void aNurseryCancelledWhileItsBodyEndedStillTakesTasksOfItsTasks(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var outcome = new CompletableFuture<Task<?>>();
          try (var nursery = Nursery.open(NurseryOptions.named("beds").cancelOnClose(true))) {
            nursery.fork(
                () -> {
                  try {
                    Task.sleepForever();
                  } finally {
                    outcome.complete(nursery.fork(() -> Task.sleepForever()));
                  }
                });
          }
          assertThat(outcome.getNow(null).outcome().orElseThrow())
              .isInstanceOf(Outcome.WasCancelled.class);
        });
  }

  // Design, section 3: forking from anywhere
  @OnEveryKind
  void anyThreadMayForkAndTheTaskSeesTheScopedValuesOfTheOpener(Kind kind) throws Throwable {
    kind.run(
        () ->
            ScopedValue.where(BOUND, "opener")
                .call(
                    () -> {
                      try (var nursery = Nursery.open()) {
                        assertThat(forkIn(Thread.ofPlatform(), nursery)).isEqualTo("opener");
                        assertThat(forkIn(Thread.ofVirtual(), nursery)).isEqualTo("opener");
                        String byTask =
                            nursery
                                .fork(
                                    () ->
                                        ScopedValue.where(BOUND, "forker")
                                            .call(() -> nursery.fork(BOUND::get).join()))
                                .join();
                        assertThat(byTask).isEqualTo("opener");
                        String byOwner =
                            ScopedValue.where(BOUND, "rebound")
                                .call(() -> nursery.fork(BOUND::get).join());
                        assertThat(byOwner).isEqualTo("opener");
                      }
                      return null;
                    }));
  }

  private static String forkIn(Thread.Builder builder, Nursery nursery) throws Exception {
    var result = new CompletableFuture<String>();
    builder.start(
        () ->
            ScopedValue.where(BOUND, "stranger")
                .run(
                    () ->
                        nursery.fork(
                            () -> {
                              assertThat(Task.current().parent()).containsSame(nursery);
                              result.complete(BOUND.get());
                            })));
    return result.get();
  }

  // Design, section 3: "a fork never waits for the owner, whatever the owner is blocked in"
  @OnEveryKind
  void aForkDoesNotWaitForAnOwnerThatIsBlockedElsewhere(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var release = new CountDownLatch(1);
          try (var nursery = Nursery.open()) {
            Thread.ofPlatform().start(() -> nursery.fork(() -> release.countDown()));
            release.await();
          }
          assertThat(release.getCount()).isZero();
        });
  }

  @OnEveryKind
  void theExecutorForksATaskForEachCommand(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var parent = new CompletableFuture<Nursery>();
            nursery
                .executor()
                .execute(() -> parent.complete(Task.current().parent().orElseThrow()));
            assertThat(parent.get()).isSameAs(nursery);
          }
        });
  }

  // Section 4: a plain thread that opens a nursery is a task until it has closed
  @OnEveryKind
  void aPlainThreadIsATaskWhileItHasANurseryOpen(Kind kind) {
    assertThat(kind).isNotNull();
    Task<?> me;
    try (var nursery = Nursery.open()) {
      me = Task.current();
      assertThat(nursery.owner()).isSameAs(me);
      assertThat(me.thread()).isSameAs(Thread.currentThread());
      assertThat(me.parent()).isEmpty();
      assertThat(nursery.fork(() -> 3).join()).isEqualTo(3);
    }
    assertThat(Task.currentIfAny()).isEmpty();
    assertThat(me.outcome()).isPresent();
  }
}
