package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Reads of files and pipes block the carrier, and no unmounting helps.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BlockedCarriersTest {
  private static final int BLOCKED = 3;
  private static final int MOST_ADDED = 256;

  @Test
  @NeedsFlag // the JDK's own scheduler does not compensate for these
  void threeReadersOfAPipeDontStopAFourthTaskOnTwoCarriers(@TempDir Path directory)
      throws Exception {
    String fifo = directory.resolve("fifo").toString();
    assertThat(new ProcessBuilder("mkfifo", fifo).start().waitFor()).isZero();
    // Open for both, so that no open blocks.
    try (var writer = new RandomAccessFile(fifo, "rw")) {
      var readers = new ArrayList<FileInputStream>();
      for (int i = 0; i < BLOCKED; i++) {
        readers.add(new FileInputStream(fifo));
      }
      othersRunBeside(readers, () -> writer.write(new byte[BLOCKED]));
      for (FileInputStream reader : readers) {
        reader.close();
      }
    }
  }

  @Test
  void threeReadersOfProcessesDontStopAFourthTaskOnTwoCarriers() throws Exception {
    var processes = new ArrayList<Process>();
    for (int i = 0; i < BLOCKED; i++) {
      processes.add(new ProcessBuilder("cat").start());
    }
    try {
      othersRunBeside(
          processes.stream().map(Process::getInputStream).toList(),
          () -> {
            for (Process process : processes) {
              process.outputWriter().append('x').close();
            }
          });
    } finally {
      processes.forEach(Process::destroyForcibly);
    }
  }

  @Test
  @NeedsFlag
  void notMoreThanSoManyCarriersAreAdded(@TempDir Path directory) throws Exception {
    String fifo = directory.resolve("fifo").toString();
    assertThat(new ProcessBuilder("mkfifo", fifo).start().waitFor()).isZero();
    int readers = 2 + MOST_ADDED + 10;
    var begun = new AtomicInteger();
    try (var writer = new RandomAccessFile(fifo, "rw");
        OpenGreenhouse pool = Greenhouse.builder().name("blocked").parallelism(2).build()) {
      Task<?> main =
          pool.launch(
              () -> {
                try (var nursery = Nursery.open()) {
                  for (int i = 0; i < readers; i++) {
                    nursery.fork(() -> readOne(fifo, begun));
                  }
                }
                return null;
              });
      try {
        Eventually.run(() -> assertThat(begun).hasValue(2 + MOST_ADDED));
        assertThat(pool.statistics().carriers()).isEqualTo(2 + MOST_ADDED);
      } finally {
        writer.write(new byte[readers]);
      }
      main.join();
      assertThat(begun).hasValue(readers);
      Eventually.run(() -> assertThat(pool.statistics().carriers()).isEqualTo(2));
    }
  }

  private static int readOne(String fifo, AtomicInteger begun) throws IOException {
    try (var in = new FileInputStream(fifo)) {
      begun.incrementAndGet();
      return in.read();
    }
  }

  private interface Release {
    void run() throws Exception;
  }

  private static void othersRunBeside(List<? extends InputStream> streams, Release release)
      throws Exception {
    try (OpenGreenhouse pool = Greenhouse.builder().name("blocked").parallelism(2).build()) {
      var begun = new CountDownLatch(BLOCKED);
      var served = new CountDownLatch(1);
      Task<?> main =
          pool.launch(
              () -> {
                try (var nursery = Nursery.open()) {
                  for (InputStream in : streams) {
                    nursery.fork(
                        () -> {
                          begun.countDown();
                          return in.read();
                        });
                  }
                  nursery.fork(
                      () -> {
                        begun.await();
                        for (int i = 0; i < 10; i++) {
                          Task.sleep(Duration.ofMillis(1));
                        }
                        served.countDown();
                      });
                }
                return null;
              });
      try {
        assertThat(served.await(10, TimeUnit.SECONDS)).as("the fourth ran").isTrue();
        if (Kind.FLAG) {
          assertThat(pool.statistics().carriers()).isGreaterThan(2);
        }
        assertThat(main.outcome()).isEmpty();
      } finally {
        release.run();
      }
      main.join();
      int carriers = Kind.FLAG ? 2 : 0;
      Eventually.run(() -> assertThat(pool.statistics().carriers()).isEqualTo(carriers));
    }
  }
}
