package dev.greenhouse.guide;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import dev.greenhouse.nursery.VoidOp;
import dev.greenhouse.nursery.time.VirtualClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// The blocks and claims of `docs/guide/cancellation.md`: limits, scopes, interrupts, shields. Time
/// is virtual, except where the JDK waits.
@Timeout(30)
class CancellationTest {
  record Quote(int cents) {}

  interface Broker {
    Quote quote(String share) throws InterruptedException;
  }

  private final VirtualClock clock = new VirtualClock().autojump(true);
  private final OpenGreenhouse greenhouse = Greenhouse.builder().clock(clock).build();

  @AfterEach
  void close() {
    greenhouse.close();
  }

  // ---- limits

  private static final Broker SLOW =
      _ -> {
        Task.sleep(ofHours(1));
        return new Quote(1);
      };

  private static Quote latest(Broker broker, String share, Quote yesterdays)
      throws InterruptedException {
    // region move-on
    Optional<Quote> quote = CancelScope.moveOnAfter(ofSeconds(2), () -> broker.quote(share));
    return quote.orElse(yesterdays);
    // endregion
  }

  @Test
  void movesOn() throws Exception {
    var yesterdays = new Quote(120);
    Instant begin = clock.instant();
    assertThat(greenhouse.<Quote, Exception>call(() -> latest(SLOW, "TOM", yesterdays)))
        .isEqualTo(yesterdays);
    assertThat(clock.instant()).isEqualTo(begin.plusSeconds(2));
    assertThat(greenhouse.<Quote, Exception>call(() -> latest(_ -> new Quote(7), "T", yesterdays)))
        .isEqualTo(new Quote(7));
  }

  private static Quote required(Broker broker, String share) throws Exception {
    // region fail
    try {
      return CancelScope.failAfter(ofSeconds(2), () -> broker.quote(share));
    } catch (TimeoutException e) {
      throw new IOException("the broker is too slow", e);
    }
    // endregion
  }

  @Test
  void fails() {
    assertThatThrownBy(() -> greenhouse.<Quote, Exception>call(() -> required(SLOW, "TOM")))
        .isInstanceOf(IOException.class)
        .cause()
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("deadline of 2 s passed, in scope 'failAfter' of task '")
        .hasCauseInstanceOf(Cancelled.class);
  }

  @Test
  void theInnerLimitDoesNotAnswerForTheOuterOne() {
    var seen = new CopyOnWriteArrayList<String>();
    VoidOp<TimeoutException> inner =
        () -> {
          try {
            CancelScope.failAfter(ofSeconds(10), () -> Task.sleepForever());
          } catch (TimeoutException e) {
            seen.add("inner");
          }
          seen.add("after");
        };
    assertThatThrownBy(() -> greenhouse.run(() -> CancelScope.failAfter(ofSeconds(1), inner)))
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("1 s");
    assertThat(seen).isEmpty();
  }

  @Test
  void aLimitCoversTheTasksOfNurseriesInside() {
    var ended = new CopyOnWriteArrayList<String>();
    greenhouse.run(
        () -> {
          boolean finished =
              CancelScope.moveOnAfter(
                  ofSeconds(1),
                  () ->
                      Nursery.run(
                          nursery -> {
                            nursery.fork(() -> endlessly("a", ended));
                            nursery.fork(() -> endlessly("b", ended));
                          }));
          assertThat(finished).isFalse();
          assertThat(ended).containsExactlyInAnyOrder("a", "b");
        });
  }

  private static void endlessly(String name, List<String> ended) {
    try {
      Task.sleepForever();
    } finally {
      ended.add(name);
    }
  }

  @Test
  void aNurseryMayHaveALimit() {
    greenhouse.run(
        () -> {
          // region nursery-deadline
          Nursery.run(
              NurseryOptions.named("report").deadline(ofSeconds(30)),
              nursery -> {
                nursery.fork(() -> Task.sleepForever());
                nursery.fork(() -> Task.sleepForever());
              });
          // endregion
        });
    assertThat(clock.instant()).isEqualTo(new VirtualClock().instant().plusSeconds(30));
  }

  @Test
  void limitsMayBeTimesOfDay() {
    Instant noon = clock.instant().plusSeconds(60);
    greenhouse.run(
        () -> {
          assertThat(CancelScope.moveOnAt(noon, () -> Task.sleepForever())).isFalse();
          assertThatThrownBy(() -> CancelScope.failAt(noon, () -> Task.sleepForever()))
              .isInstanceOf(TimeoutException.class);
        });
    assertThat(clock.instant()).isEqualTo(noon);
  }

  @Test
  void aGreenhouseCancelsAllOfItsTasks() {
    Task<@Nullable Void> main =
        greenhouse.launch(
            () -> {
              Task.sleepForever();
              return null;
            });
    greenhouse.cancel("maintenance");
    assertThatThrownBy(main::join)
        .isInstanceOfSatisfying(
            TaskCancelledException.class,
            e -> assertThat(e.reason().source()).isEqualTo(Source.EXPLICIT));
  }

  @Test
  void scopesAreForTasks() {
    assertThatThrownBy(() -> CancelScope.moveOnAfter(ofSeconds(1), () -> {}))
        .isInstanceOf(IllegalStateException.class);
  }

  // ---- by hand

  interface Mirror {
    String fetch(String file) throws Exception;
  }

  private static @Nullable String fastest(List<Mirror> mirrors, String file) {
    // region fastest
    var first = new AtomicReference<String>();
    Nursery.run(
        nursery -> {
          for (Mirror mirror : mirrors) {
            nursery.fork(
                () -> {
                  first.compareAndSet(null, mirror.fetch(file));
                  nursery.cancel("another mirror was faster");
                });
          }
        });
    return first.get();
    // endregion
  }

  @Test
  void theFastestCancelsTheOthers() {
    Mirror silent =
        _ -> {
          new CountDownLatch(1).await();
          return "never";
        };
    assertThat(fastest(List.of(silent, file -> "the " + file, silent), "file"))
        .isEqualTo("the file");
  }

  @Test
  void aScopeCanBeCancelledByAnybody() throws Exception {
    var working = new CountDownLatch(1);
    var button = new CompletableButton();
    VoidOp<InterruptedException> search =
        () -> {
          working.countDown();
          new CountDownLatch(1).await();
        };
    Thread user =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    working.await();
                    button.press();
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                });
    greenhouse.<Exception>run(
        () -> {
          // region by-hand
          var searching = CancelScope.named("search");
          button.onClick(() -> searching.cancel("the user clicked on Stop"));
          boolean finished = searching.run(search);
          // endregion
          assertThat(finished).isFalse();
          assertThat(searching.caughtCancellation()).isTrue();
          assertThat(searching.reason()).get().hasToString("the user clicked on Stop");
        });
    user.join();
  }

  static final class CompletableButton {
    private volatile Runnable action = () -> {};

    void onClick(Runnable r) {
      action = r;
    }

    void press() {
      action.run();
    }
  }

  @Test
  void whatIsCancelledBeforeItIsEnteredIsCancelledFromTheBeginning() {
    var scope = CancelScope.named("late");
    scope.cancel("first");
    scope.cancel("second");
    assertThat(greenhouse.<Boolean, RuntimeException>call(() -> scope.run(() -> Task.checkpoint())))
        .isFalse();
    assertThat(scope.reason()).get().hasToString("first");
  }

  @Test
  void aCancelledTaskIsNoFailureOfItsNursery() {
    try (var nursery = Nursery.open()) {
      Task<@Nullable Void> task = nursery.fork(() -> Task.sleepForever());
      task.cancel("not needed");
      nursery.join();
      assertThat(task.outcome()).get().isInstanceOf(Outcome.WasCancelled.class);
    }
  }

  @Test
  void anInterruptFromOutsideCancelsTheTask() {
    try (var nursery = Nursery.open()) {
      Task<@Nullable Void> task = nursery.fork(() -> Task.sleepForever());
      task.thread().interrupt();
      nursery.join();
      assertThat(task.outcome())
          .get()
          .isInstanceOfSatisfying(
              Outcome.WasCancelled.class,
              o -> assertThat(o.reason().source()).isEqualTo(Source.INTERRUPT));
    }
  }

  // ---- it stays on

  @Test
  void swallowingDoesNotHelp() {
    var swallowed = new ArrayList<Integer>();
    greenhouse.run(
        () -> {
          // region swallow
          boolean finished =
              CancelScope.run(
                  scope -> {
                    scope.cancel("enough");
                    for (int i = 0; i < 3; i++) {
                      try {
                        Task.sleep(ofHours(1)); // returns at once, each time
                      } catch (Cancelled e) {
                        swallowed.add(i); // don't do this
                      }
                    }
                    Task.checkpoint(); // raises it once more
                  });
          // endregion
          assertThat(finished).isFalse();
          Task.checkpoint(); // outside all is well
        });
    assertThat(swallowed).containsExactly(0, 1, 2);
    assertThat(clock.instant()).isEqualTo(new VirtualClock().instant());
  }

  @Test
  void blockingCallsAreInterruptedAgainAndAgain() {
    var begun = new CountDownLatch(1);
    var interrupts = new ArrayList<Integer>();
    try (var nursery = Nursery.open()) {
      Task<@Nullable Void> stubborn =
          nursery.fork(
              () -> {
                for (int i = 0; i < 5; i++) {
                  try {
                    begun.countDown();
                    new CountDownLatch(1).await();
                  } catch (InterruptedException e) {
                    interrupts.add(i); // and goes on
                  }
                }
              });
      nursery.fork(
          () -> {
            begun.await();
            stubborn.cancel("enough");
          });
    }
    assertThat(interrupts).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void workThatNeverWaitsAsksByItself() {
    greenhouse.run(
        () ->
            CancelScope.run(
                scope -> {
                  scope.cancel("enough");
                  assertThatThrownBy(Task::throwIfCancelled).isInstanceOf(Cancelled.class);
                  assertThat(Thread.interrupted()).isFalse();
                }));
  }

  // ---- libraries

  static final class StorageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    StorageException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  static final class Storage {
    private final LinkedBlockingQueue<String> connections = new LinkedBlockingQueue<>();

    // region wrapped
    String connection() {
      try {
        return connections.take();
      } catch (InterruptedException e) {
        throw new StorageException("no connection", e);
      }
    }

    // endregion

    String connectionWithoutCause() {
      try {
        return connections.take();
      } catch (InterruptedException e) {
        throw new StorageException("interrupted", null);
      }
    }
  }

  /// In real time: what the JDK blocks holds virtual time.
  private static Optional<String> limited(ScopedValue.CallableOp<String, RuntimeException> op) {
    return Greenhouse.common().call(() -> CancelScope.moveOnAfter(ofMillis(50), op));
  }

  @Test
  void wrappedInterruptsAreCancellation() {
    var storage = new Storage();
    assertThat(limited(storage::connection)).isEmpty();
  }

  @Test
  void otherwiseTheyAreFailures() {
    var storage = new Storage();
    var waits = new CountDownLatch(1);
    Predicate<Throwable> sign = signOfStorage();
    try {
      assertThatThrownBy(
              () ->
                  Nursery.run(
                      nursery -> {
                        Task<String> task =
                            nursery.fork(
                                () -> {
                                  waits.countDown();
                                  throw new StorageException("interrupted", null);
                                });
                        waits.await();
                        task.join();
                      }))
          .isInstanceOf(NurseryFailedException.class)
          .hasCauseInstanceOf(StorageException.class);
    } finally {
      Cancelled.removeSign(sign);
    }
    assertThatThrownBy(() -> limited(storage::connectionWithoutCause))
        .isInstanceOf(StorageException.class);
  }

  private static Predicate<Throwable> signOfStorage() {
    // region sign
    Predicate<Throwable> sign =
        e -> e instanceof StorageException && "interrupted".equals(e.getMessage());
    Cancelled.addSign(sign);
    // endregion
    return sign;
  }

  @Test
  void aSignTeachesWhatALibraryThrows() {
    var storage = new Storage();
    Predicate<Throwable> sign = signOfStorage();
    try {
      assertThat(limited(storage::connectionWithoutCause)).isEmpty();
    } finally {
      Cancelled.removeSign(sign);
    }
  }

  @Test
  void otherExceptionsAreFailuresInACancelledScope() {
    assertThatThrownBy(
            () ->
                greenhouse.run(
                    () ->
                        CancelScope.moveOnAfter(
                            ofSeconds(1),
                            () -> {
                              try {
                                Task.sleepForever();
                              } finally {
                                failToCleanUp();
                              }
                            })))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("disk full");
  }

  private static void failToCleanUp() {
    throw new IllegalStateException("disk full");
  }

  // ---- cleaning up

  static final class Session {
    final List<String> log = new CopyOnWriteArrayList<>();
    private final Duration slowness;

    Session(Duration slowness) {
      this.slowness = slowness;
    }

    void exchange() {
      log.add("exchange");
      Task.sleepForever();
    }

    void sayGoodbye() {
      Task.sleep(slowness);
      log.add("goodbye");
    }
  }

  private static void talk(Session session) {
    // region shield
    try {
      session.exchange();
    } finally {
      CancelScope.shield(() -> CancelScope.moveOnAfter(ofSeconds(1), session::sayGoodbye));
    }
    // endregion
  }

  @Test
  void aShieldLetsCleaningUpWait() {
    var polite = new Session(ofMillis(100));
    var slow = new Session(ofHours(1));
    greenhouse.run(
        () -> {
          assertThat(CancelScope.moveOnAfter(ofSeconds(1), () -> talk(polite))).isFalse();
          assertThat(CancelScope.moveOnAfter(ofSeconds(1), () -> talk(slow))).isFalse();
        });
    assertThat(polite.log).containsExactly("exchange", "goodbye");
    assertThat(slow.log).containsExactly("exchange");
    assertThat(clock.instant()).isEqualTo(new VirtualClock().instant().plusMillis(3100));
  }

  // ---- interrupts that harm

  private static void append(FileChannel journal, ByteBuffer entry) throws IOException {
    // region without-interrupts
    CancelScope.withoutInterrupts(() -> journal.write(entry));
    // endregion
  }

  @Test
  void aSharedChannelStaysOpen(@TempDir Path folder) throws Exception {
    try (var journal =
        FileChannel.open(
            folder.resolve("journal"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      cancelWhileWriting(1000, () -> append(journal, ByteBuffer.wrap("entry\n".getBytes(UTF_8))));
      assertThat(journal.isOpen()).isTrue();
    }
  }

  @Test
  void anInterruptClosesAChannel(@TempDir Path folder) throws Exception {
    try (var journal =
        FileChannel.open(
            folder.resolve("journal"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      cancelWhileWriting(
          Integer.MAX_VALUE, () -> journal.write(ByteBuffer.wrap("entry\n".getBytes(UTF_8))));
      assertThat(journal.isOpen()).isFalse();
    }
  }

  interface Write {
    void run() throws IOException;
  }

  /// The writer is not at a checkpoint when it is cancelled, and comes to one later.
  private static void cancelWhileWriting(int writesWhenCancelled, Write write) {
    var writing = new CountDownLatch(1);
    try (var nursery = Nursery.open()) {
      Task<@Nullable Void> writer =
          nursery.fork(
              () -> {
                writing.countDown();
                try {
                  for (int i = 0; i < writesWhenCancelled; i += isCancelled() ? 1 : 0) {
                    write.run();
                  }
                } catch (ClosedByInterruptException e) {
                  // The channel is closed.
                }
                Task.checkpoint();
              });
      nursery.fork(
          () -> {
            writing.await();
            writer.cancel("enough");
          });
      nursery.join();
      assertThat(writer.outcome()).get().isInstanceOf(Outcome.WasCancelled.class);
    }
  }

  private static boolean isCancelled() {
    return CancelScope.effectiveDeadline().equals(Instant.MIN);
  }

  // ---- deadlines that move, and that are passed on

  interface Upload {
    String read();
  }

  @Test
  void aDeadlineMoves() {
    var chunks = new ArrayList<String>();
    var delays = List.of(20, 25, 29, 3, 3600).iterator();
    Upload upload =
        () -> {
          Task.sleep(ofSeconds(delays.next()));
          return "chunk";
        };
    greenhouse.run(
        () -> {
          // region move
          boolean complete =
              CancelScope.run(
                  scope -> {
                    while (chunks.size() < 100) {
                      scope.deadline(ofSeconds(30)); // for the next one, however many there were
                      chunks.add(upload.read());
                    }
                  });
          // endregion
          assertThat(complete).isFalse();
        });
    assertThat(chunks).hasSize(4);
    assertThat(clock.instant())
        .isEqualTo(new VirtualClock().instant().plusSeconds(20 + 25 + 29 + 3 + 30));
  }

  // region remaining
  static Optional<Duration> timeLeft() {
    Instant deadline = CancelScope.effectiveDeadline();
    if (deadline.equals(Instant.MAX)) {
      return Optional.empty(); // nobody waits for us
    }
    Instant now = Task.current().greenhouse().clock().instant();
    return Optional.of(
        deadline.isAfter(now) ? Duration.between(now, deadline) : Duration.ZERO); // MIN: cancelled
  }

  // endregion

  @Test
  void theTimeLeftIsKnown() {
    greenhouse.run(
        () -> {
          assertThat(timeLeft()).isEmpty();
          CancelScope.moveOnAfter(
              ofSeconds(10),
              () ->
                  CancelScope.moveOnAfter(
                      ofSeconds(60),
                      () -> {
                        Task.sleep(ofSeconds(3));
                        assertThat(timeLeft()).contains(ofSeconds(7));
                        CancelScope.shield(() -> assertThat(timeLeft()).isEmpty());
                      }));
          CancelScope.run(
              scope -> {
                scope.cancel();
                assertThat(timeLeft()).contains(Duration.ZERO);
              });
        });
  }

  // ---- tests

  @Test
  void aTestOfHours() {
    // region virtual
    var clock = new VirtualClock().autojump(true);
    try (var greenhouse = Greenhouse.builder().clock(clock).build()) {
      Instant begin = clock.instant();
      boolean finished =
          greenhouse.call(() -> CancelScope.moveOnAfter(ofHours(3), () -> Task.sleepForever()));
      assertThat(finished).isFalse();
      assertThat(Duration.between(begin, clock.instant())).isEqualTo(ofHours(3)); // at once
    }
    // endregion
  }

  @Test
  void timeWaitsForWhatIsReal() {
    greenhouse.run(
        () ->
            Nursery.run(
                nursery -> {
                  Instant begin = clock.instant();
                  var real = new CountDownLatch(1);
                  Task<?> waiting =
                      nursery.fork(
                          () -> {
                            real.await(); // of the JDK
                            assertThat(clock.instant()).isEqualTo(begin);
                            nursery.cancel();
                          });
                  nursery.fork(() -> Task.sleep(ofHours(1)));
                  Thread.ofPlatform().start(() -> releaseWhenItWaits(waiting, real));
                }));
  }

  private static void releaseWhenItWaits(Task<?> task, CountDownLatch latch) {
    while (task.thread().getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    latch.countDown();
  }

  @Test
  void aClockThatIsMovedByHand() throws InterruptedException {
    var manual = new VirtualClock();
    try (var clinic = Greenhouse.builder().clock(manual).build()) {
      Task<Boolean> task =
          clinic.launch(() -> CancelScope.moveOnAfter(ofSeconds(5), () -> Task.sleepForever()));
      while (manual.pendingTimers() == 0) {
        Thread.onSpinWait();
      }
      manual.advance(ofSeconds(4));
      assertThat(task.outcome()).isEmpty();
      manual.advance(ofSeconds(1));
      assertThat(task.join()).isFalse();
    }
  }

  // ---- the other sources of the table

  private static void assertSource(Task<?> task, Source source) {
    assertThat(task.outcome())
        .get()
        .isInstanceOfSatisfying(
            Outcome.WasCancelled.class, c -> assertThat(c.reason().source()).isEqualTo(source));
  }

  @Test
  void aClosingThatIsInterruptedCancels() {
    var closed = Greenhouse.builder().build();
    Task<?> task = closed.launch(CancellationTest::sleepsForever);
    Thread.currentThread().interrupt();
    closed.close();
    assertThat(Thread.interrupted()).isTrue();
    assertSource(task, Source.SHUTDOWN);
  }

  @Test
  @EnabledIfSystemProperty(named = "greenhouse.test.flag", matches = "true")
  void aGreenhouseWhoseExecutorRefusesCancels() {
    var full =
        Greenhouse.builder()
            .on(
                step -> {
                  throw new RejectedExecutionException("full");
                })
            .build();
    Task<?> task = full.launch(CancellationTest::sleepsForever);
    full.close();
    assertSource(task, Source.BROKEN);
  }

  private static @Nullable Void sleepsForever() {
    Task.sleepForever();
    return null;
  }
}
