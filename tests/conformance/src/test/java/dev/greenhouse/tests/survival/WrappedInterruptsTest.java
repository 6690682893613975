package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Libraries that turn an interrupt into something of their own.
@ExtendWith(NothingLeft.class)
class WrappedInterruptsTest {
  private static final Duration SOON = Duration.ofMillis(20);

  private static final class LibraryException extends Exception {
    @Serial private static final long serialVersionUID = 1;

    LibraryException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private static String fetch() throws LibraryException {
    try {
      return (String) new LinkedBlockingQueue<>().take();
    } catch (InterruptedException e) {
      throw new LibraryException("connection lost", e);
    }
  }

  private static String fetchAndSetTheFlagAgain() {
    try {
      return (String) new LinkedBlockingQueue<>().take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("connection lost", e);
    }
  }

  private static void assertIsSoundAgain() throws InterruptedException {
    assertThat(Thread.currentThread().isInterrupted()).as("stray interrupt").isFalse();
    Thread.sleep(0); // would throw
    Task.checkpoint();
  }

  @OnEveryKind
  void aWrappedInterruptGivesAnEmptyResult(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThat(CancelScope.moveOnAfter(SOON, () -> fetch())).isEmpty();
          assertIsSoundAgain();
        });
  }

  @OnEveryKind
  void oneWhoseFlagWasSetAgainDoesTooAndLeavesNoFlag(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThat(CancelScope.moveOnAfter(SOON, () -> fetchAndSetTheFlagAgain())).isEmpty();
          assertIsSoundAgain();
        });
  }

  @OnEveryKind
  void oneThatIsWrappedSeveralTimesDoesToo(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThat(
                  CancelScope.moveOnAfter(
                      SOON,
                      () -> {
                        try {
                          return fetch();
                        } catch (LibraryException e) {
                          throw new RuntimeException(new ExecutionException(e));
                        }
                      }))
              .isEmpty();
          assertIsSoundAgain();
        });
  }

  @OnEveryKind
  void aChannelClosedByInterruptDoesToo(Kind kind, @TempDir Path directory) throws Throwable {
    Path file = Files.write(directory.resolve("file"), new byte[1]);
    kind.run(
        () -> {
          try (var channel = FileChannel.open(file)) {
            var buffer = ByteBuffer.allocate(1);
            assertThat(
                    CancelScope.<Object, RuntimeException>moveOnAfter(
                        SOON,
                        () -> {
                          try {
                            while (true) {
                              channel.read(buffer.clear(), 0);
                            }
                          } catch (IOException e) {
                            throw new UncheckedIOException(e);
                          }
                        }))
                .isEmpty();
          }
          assertIsSoundAgain();
        });
  }

  @OnEveryKind
  void aFailureThatHasNothingToDoWithItComesOut(Kind kind) throws Throwable {
    var own = new LibraryException("no such host", new IOException("no route"));
    kind.run(
        () -> {
          Throwable thrown =
              catchThrowable(
                  () ->
                      CancelScope.moveOnAfter(
                          SOON,
                          () -> {
                            assertThat(catchThrowable(WrappedInterruptsTest::fetch)).isNotNull();
                            throw own;
                          }));
          assertThat(thrown).isSameAs(own);
          assertIsSoundAgain();
        });
  }

  @OnEveryKind
  void inATaskThatIsNotCancelledItIsAFailure(Kind kind) throws Throwable {
    var own = new LibraryException("connection lost", new InterruptedException("of its own"));
    kind.run(
        () ->
            assertThat(
                    catchThrowable(
                        () ->
                            CancelScope.moveOnAfter(
                                Duration.ofHours(1),
                                () -> {
                                  throw own;
                                })))
                .isSameAs(own));
  }
}
