package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// An interrupt closes the channel that the interrupted thread is in, for everybody.
@ExtendWith(NothingLeft.class)
@SuppressWarnings("UnnecessaryAsync")
class SharedChannelTest {
  private static final int SIZE = 1 << 14;
  private static final int ROUNDS = 50;

  private static FileChannel open(Path directory) throws IOException {
    return FileChannel.open(Files.write(directory.resolve("file"), new byte[SIZE]));
  }

  private static void read(FileChannel channel, ByteBuffer buffer) throws IOException {
    channel.read(buffer.clear(), 0);
  }

  private static void cancelSoon(CancelScope scope, CountDownLatch reads) {
    Thread.ofPlatform()
        .start(
            () -> {
              try {
                reads.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              scope.cancel("by hand");
            });
  }

  @OnEveryKind
  void survivesTheCancellationOfAUserWithoutInterrupts(Kind kind, @TempDir Path directory)
      throws Throwable {
    try (FileChannel channel = open(directory)) {
      kind.run(
          () -> {
            try (var nursery = Nursery.open()) {
              var done = new CountDownLatch(1);
              Task<Integer> survivor =
                  nursery.fork(
                      () -> {
                        var buffer = ByteBuffer.allocate(SIZE);
                        int reads = 0;
                        while (done.getCount() > 0) {
                          read(channel, buffer);
                          reads++;
                          Task.checkpoint();
                        }
                        return reads;
                      });
              for (int i = 0; i < ROUNDS; i++) {
                Task<Boolean> victim = nursery.fork(() -> readWithoutInterrupts(channel));
                assertThat(victim.join()).isFalse();
              }
              done.countDown();
              assertThat(survivor.join()).isPositive();
            }
          });
      assertThat(channel.isOpen()).isTrue();
    }
  }

  /// Outside of the regions an interrupt may come, and none is left when the next one begins.
  private static boolean readWithoutInterrupts(FileChannel channel) throws IOException {
    var scope = CancelScope.named("victim");
    var reads = new CountDownLatch(1);
    cancelSoon(scope, reads);
    var buffer = ByteBuffer.allocate(SIZE);
    return scope.run(
        () -> {
          while (true) {
            CancelScope.withoutInterrupts(
                () -> {
                  read(channel, buffer);
                  reads.countDown();
                  read(channel, buffer);
                });
            Task.checkpoint();
          }
        });
  }

  @OnEveryKind
  void aCheckpointInsideEndsTheUserWithoutInterrupts(Kind kind, @TempDir Path directory)
      throws Throwable {
    try (FileChannel channel = open(directory)) {
      kind.run(
          () -> {
            var scope = CancelScope.named("victim");
            var reads = new CountDownLatch(1);
            cancelSoon(scope, reads);
            var buffer = ByteBuffer.allocate(SIZE);
            boolean complete =
                scope.run(
                    () ->
                        CancelScope.withoutInterrupts(
                            () -> {
                              while (true) {
                                read(channel, buffer);
                                reads.countDown();
                                Task.throwIfCancelled();
                              }
                            }));
            assertThat(complete).isFalse();
            read(channel, buffer); // in the task that was cancelled
          });
      assertThat(channel.isOpen()).isTrue();
    }
  }

  /// The counter-test: what the others are spared.
  @OnEveryKind
  void isClosedByTheCancellationOfAnyOtherUser(Kind kind, @TempDir Path directory)
      throws Throwable {
    try (FileChannel channel = open(directory)) {
      kind.run(
          () -> {
            var scope = CancelScope.named("victim");
            var reads = new CountDownLatch(1);
            cancelSoon(scope, reads);
            try (var nursery = Nursery.open()) {
              Task<Throwable> other =
                  nursery.fork(
                      () -> {
                        var buffer = ByteBuffer.allocate(SIZE);
                        try {
                          while (true) {
                            read(channel, buffer);
                            Task.checkpoint();
                          }
                        } catch (ClosedChannelException e) {
                          return e;
                        }
                      });
              Task<Boolean> victim =
                  nursery.fork(
                      () ->
                          scope.run(
                              () -> {
                                var buffer = ByteBuffer.allocate(SIZE);
                                while (true) {
                                  read(channel, buffer);
                                  reads.countDown();
                                }
                              }));
              assertThat(victim.join()).isFalse();
              assertThat(other.join()).isInstanceOf(ClosedChannelException.class);
            }
          });
      assertThat(channel.isOpen()).isFalse();
    }
  }

  @OnEveryKind
  void afterTheRegionBlockingCallsAreInterruptedAgain(Kind kind) throws Throwable {
    kind.run(
        () -> {
          boolean complete =
              CancelScope.run(
                  scope -> {
                    CancelScope.withoutInterrupts(() -> scope.cancel("inside"));
                    Thread.sleep(600_000);
                  });
          assertThat(complete).isFalse();
          assertThat(Thread.currentThread().isInterrupted()).as("stray interrupt").isFalse();
        });
  }
}
