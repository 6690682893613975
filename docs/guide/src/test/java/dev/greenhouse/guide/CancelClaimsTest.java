package dev.greenhouse.guide;

import static java.time.Duration.ofMillis;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What `docs/guide/cancellation.md` says in sentences only: whom a cancellation reaches, and what
/// interrupts do to channels and sockets.
@Timeout(30)
class CancelClaimsTest {
  @Test
  void cancellingATaskCancelsWhatItHasOpened() throws Exception {
    var below = new AtomicReference<@Nullable Task<?>>();
    var begun = new CountDownLatch(1);
    try (var nursery = Nursery.open()) {
      Task<@Nullable Void> task =
          nursery.fork(
              () ->
                  Nursery.run(
                      inner -> {
                        below.set(inner.fork(() -> Task.sleepForever()));
                        begun.countDown();
                      }));
      begun.await();
      task.cancel("not needed");
      nursery.join();
      assertThat(task.outcome()).get().isInstanceOf(Outcome.WasCancelled.class);
      assertThat(below.get().outcome()).get().isInstanceOf(Outcome.WasCancelled.class);
    }
  }

  /// A channel that somebody else wrote, and whose close takes its time.
  private static final class SlowToClose extends AbstractInterruptibleChannel {
    final CountDownLatch closing = new CountDownLatch(1);
    final CountDownLatch mayClose = new CountDownLatch(1);

    void use(CountDownLatch begun) throws IOException {
      begin();
      try {
        begun.countDown();
        while (closing.getCount() > 0) {
          Thread.onSpinWait();
        }
      } finally {
        end(false);
      }
    }

    @Override
    protected void implCloseChannel() {
      closing.countDown();
      boolean interrupted = false;
      while (mayClose.getCount() > 0) {
        try {
          mayClose.await();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Test
  void cancelDoesNotWaitForAChannelThatItsInterruptCloses() throws Exception {
    var channel = new SlowToClose();
    var begun = new CountDownLatch(1);
    try (var nursery = Nursery.open()) {
      Task<@Nullable Void> user = nursery.fork(() -> channel.use(begun));
      begun.await();
      user.cancel("enough"); // comes back, though the close does not
      channel.closing.await();
      assertThat(channel.mayClose.getCount()).isEqualTo(1);
      channel.mayClose.countDown();
      nursery.join();
      assertThat(user.outcome()).get().isInstanceOf(Outcome.WasCancelled.class);
    }
  }

  @Test
  void anInterruptClosesASocket() throws Exception {
    try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var socket = new Socket(server.getInetAddress(), server.getLocalPort());
        var nursery = Nursery.open()) {
      Task<Integer> reader = nursery.fork(() -> socket.getInputStream().read());
      reader.cancel("enough");
      nursery.join();
      assertThat(reader.outcome()).get().isInstanceOf(Outcome.WasCancelled.class);
      assertThat(socket.isClosed()).isTrue();
    }
  }

  @Test
  void onAPlatformThreadASocketIgnoresInterrupts() throws Exception {
    try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var socket = new Socket(server.getInetAddress(), server.getLocalPort());
        var peer = server.accept();
        var nursery = Nursery.open()) {
      var read = new AtomicInteger();
      var scope = CancelScope.named("reading");
      Task<@Nullable Void> writer =
          nursery.fork(
              () -> {
                while (!scope.isCancelled()) {
                  Task.sleep(ofMillis(1));
                }
                peer.getOutputStream().write(42);
              });
      boolean complete =
          scope
              .deadline(ofMillis(20))
              .run(
                  () -> {
                    read.set(socket.getInputStream().read());
                    Task.throwIfCancelled();
                  });
      writer.join();
      assertThat(read).hasValue(42);
      assertThat(complete).isFalse();
      assertThat(socket.isClosed()).isFalse();
    }
  }
}
