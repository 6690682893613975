package dev.greenhouse.guide;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.VoidOp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The texts that `docs/guide/cancellation.md` shows, as they really are.
@Timeout(60)
class ReadingTest {
  private static final String STACKS = "dev.greenhouse.cancelledStacks";

  private static String page() throws IOException {
    return Files.readString(GuideTest.ROOT.resolve("docs/guide/cancellation.md"));
  }

  /// Lines are broken in the page as they are not in a log.
  private static void assertPageShows(String text) throws IOException {
    assertThat(page().replaceAll("\\s+", " ")).contains(text);
  }

  // ---- what can't be interrupted

  @Test
  void whatStaysBlockedIsLogged() throws Exception {
    PrintStream before = System.err;
    var log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    var lock = new ReentrantLock();
    lock.lock();
    // region report-after
    try (var greenhouse = Greenhouse.builder().reportStuckAfter(ofSeconds(1)).build()) {
      // endregion
      var blocked = new CountDownLatch(1);
      Task<@Nullable Void> task =
          greenhouse.launch(
              () -> {
                Nursery.run(
                    nursery -> {
                      nursery.fork(
                          "import",
                          () -> {
                            blocked.countDown();
                            lock.lock();
                          });
                      blocked.await();
                      nursery.cancel("no longer wanted");
                    });
                return null;
              });
      String line =
          "Task 'import' is cancelled but still blocked after 1 s: no longer wanted, in scope"
              + " 'nursery'. It waits in something that ignores interrupts, or goes on after them;"
              + " its stack as it is now follows.";
      while (!log.toString(StandardCharsets.UTF_8).contains("ReentrantLock.lock(")) {
        Thread.onSpinWait();
      }
      assertThat(log.toString(StandardCharsets.UTF_8)).contains(line);
      assertPageShows(line);
      assertThat(task.outcome()).isEmpty(); // the nursery waits for it
      lock.unlock();
      task.join();
    } finally {
      System.setErr(before);
    }
    assertPageShows("`reportStuckAfter`");
  }

  // ---- what Cancelled says

  private static String textOf(String taskName, VoidOp<RuntimeException> op) {
    var text = new AtomicReference<String>("");
    Nursery.run(
        nursery ->
            nursery.fork(
                taskName,
                () -> {
                  try {
                    op.run();
                  } catch (Cancelled e) {
                    text.set(e.getMessage());
                    throw e;
                  }
                }));
    return text.get();
  }

  @Test
  void theTextOfADeadline() throws Exception {
    var text = new AtomicReference<@Nullable String>();
    Nursery.run(
        nursery ->
            nursery.fork(
                "quotes",
                () -> {
                  CancelScope.moveOnAfter(
                      ofMillis(20),
                      () -> {
                        text.set(textOfSleep());
                      });
                }));
    assertThat(text.get())
        .isEqualTo(
            "cancelled: deadline of 20 ms passed, in scope 'moveOnAfter', seen by task 'quotes'");
    assertPageShows(String.valueOf(text.get()));
  }

  private static @Nullable String textOfSleep() {
    try {
      Task.sleepForever();
      return "not cancelled";
    } catch (Cancelled e) {
      return e.getMessage();
    }
  }

  @Test
  void theTextOfAFailure() throws Exception {
    var texts = new ArrayList<@Nullable String>();
    var waits = new CountDownLatch(1);
    try {
      Nursery.run(
          nursery -> {
            nursery.fork(
                "sitemap",
                () -> {
                  waits.countDown();
                  texts.add(textOfSleep());
                });
            waits.await();
            nursery.fork(
                "page",
                () -> {
                  throw new IOException("connection reset");
                });
          });
    } catch (NurseryFailedException e) {
      assertThat(e).hasCauseInstanceOf(IOException.class);
    }
    assertThat(texts).hasSize(1);
    assertPageShows(String.valueOf(texts.getFirst()));
  }

  @Test
  void aNamedScopeSaysItsName() throws Exception {
    String text =
        textOf(
            "upload",
            () ->
                CancelScope.named("photo")
                    .run(
                        () -> {
                          Task.current().cancel("the user closed the window");
                          Task.sleepForever();
                        }));
    assertThat(text)
        .isEqualTo(
            "cancelled: the user closed the window, in scope 'upload', seen by task 'upload'");
    assertPageShows(text);
  }

  // ---- stacks

  /// Run in a JVM of its own.
  static final class PrintsStackDepth {
    public static void main(String[] args) {
      Nursery.run(
          nursery -> {
            nursery.cancel();
            try {
              Task.checkpoint();
            } catch (Cancelled e) {
              System.out.println("depth is " + (e.getStackTrace().length > 0 ? "more" : "zero"));
            }
          });
    }
  }

  @Test
  void stacksCanBeTurnedOn() throws Exception {
    assertThat(outputOfChild("-Dx=y")).contains("depth is zero");
    assertThat(outputOfChild("-D" + STACKS + "=true")).contains("depth is more");
    assertPageShows("-D" + STACKS + "=true");
  }

  private static String outputOfChild(String option) throws IOException, InterruptedException {
    Process child =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                option,
                "-cp",
                System.getProperty("java.class.path"),
                PrintsStackDepth.class.getName())
            .redirectErrorStream(true)
            .start();
    var output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).as(output).isZero();
    return output;
  }

  // ---- the table of sources

  @Test
  void thePageNamesEverySource() throws Exception {
    for (Source source : Source.values()) {
      assertThat(page()).contains("`" + source + "`");
    }
  }
}
