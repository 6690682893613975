package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// A virtual thread that reads a named pipe by a `FileChannel` can't be interrupted on JDK 25: the
/// JDK knows no native thread that it could signal, and `Thread.interrupt` itself blocks until the
/// read has ended.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CancelledFifoTest {
  private static final Duration SOON = Duration.ofMillis(20);

  @Test
  @NeedsFlag // without it, a thread that blocks in an interrupt would spoil the tests that follow
  void oneThatNoInterruptReachesKeepsNoneFromOthers(@TempDir Path directory) throws Throwable {
    Path fifo = directory.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    // Open for both, so that no open blocks.
    try (var writer = new RandomAccessFile(fifo.toFile(), "rw");
        var channel = FileChannel.open(fifo)) {
      var begins = new CountDownLatch(1);
      Kind.POOL.run(
          () -> {
            try (var nursery = Nursery.open()) {
              Task<Boolean> reader =
                  nursery.fork(
                      "reader",
                      () ->
                          CancelScope.moveOnAfter(
                              SOON,
                              () -> {
                                begins.countDown();
                                channel.read(ByteBuffer.allocate(1));
                              }));
              begins.await();
              try {
                CancelScope.failAfter(
                    Duration.ofSeconds(20), () -> othersAreReached(directory, nursery));
              } finally {
                assertThat(reader.outcome()).as("the reader's").isEmpty();
                writer.write(1);
              }
              reader.join();
            }
          });
    }
  }

  private static void othersAreReached(Path directory, Nursery nursery) throws Exception {
    for (BlockingCall call :
        new BlockingCall[] {
          BlockingCall.FILE_READS_IN_A_LOOP,
          BlockingCall.SOCKET_CHANNEL_READ,
          BlockingCall.SOCKET_READ,
          BlockingCall.QUEUE_TAKE
        }) {
      try (var prepared = call.prepare(directory)) {
        Task<Boolean> other =
            nursery.fork(() -> CancelScope.moveOnAfter(SOON.multipliedBy(2), prepared::block));
        assertThat(other.join()).as("%s ran to its end", call).isFalse();
      }
    }
  }
}
