package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtendWith;

/// Virtual threads that user code starts inside a task: they are no tasks and may outlive it.
@SuppressWarnings("ThreadPriorityCheck") // a yield is a step
@ExtendWith(NothingLeft.class)
class RawThreadsTest {
  @OnEveryKind
  void oneOutlivesItsTaskAndItsGreenhouse(Kind kind) throws Throwable {
    var greenhouseIsGone = new CountDownLatch(1);
    var result = new CompletableFuture<String>();
    kind.run(
        () ->
            Thread.startVirtualThread(
                () -> {
                  try {
                    greenhouseIsGone.await();
                    for (int i = 0; i < 20; i++) {
                      Thread.yield();
                      Thread.sleep(1); // timed waits come back from the JDK's own threads
                    }
                    result.complete(Task.currentIfAny().isPresent() ? "a task" : "no task");
                  } catch (Throwable t) {
                    result.completeExceptionally(t);
                  }
                }));
    greenhouseIsGone.countDown();
    assertThat(result.get(10, TimeUnit.SECONDS)).isEqualTo("no task");
  }

  @OnEveryKind
  void manyThatRunWhileTheGreenhouseEndsAllComeToTheirEnd(Kind kind) throws Throwable {
    int count = 200;
    var ended = new CountDownLatch(count);
    kind.run(
        () -> {
          for (int i = 0; i < count; i++) {
            Thread.startVirtualThread(
                () -> {
                  for (int n = 0; n < 50; n++) {
                    Thread.yield();
                  }
                  ended.countDown();
                });
          }
          Task.checkpoint();
        });
    assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @OnEveryKind
  void thereIsNoCurrentTaskAndNoStepIsReported(Kind kind) throws Throwable {
    Set<Thread> seen = ConcurrentHashMap.newKeySet();
    var instrument =
        new Instrument() {
          @Override
          public void beforeTaskStep(TaskView task) {
            seen.add(task.thread());
          }
        };
    try (OpenGreenhouse greenhouse = kind.build(instrument)) {
      greenhouse.run(
          () -> {
            Thread raw =
                Thread.ofVirtual()
                    .name("raw")
                    .start(
                        () -> {
                          assertThat(Task.currentIfAny()).isEmpty();
                          Thread.yield();
                        });
            raw.join();
            var error = new CompletableFuture<Throwable>();
            Thread.ofVirtual()
                .name("raw too")
                .start(
                    () -> {
                      try {
                        Task.current();
                        error.complete(null);
                      } catch (Throwable t) {
                        error.complete(t);
                      }
                    })
                .join();
            assertThat(error.get())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'raw too' is no task")
                .hasMessageContaining("nursery");
            assertThat(seen).containsExactly(Task.current().thread());
          });
    }
  }

  @OnEveryKind
  void aNurseryOpenedThereBelongsToTheGreenhouseThatCarriesIt(Kind kind) throws Throwable {
    try (OpenGreenhouse greenhouse = kind.build()) {
      greenhouse.run(
          () -> {
            var lives = new CompletableFuture<Object>();
            Thread.startVirtualThread(
                    () -> {
                      try (var nursery = greenhouse.openNursery()) {
                        lives.complete(nursery.fork(() -> Task.current().greenhouse()).join());
                      } catch (Throwable t) {
                        lives.completeExceptionally(t);
                      }
                    })
                .join();
            assertThat(lives.get()).isSameAs(greenhouse);
            if (Kind.FLAG) {
              var implicit = new CompletableFuture<Object>();
              Thread.startVirtualThread(
                      () -> {
                        try (var nursery = Nursery.open()) {
                          implicit.complete(nursery.owner().greenhouse());
                        } catch (Throwable t) {
                          implicit.completeExceptionally(t);
                        }
                      })
                  .join();
              assertThat(implicit.get()).isSameAs(greenhouse);
            }
          });
    }
  }

  @OnEveryKind
  void oneThatForksIntoTheTasksNurseryIsServed(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var forked = new CompletableFuture<Task<Integer>>();
            Thread.startVirtualThread(() -> forked.complete(nursery.fork(() -> 7)));
            assertThat(forked.get().join()).isEqualTo(7);
          }
        });
  }

  @OnEveryKind
  void oneThatComesTooLateIsToldThatTheGreenhouseIsClosed(Kind kind) throws Throwable {
    var greenhouseIsGone = new CountDownLatch(1);
    var result = new CompletableFuture<Void>();
    OpenGreenhouse greenhouse = kind.build();
    greenhouse.run(
        () ->
            Thread.startVirtualThread(
                () -> {
                  try {
                    greenhouseIsGone.await();
                    greenhouse.openNursery().close();
                    result.complete(null);
                  } catch (Throwable t) {
                    result.completeExceptionally(t);
                  }
                }));
    greenhouse.close();
    greenhouseIsGone.countDown();
    assertThatThrownBy(() -> result.get(10, TimeUnit.SECONDS))
        .cause()
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'" + greenhouse.name() + "'")
        .hasMessageContaining("closed")
        .hasMessageContaining("Build a new greenhouse");
  }
}
