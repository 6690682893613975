package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.tests.ChildJvm;
import dev.greenhouse.tests.NeedsFlag;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The JDK starts its socket pollers at the first call that blocks in a socket, and they inherit
/// the scheduler of whoever makes it.
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FirstSocketCallTest {
  @Test
  @NeedsFlag
  void aBusyLoopWhoseTaskMadeItDoesNotDelayOtherThreadsSockets() throws Exception {
    ChildJvm.Result result = ChildJvm.run(Busy.class);
    assertThat(result.output()).contains("the others were served while the loop was busy");
    assertThat(result.exitCode()).isZero();
  }

  /// Runs in a JVM of its own.
  static final class Busy {
    private Busy() {}

    public static void main(String[] args) {
      var busy = new CountDownLatch(1);
      var served = new AtomicBoolean();
      var others =
          new Thread(
              () -> {
                try {
                  busy.await();
                  // Both ends are virtual threads of the JDK's own, which wait for the poller.
                  for (int i = 0; i < 3; i++) {
                    talk(Thread.ofVirtual().factory());
                  }
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
                served.set(true);
              });
      others.start();
      boolean[] inTime = new boolean[1];
      Greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork(() -> talkInTasks(nursery)).join();
            }
            busy.countDown();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (!served.get() && System.nanoTime() - deadline < 0) {
              Thread.onSpinWait(); // one step, as long as it takes
            }
            inTime[0] = served.get();
          });
      System.out.println(
          inTime[0] ? "the others were served while the loop was busy" : "the others had to wait");
      System.exit(inTime[0] ? 0 : 1);
    }

    private static void talkInTasks(Nursery nursery) throws Exception {
      try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        var read =
            nursery.fork(
                () -> {
                  try (Socket accepted = server.accept()) {
                    return accepted.getInputStream().read();
                  }
                });
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort())) {
          socket.getOutputStream().write(1);
          read.join();
        }
      }
    }

    private static void talk(java.util.concurrent.ThreadFactory threads) throws Exception {
      try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        Thread reader =
            threads.newThread(
                () -> {
                  try (Socket accepted = server.accept()) {
                    accepted.getInputStream().read();
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  }
                });
        reader.start();
        while (reader.getState() != Thread.State.WAITING) {
          Thread.onSpinWait();
        }
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort())) {
          socket.getOutputStream().write(1);
          reader.join();
        }
      }
    }
  }
}
