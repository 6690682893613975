package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.bestowPortal;
import static dev.greenhouse.portal.Portal.ensurePortal;
import static dev.greenhouse.portal.Portal.hasPortal;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static dev.greenhouse.portal.Portal.withPortalRunSync;
import static dev.greenhouse.portal.Portal.withPortalRunTree;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.CompletableFuture.completedFuture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.AwaitedHere;
import dev.greenhouse.nursery.lowlevel.Suspension;
import dev.greenhouse.portal.NoPortalException;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// greenback's own tests, in nurseries, each under its name there. Those that are missing are in
/// `PortalTest` and `PortalTreeTest` (with_portal_run_tree, checkpoints), in `AwaitTest`
/// (uncleanable_traceback), or are about Python alone (find_ptr_in_object).
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GreenbackTest {
  private static final ScopedValue<String> SCOPED = ScopedValue.newInstance();

  private static CompletableFuture<String> later(Nursery nursery, String value) {
    var stage = new CompletableFuture<String>();
    nursery.fork(() -> stage.complete(value));
    return stage;
  }

  /// Awaits in an operation that is awaited, natively waits between, and all that many times.
  private static void mixes() {
    try (var nursery = Nursery.open()) {
      for (int i = 0; i < 100; i++) {
        assertThat(await(later(nursery, "direct"))).isEqualTo("direct");
        Task.checkpoint();
        assertThat(await(() -> completedFuture(await(later(nursery, "nested")))))
            .isEqualTo("nested");
      }
    }
  }

  private static void refuses() {
    assertThat(hasPortal()).isFalse();
    assertThatThrownBy(() -> await(completedFuture(1)))
        .isInstanceOf(NoPortalException.class)
        .hasMessageContaining("has no portal");
  }

  @OnEveryKind
  void simple(Kind kind) throws Throwable {
    kind.run(
        () -> {
          refuses();
          try (var nursery = Nursery.open()) {
            nursery.fork(
                () -> {
                  refuses();
                  ensurePortal();
                  ensurePortal();
                  mixes();
                });
            ensurePortal();
            ensurePortal();
            mixes();
          }
          assertThat(hasPortal()).isTrue();
        });
  }

  @OnEveryKind
  void withPortalRunAndSync(Kind kind) throws Throwable {
    kind.run(
        () -> {
          withPortalRun(() -> withPortalRun(() -> mixes()));
          refuses();
          withPortalRunSync(() -> withPortalRun(() -> withPortalRunSync(() -> mixes())));
          refuses();
          withPortalRunSync(
              () -> {
                ensurePortal();
                mixes();
              });
          refuses();
        });
  }

  @OnEveryKind
  void complex(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var server =
              AsynchronousServerSocketChannel.open()
                  .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            var address = server.getLocalAddress();
            withPortalRunTree(
                () ->
                    Nursery.run(
                        servers -> {
                          servers.fork(
                              () -> {
                                while (true) {
                                  var peer =
                                      GreenbackTest.<AsynchronousSocketChannel>io(
                                          h -> server.accept(null, h));
                                  servers.fork(() -> echo(peer));
                                }
                              });
                          try (var clients = Nursery.open()) {
                            for (var word : List.of("seed", "leaf", "fruit")) {
                              clients.fork(() -> assertThat(echoed(address, word)).isEqualTo(word));
                            }
                          }
                          servers.cancel("served");
                        }));
          }
        });
  }

  private static <T> T io(Consumer<CompletionHandler<T, Void>> operation) {
    return await(
        () -> {
          var stage = new CompletableFuture<T>();
          operation.accept(
              new CompletionHandler<>() {
                @Override
                public void completed(T result, Void attachment) {
                  stage.complete(result);
                }

                @Override
                public void failed(Throwable error, Void attachment) {
                  stage.completeExceptionally(error);
                }
              });
          return stage;
        });
  }

  private static void echo(AsynchronousSocketChannel peer) throws IOException {
    try (peer) {
      var buffer = ByteBuffer.allocate(16);
      while (GreenbackTest.<Integer>io(h -> peer.read(buffer, null, h)) >= 0) {
        buffer.flip();
        GreenbackTest.<Integer>io(h -> peer.write(buffer, null, h));
        buffer.clear();
      }
    }
  }

  private static String echoed(SocketAddress address, String word) throws IOException {
    try (var channel = AsynchronousSocketChannel.open()) {
      GreenbackTest.<Void>io(h -> channel.connect(address, null, h));
      GreenbackTest.<Integer>io(h -> channel.write(ByteBuffer.wrap(word.getBytes(UTF_8)), null, h));
      var reply = ByteBuffer.allocate(word.length());
      while (reply.hasRemaining()) {
        GreenbackTest.<Integer>io(h -> channel.read(reply, null, h));
      }
      return new String(reply.array(), UTF_8);
    }
  }

  @OnEveryKind
  void bestow(Kind kind) throws Throwable {
    kind.run(
        () -> {
          bestowPortal(Task.current());
          assertThat(hasPortal()).isTrue();
          mixes();
          var go = new CompletableFuture<String>();
          try (var nursery = Nursery.open()) {
            Task<String> other =
                nursery.fork(
                    () -> {
                      go.get(); // synchronous: no chance to ask for one itself
                      return await(() -> completedFuture("usable"));
                    });
            Outsider.does(
                () -> {
                  bestowPortal(other);
                  bestowPortal(other);
                  return null;
                });
            go.complete("go");
            assertThat(other.join()).isEqualTo("usable");
          }
        });
  }

  @OnEveryKind
  void noContextLeakage(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var local = new ThreadLocal<String>();
          local.set("main's");
          ensurePortal();
          var go = new CompletableFuture<String>();
          try (var nursery = Nursery.open()) {
            Task<?> other =
                nursery.fork(
                    () -> {
                      assertThat(local.get()).isNull();
                      local.set("other's");
                      go.get();
                      assertThat(await(() -> completedFuture(local.get()))).isEqualTo("other's");
                      assertThat(SCOPED.isBound()).isFalse();
                    });
            ScopedValue.where(SCOPED, "main's").run(() -> bestowPortal(other));
            go.complete("go");
            other.join();
          }
          assertThat(local.get()).isEqualTo("main's");
        });
  }

  @OnEveryKind
  void contextvars(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var local = new ThreadLocal<String>();
          local.set("native");
          withPortalRunSync(
              () -> {
                assertThat(local.get()).isEqualTo("native");
                local.set("sync");
                String seen =
                    await(
                        () -> {
                          String before = local.get();
                          local.set("awaited");
                          return completedFuture(before);
                        });
                assertThat(seen).isEqualTo("sync");
                assertThat(local.get()).isEqualTo("awaited");
                ScopedValue.where(SCOPED, "bound")
                    .run(
                        () -> {
                          try (var nursery = Nursery.open()) {
                            assertThat(await(later(nursery, "late"))).isEqualTo("late");
                          }
                          assertThat(await(() -> completedFuture(SCOPED.get()))).isEqualTo("bound");
                        });
                assertThat(SCOPED.isBound()).isFalse();
                local.set("back");
              });
          assertThat(local.get()).isEqualTo("back");
        });
  }

  @OnEveryKind
  @NeedsFlag
  void contextWithoutActiveTask(Kind kind) throws Throwable {
    kind.run(
        () ->
            withPortalRun(
                () -> {
                  // Carried by the greenhouse, and no task.
                  var seen = new FutureTask<>(() -> hasPortal());
                  Thread.startVirtualThread(seen);
                  assertThat(seen.get()).isFalse();
                }));
  }

  @OnEveryKind
  void misuse(Kind kind) throws Throwable {
    assertThat(hasPortal()).isFalse();
    assertThatThrownBy(() -> withPortalRunTree(() -> 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is no task");
    assertThatThrownBy(() -> withPortalRunSync(() -> 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is no task");
    kind.run(
        () ->
            withPortalRun(
                () ->
                    assertThatThrownBy(() -> Outsider.does(() -> await(completedFuture(1))))
                        .isInstanceOf(NoPortalException.class)
                        .hasMessageContaining("Thread 'outsider' is no task")));
  }

  @OnEveryKind
  void resumeTaskWithError(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var error = new IOException("injected");
          try (var nursery = Nursery.open()) {
            var suspension = Suspension.<String>create();
            nursery.fork(() -> suspension.resumeExceptionally(error));
            assertThat(catchThrowable(suspension::await)).isSameAs(error);
            var stage = new CompletableFuture<String>();
            nursery.fork(() -> stage.completeExceptionally(error));
            assertThat(catchThrowable(() -> withPortalRun(() -> await(stage)))).isSameAs(error);
          }
        });
  }

  @OnEveryKind
  void exitTaskWithError(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var error = new IOException("dies");
          assertThatThrownBy(
                  () ->
                      Nursery.run(
                          nursery ->
                              nursery.fork(
                                  () -> {
                                    ensurePortal();
                                    await(completedFuture(1));
                                    throw error;
                                  })))
              .isInstanceOf(NurseryFailedException.class)
              .hasCause(error);
        });
  }

  @OnEveryKind
  void portalMapDoesNotLeak(Kind kind) throws Throwable {
    kind.run(
        () -> {
          List<WeakReference<Task<?>>> tasks = finishedTasks(1000);
          Eventually.holds(
              "collected",
              () -> {
                System.gc();
                // What is woken or run last may be kept for a while.
                return tasks.stream().filter(t -> !t.refersTo(null)).count() <= 5;
              });
          assertThat(Task.current().greenhouse().instruments().list()).isEmpty();
        });
  }

  private static List<WeakReference<Task<?>>> finishedTasks(int count) {
    var tasks = new ArrayList<WeakReference<Task<?>>>();
    try (var nursery = Nursery.open()) {
      for (int i = 0; i < count; i++) {
        tasks.add(
            new WeakReference<>(
                nursery.fork(
                    () -> {
                      ensurePortal();
                      await(completedFuture(1));
                    })));
      }
    }
    return tasks;
  }

  @OnEveryKind
  void awaitable(Kind kind) throws Throwable {
    kind.run(
        () -> {
          ensurePortal();
          var error = new IOException("wilted");
          assertThat(catchThrowable(() -> harvests(error))).isSameAs(error);
          StackTraceElement[] awaiting = error.getSuppressed()[0].getStackTrace();
          assertThat(awaiting[0].getMethodName()).isEqualTo("harvests");
          assertThat(Arrays.stream(awaiting).map(StackTraceElement::getClassName))
              .noneMatch(name -> name.startsWith("dev.greenhouse.portal."));
        });
  }

  private static void harvests(IOException error) {
    await(() -> CompletableFuture.failedFuture(error));
  }

  @OnEveryKind
  void recursiveError(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var error = new IOException("deep");
          assertThat(catchThrowable(() -> withPortalRun(() -> descends(11, error))))
              .isSameAs(error);
          assertThat(error.getSuppressed())
              .isNotEmpty()
              .allSatisfy(t -> assertThat(t).isInstanceOf(AwaitedHere.class));
        });
  }

  private static String descends(int levels, IOException error) {
    return await(
        () ->
            levels == 0
                ? CompletableFuture.failedFuture(error)
                : completedFuture(descends(levels - 1, error)));
  }

  @OnEveryKind
  void doubleGreenlet(Kind kind) throws Throwable {
    kind.run(
        () ->
            withPortalRun(
                () -> {
                  var inner =
                      new FutureTask<>(
                          () -> {
                            assertThatThrownBy(() -> await(completedFuture(1)))
                                .isInstanceOf(NoPortalException.class);
                            try (var nursery = Nursery.open()) {
                              return withPortalRun(() -> await(later(nursery, "inside")));
                            }
                          });
                  Thread.startVirtualThread(inner);
                  assertThat(inner.get()).isEqualTo("inside");
                  assertThat(await(completedFuture("outside"))).isEqualTo("outside");
                }));
  }

  /// Synchronous code that is called by the language.
  private static final class Magic implements Comparable<Magic> {
    final int grown = await(completedFuture(7));

    @Override
    public int compareTo(Magic other) {
      return await(completedFuture(grown - other.grown));
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Magic m && compareTo(m) == 0;
    }

    @Override
    public int hashCode() {
      return await(completedFuture(grown));
    }

    @Override
    public String toString() {
      return await(completedFuture("grown " + grown));
    }
  }

  @OnEveryKind
  void magic(Kind kind) throws Throwable {
    kind.run(
        () ->
            withPortalRun(
                () -> {
                  assertThat(new Magic()).isEqualTo(new Magic()).hasToString("grown 7");
                  assertThat(List.of(new Magic(), new Magic()).stream().sorted().distinct())
                      .hasSize(1);
                  assertThat(CancelScope.call(scope -> "" + new Magic())).contains("grown 7");
                }));
  }
}
