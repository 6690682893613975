package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.CancelScopeTest.assertCancelled;
import static dev.greenhouse.tests.conformance.DeadlineTest.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Rules 9 and 10 at their edges: what an exception carries decides whether it ends at a cancelled
/// scope. The plain cases are in [InterruptCancellationTest] and [AbsorptionTest].
@ExtendWith(NothingLeft.class)
class CancellationCornersTest {
  /// Throws an exception in a scope that is cancelled.
  private static CancelScope thrownInCancelled(Exception made) throws Exception {
    CancelScope scope = CancelScope.named("cut");
    scope.cancel("by hand");
    scope.run(
        () -> {
          assertCancelled(Task::checkpoint);
          throw made;
        });
    return scope;
  }

  private static void assertIsCancellation(Exception made) throws Exception {
    assertThat(thrownInCancelled(made).caughtCancellation()).as("%s", made).isTrue();
  }

  private static void assertIsFailure(Exception made) {
    assertThatThrownBy(() -> thrownInCancelled(made)).isSameAs(made);
  }

  /// {@return what a task in a cancelled scope is told}
  private static Cancelled told() {
    var told = new AtomicReference<Cancelled>();
    CancelScope.run(
        scope -> {
          scope.cancel();
          told.set(catchThrowableOfType(Cancelled.class, Task::checkpoint));
        });
    return told.get();
  }

  private static <E extends Exception> E with(E error, Consumer<E> change) {
    change.accept(error);
    return error;
  }

  // ---- the timeout of failAfter, whose cause is a Cancelled

  private static TimeoutException timeout() {
    return catchThrowableOfType(
        TimeoutException.class, () -> CancelScope.failAfter(SECOND, () -> Task.sleepForever()));
  }

  // Rule 10: failAfter throws; what leaves a scope that is cancelled only then is no cancellation
  @OnEveryKind
  void theTimeoutOfAnInnerFailAfterPassesAScopeThatIsCancelledOnTheWay(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          CancelScope outer = CancelScope.named("outer");
          Throwable thrown =
              catchThrowable(
                  () ->
                      outer.run(
                          () -> {
                            try {
                              CancelScope.failAfter(SECOND, () -> Task.sleepForever());
                            } finally {
                              outer.cancel("while it cleans up");
                            }
                          }));
          assertThat(thrown)
              .isInstanceOf(TimeoutException.class)
              .hasCauseInstanceOf(Cancelled.class);
          assertThat(outer.isCancelled()).isTrue();
          assertThat(outer.caughtCancellation()).isFalse();
        });
  }

  // Rule 2: "never fewer"
  @OnEveryKind
  void theTimeoutOfATaskWhoseNurseryFailsMeanwhileIsAFailureToo(Kind kind) throws Throwable {
    var blight = new IOException("blight");
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          NurseryFailedException thrown =
              catchThrowableOfType(
                  NurseryFailedException.class,
                  () ->
                      Nursery.run(
                          nursery -> {
                            nursery.fork(CancellationCornersTest::failAfterASecondAndCleanUp);
                            nursery.fork(
                                () -> {
                                  Task.sleep(SECOND.multipliedBy(2));
                                  throw blight;
                                });
                          }));
          assertThat(thrown.failures()).hasSize(2).startsWith(blight);
          assertThat(thrown.failures().get(1)).isInstanceOf(TimeoutException.class);
        });
  }

  private static void failAfterASecondAndCleanUp() throws TimeoutException {
    try {
      CancelScope.failAfter(SECOND, () -> Task.sleepForever());
    } finally {
      CancelScope.shield(() -> Task.sleep(SECOND.multipliedBy(2)));
    }
  }

  // Rule 9: "anything else is a failure", wherever it is
  @OnEveryKind
  void aTimeoutThatIsWrappedOrSuppressedIsAFailureToo(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          TimeoutException timeout = timeout();
          assertIsFailure(timeout);
          assertIsFailure(new IOException("no answer", timeout));
          assertIsFailure(with(told(), c -> c.addSuppressed(timeout)));
          assertIsFailure(with(new InterruptedException(), e -> e.addSuppressed(timeout)));
        });
  }

  // ---- exceptions that lead back to themselves

  // Rule 9. As from a connection that remembers what broke it, and is closed on the way out.
  @OnEveryKind
  void whatCleaningUpThrewBecauseOfTheCancellationIsNoFailure(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertIsCancellation(with(told(), c -> c.addSuppressed(new IOException("broken", c))));
          var interrupt = new InterruptedException();
          var wrapped = new UncheckedIOException(new IOException("broken", interrupt));
          wrapped.addSuppressed(new IllegalStateException("unusable", interrupt));
          assertIsCancellation(wrapped);
          // Two that carry each other.
          Cancelled one = told();
          var first = new IOException("first", one);
          var second = new IOException("second", first);
          first.addSuppressed(second);
          second.addSuppressed(first);
          one.addSuppressed(second);
          assertIsCancellation(one);
        });
  }

  // Rule 9
  @OnEveryKind
  void aCircleOfCausesIsACancellationIfAnInterruptIsInIt(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var interrupt = new InterruptedException();
          var around = new IOException("around", interrupt);
          interrupt.initCause(around);
          assertIsCancellation(around);
          assertIsCancellation(interrupt);
          Cancelled told = told();
          told.initCause(new IOException("cause", told));
          assertIsCancellation(told);
        });
  }

  // Rule 9
  @OnEveryKind
  void aCircleOfCausesWithoutAnInterruptIsAFailure(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertIsFailure(circle());
          assertIsFailure(with(told(), c -> c.addSuppressed(circle())));
          assertIsFailure(new IllegalStateException("around a circle", circle()));
        });
  }

  // Rule 9. As from many that fail together, and each hands what it threw to all others: looking
  // at each on each way would take for ever.
  @OnEveryKind
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void manyThatCarryEachOtherAreJudgedOnceEach(Kind kind) throws Throwable {
    kind.run(
        () -> {
          List<Exception> all = carryingEachOther();
          assertIsCancellation(all.getFirst());
          all.get(20).addSuppressed(new IOException("a failure"));
          assertIsFailure(all.getFirst());
        });
  }

  private static List<Exception> carryingEachOther() {
    List<Exception> all =
        Stream.generate(InterruptedException::new).limit(25).<Exception>map(e -> e).toList();
    for (Exception one : all) {
      all.stream().filter(other -> other != one).forEach(one::addSuppressed);
    }
    return all;
  }

  private static IOException circle() {
    var inner = new IOException("inner");
    var outer = new IOException("outer", inner);
    inner.initCause(outer);
    return outer;
  }

  // ---- channels that an interrupt has closed

  // Rule 9: whoever flushes on the way out finds the channel closed
  @OnEveryKind
  void aChannelClosedByInterruptThatWasClosedOnceMoreIsACancellation(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var closed = new ClosedChannelException();
          assertIsCancellation(
              with(new ClosedByInterruptException(), e -> e.addSuppressed(closed)));
          var byInterrupt =
              with(
                  new ClosedByInterruptException(),
                  e -> e.addSuppressed(new AsynchronousCloseException()));
          assertIsCancellation(new UncheckedIOException(byInterrupt));
          assertIsCancellation(with(told(), c -> c.addSuppressed(byInterrupt)));
        });
  }

  // Rule 9: the same, as the JDK does it
  @OnEveryKind
  void aWriterWhoseChannelAnInterruptHasClosedIsCutOff(Kind kind, @TempDir Path directory)
      throws Throwable {
    Path file = directory.resolve("file");
    kind.run(
        () -> {
          var thrown = new AtomicReference<Throwable>();
          CancelScope scope = CancelScope.named("writing");
          boolean ended =
              scope.run(
                  () -> {
                    scope.cancel();
                    try {
                      writeForEver(file);
                    } catch (IOException e) {
                      thrown.set(e);
                      throw e;
                    }
                  });
          assertThat(thrown.get()).isInstanceOf(ClosedByInterruptException.class);
          assertThat(thrown.get().getSuppressed())
              .as("what close() threw")
              .hasOnlyElementsOfType(ClosedChannelException.class)
              .isNotEmpty();
          assertThat(ended).isFalse();
          assertThat(scope.caughtCancellation()).isTrue();
          assertThat(Thread.currentThread().isInterrupted()).as("stray interrupt").isFalse();
        });
  }

  private static void writeForEver(Path file) throws IOException {
    var channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try (var writer = new BufferedWriter(Channels.newWriter(channel, StandardCharsets.UTF_8))) {
      while (true) {
        writer.write("a line that is written again and again\n");
      }
    }
  }

  // Rule 9: without an interrupt behind it, a closed channel is somebody's mistake
  @OnEveryKind
  void aClosedChannelThatIsSuppressedInAnythingElseIsAFailure(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var closed = new ClosedChannelException();
          assertIsFailure(with(told(), c -> c.addSuppressed(closed)));
          assertIsFailure(with(new InterruptedException(), e -> e.addSuppressed(closed)));
          assertIsFailure(
              with(
                  new UncheckedIOException(new ClosedByInterruptException()),
                  e -> e.addSuppressed(closed)));
          assertIsFailure(closed);
        });
  }
}
