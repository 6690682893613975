package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance B, nurseries: B10, B11 and B13 are in [NurseryFailureTest], B14 and B15 in
/// [NurseryForkTest]. B20 and B21 are left out: there is no loose mode.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NurseryTest {
  // Rule 1
  @OnEveryKind
  void closeWaitsForEveryTaskAlsoForThoseThatTasksFork(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var ended = new ArrayList<Integer>();
          try (var nursery = Nursery.open()) {
            forkChain(nursery, 20, ended);
          }
          assertThat(ended).hasSize(20);
        });
  }

  private static void forkChain(Nursery nursery, int left, List<Integer> ended) {
    nursery.fork(
        () -> {
          if (left > 1) {
            forkChain(nursery, left - 1, ended);
          }
          Task.checkpoint();
          synchronized (ended) {
            ended.add(left);
          }
        });
  }

  // B16
  @OnEveryKind
  void closeIsNoCancellationPoint(Kind kind) throws Throwable {
    kind.run(
        () ->
            Nursery.run(
                cancelled -> {
                  cancelled.cancel();
                  try (var empty = Nursery.open()) {
                    assertThat(empty.children()).isEmpty();
                  }
                  try (var nonBlocking = Nursery.open()) {
                    nonBlocking.fork(() -> {});
                  }
                  Nursery.run(inner -> inner.fork(() -> {}));
                  assertThatThrownBy(Task::throwIfCancelled).isInstanceOf(Cancelled.class);
                }));
  }

  // B16
  @OnEveryKind
  void anExceptionOfTheBodyPassesANurseryInACancelledScope(Kind kind) throws Throwable {
    var ours = new IOException("ours");
    kind.run(
        () ->
            Nursery.run(
                cancelled -> {
                  cancelled.cancel();
                  assertThatThrownBy(
                          () -> {
                            try (var empty = Nursery.open()) {
                              assertThat(empty.isOpen()).isTrue();
                              throw ours;
                            }
                          })
                      .isSameAs(ours);
                }));
  }

  // B16
  @Test
  @NeedsFlag
  void closingAnEmptyNurseryLetsOthersRun() throws Throwable {
    Kind.LOOP.run(
        () -> {
          var ran = new AtomicBoolean();
          try (var outer = Nursery.open()) {
            outer.fork(() -> ran.set(true));
            Nursery.open().close();
            assertThat(ran).isTrue();
          }
        });
  }

  // B17
  @OnEveryKind
  void openNurseriesAreListedOuterToInnerAndRestoredAfterAnException(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Task<?> me = Task.current();
          assertThat(me.nurseries()).isEmpty();
          try (var outer = Nursery.open("outer")) {
            assertThatThrownBy(
                    () -> {
                      try (var inner = Nursery.open("inner")) {
                        assertThat(me.nurseries()).containsExactly(outer, inner);
                        throw new IOException();
                      }
                    })
                .isInstanceOf(IOException.class);
            assertThat(me.nurseries()).containsExactly(outer);
            assertThat(outer.owner()).isSameAs(me);
          }
          assertThat(me.nurseries()).isEmpty();
        });
  }

  // B18
  @OnEveryKind
  void childrenAreListedInTheOrderOfTheirForksUntilTheyEnd(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            assertThat(nursery.children()).isEmpty();
            var release = new CountDownLatch(1);
            Task<?> a = nursery.fork(() -> release.await());
            Task<?> b = nursery.fork(() -> release.await());
            Task<?> c = nursery.fork(() -> release.await());
            assertThat(nursery.children()).isEqualTo(List.of(a, b, c));
            release.countDown();
            nursery.join();
            assertThat(a.parent()).containsSame(nursery);
          }
        });
  }

  // B18
  @OnEveryKind
  void parentLinksStayValidAfterTheEnd(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Nursery closed;
          Task<?> child;
          try (var nursery = Nursery.open()) {
            closed = nursery;
            child = nursery.fork(() -> 1);
          }
          assertThat(child.parent()).containsSame(closed);
          assertThat(closed.owner()).isSameAs(Task.current());
          assertThat(closed.children()).isEmpty();
          assertThat(closed.isOpen()).isFalse();
        });
  }

  // B19
  @OnEveryKind
  void aTaskHasTheNameItWasGivenAndSoHasItsThread(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThat(Task.current().name()).isEqualTo("main");
          try (var nursery = Nursery.open("beds")) {
            assertThat(nursery.fork("rose", () -> Thread.currentThread().getName()).join())
                .isEqualTo("rose");
            Task<?> action = nursery.fork("tulip", () -> {});
            assertThat(action.name()).isEqualTo("tulip");
            assertThat(action.thread().getName()).isEqualTo("tulip");
            assertThat(nursery.name()).isEqualTo("beds");
          }
        });
  }

  // B19
  @OnEveryKind
  void aTaskWithoutANameIsCalledAfterItsNurseryAndItsId(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open("beds")) {
            Task<?> task = nursery.fork(() -> {});
            assertThat(task.name()).isEqualTo("beds-" + task.id());
            assertThat(task.thread().getName()).isEqualTo(task.name());
          }
        });
  }

  // B19. What a thread dump or a log sees, who never ask the task.
  @OnEveryKind
  void theThreadOfATaskWithoutANameHasItsNurserysNameUntilSomebodyAsks(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open("beds")) {
            String seen = nursery.fork(() -> Thread.currentThread().getName()).join();
            assertThat(seen).isEqualTo("beds");
          }
        });
  }

  // B16 (misuse)
  @OnEveryKind
  void anotherThreadCanNotCloseANursery(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open("beds")) {
            Task<Throwable> other = nursery.fork(() -> catchThrowable(nursery::close));
            assertThat(other.join())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'beds'")
                .hasMessageContaining("cancel()");
          }
        });
  }

  // D51
  @OnEveryKind
  void nurseriesClosedOutOfOrderAreOneClearErrorAndAllIsClosed(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Nursery outer = Nursery.open("outer");
          Nursery inner = Nursery.open("inner");
          Task<?> task = inner.fork(() -> Task.sleepForever());
          assertThatThrownBy(outer::close)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("'outer'")
              .hasMessageContaining("'inner'")
              .hasMessageContaining("try-with-resources");
          assertThat(task.outcome()).isPresent();
          inner.close();
          assertThat(Task.current().nurseries()).isEmpty();
        });
  }

  // D51
  @OnEveryKind
  void aTaskThatLeavesANurseryOpenFails(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              catchThrowableOfType(
                  NurseryFailedException.class,
                  () ->
                      Nursery.run(
                          nursery ->
                              nursery.fork(
                                  "careless",
                                  () -> {
                                    Nursery.open("left").fork(() -> Task.sleepForever());
                                  })));
          assertThat(thrown.getCause())
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("'careless'")
              .hasMessageContaining("'left'");
        });
  }

  // Design, section 4: a thread that is no task becomes one of the shared pool
  @Test
  void onAPlainThreadItIsTheCommonGreenhouses() throws Exception {
    for (Thread.Builder builder : List.of(Thread.ofVirtual(), Thread.ofPlatform())) {
      var seen = new CompletableFuture<List<?>>();
      builder.name("plain").start(() -> opensANursery(seen)).join();
      OpenGreenhouse common = Greenhouse.common();
      assertThat(seen.get()).isEqualTo(List.of(common, common, "plain", true));
    }
  }

  private static void opensANursery(CompletableFuture<List<?>> seen) {
    try {
      List<?> inside;
      try (var nursery = Nursery.open()) {
        Task<?> me = Task.current();
        boolean isRoot = Greenhouse.common().roots().contains(me) && me == nursery.owner();
        inside =
            List.of(
                me.greenhouse(),
                nursery.fork(() -> Task.current().greenhouse()).join(),
                me.name(),
                isRoot);
      }
      assertThat(Task.currentIfAny()).isEmpty();
      seen.complete(inside);
    } catch (Throwable t) {
      seen.completeExceptionally(t);
    }
  }
}
