package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.asyncContext;
import static dev.greenhouse.portal.Portal.openAsyncContext;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.AwaitedHere;
import dev.greenhouse.portal.AsyncContext;
import dev.greenhouse.portal.NoPortalException;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Resources that are opened and closed asynchronously, in a try statement: greenback's
/// test_async_context. Its shapes with missing methods can't be written in Java.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AsyncContextTest {
  private static final class Connection {
    final CompletableFuture<Void> closed = new CompletableFuture<>();
    final AtomicInteger closings = new AtomicInteger();

    CompletableFuture<Void> closeAsync() {
      closings.incrementAndGet();
      return closed;
    }

    @Override
    public String toString() {
      return "Connection";
    }
  }

  // greenback: test_async_context
  @OnEveryKind
  void leavingTheBlockAwaitsTheClosing(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var connection = new Connection();
          try (var nursery = Nursery.open();
              var context = asyncContext(connection, Connection::closeAsync)) {
            assertThat(context.get()).isSameAs(connection);
            nursery.fork(
                () -> {
                  while (connection.closings.get() == 0) {
                    Task.checkpoint();
                  }
                  connection.closed.complete(null);
                });
          }
          assertThat(connection.closed).isDone();
          assertThat(connection.closings).hasValue(1);
        });
  }

  // greenback: test_async_context, a failing exit
  @OnEveryKind
  void failureOfTheClosingComesOutOrIsSuppressed(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var fromClose = new IOException("close");
          var fromBody = new IOException("body");
          Connection broken = new Connection();
          broken.closed.completeExceptionally(fromClose);
          assertThat(catchThrowable(() -> useAndClose(broken, null))).isSameAs(fromClose);
          assertThat(fromClose.getSuppressed()).hasAtLeastOneElementOfType(AwaitedHere.class);
          assertThat(catchThrowable(() -> useAndClose(broken, fromBody))).isSameAs(fromBody);
          assertThat(fromBody.getSuppressed()).containsExactly(fromClose);
        });
  }

  @SuppressWarnings("try") // it is there to be closed
  private static void useAndClose(Connection connection, IOException failure) throws IOException {
    try (var context = asyncContext(connection, Connection::closeAsync)) {
      if (failure != null) {
        throw failure;
      }
    }
  }

  @OnEveryKind
  void closingOfACancelledTaskRunsToItsEnd(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            withPortalRun(
                () -> {
                  Instant begin = clock.instant();
                  try (var nursery = Nursery.open()) {
                    var done = new CompletableFuture<?>[1];
                    assertThat(
                            CancelScope.run(
                                scope -> {
                                  try (var context =
                                      asyncContext(
                                          "pump", p -> done[0] = InPortal.after(nursery, 5))) {
                                    scope.cancel("enough of the " + context.get());
                                    Task.checkpoint();
                                  }
                                }))
                        .isFalse();
                    assertThat(done[0]).isCompletedWithValueMatching(v -> v.equals(5));
                  }
                  assertThat(clock.instant()).isEqualTo(begin.plus(Duration.ofSeconds(5)));
                }));
  }

  @OnEveryKind
  void cancellationDuringTheClosingWaitsForIt(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var connection = new Connection();
          assertThat(
                  CancelScope.run(
                      scope -> {
                        try (var nursery = Nursery.open()) {
                          nursery.fork(
                              () -> {
                                while (connection.closings.get() == 0) {
                                  Task.checkpoint();
                                }
                                scope.cancel("enough");
                                CancelScope.shield(() -> Task.checkpoint());
                                connection.closed.complete(null);
                              });
                          useAndClose(connection, null);
                          assertThat(connection.closed).isCompleted();
                          Task.checkpoint();
                        }
                      }))
              .isFalse();
          assertThat(connection.closed).isNotCancelled();
        });
  }

  @OnEveryKind
  void closingThatTakesTooLongIsCutOff(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            withPortalRun(
                () -> {
                  Instant begin = clock.instant();
                  var stuck = new Connection();
                  AsyncContext<Connection> context =
                      asyncContext(stuck, Connection::closeAsync)
                          .closeWithin(Duration.ofSeconds(2));
                  assertThat(
                          CancelScope.run(
                              scope -> {
                                scope.cancel("enough");
                                assertThatThrownBy(context::close)
                                    .isInstanceOf(TimeoutException.class)
                                    .hasMessageContaining("Connection was not closed within PT2S");
                                Task.checkpoint();
                              }))
                      .isFalse();
                  assertThat(stuck.closed).isCancelled();
                  assertThat(clock.instant()).isEqualTo(begin.plus(Duration.ofSeconds(2)));

                  var quick = new Connection();
                  quick.closed.complete(null);
                  asyncContext(quick, Connection::closeAsync)
                      .closeWithin(Duration.ofSeconds(2))
                      .close();
                  assertThat(quick.closings).hasValue(1);
                }));
  }

  @OnEveryKind
  void closedOnce(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var connection = new Connection();
          connection.closed.complete(null);
          var context = asyncContext(connection, Connection::closeAsync);
          assertThat(context).hasToString("context of Connection");
          context.close();
          context.close();
          assertThat(connection.closings).hasValue(1);
          assertThat(context).hasToString("context of Connection, closed");
        });
  }

  @OnEveryKind
  void withoutAPortalTheClosingIsStartedAllTheSame(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var connection = new Connection();
          var context = asyncContext(connection, Connection::closeAsync);
          assertThatThrownBy(context::close).isInstanceOf(NoPortalException.class);
          assertThat(connection.closings).hasValue(1);
          var outside = new Connection();
          Thread thread =
              Thread.ofPlatform()
                  .start(
                      () ->
                          assertThatThrownBy(
                                  () -> asyncContext(outside, Connection::closeAsync).close())
                              .isInstanceOf(NoPortalException.class));
          thread.join();
          assertThat(outside.closings).hasValue(1);
        });
  }

  @OnEveryKind
  void openingIsAwaitedAndItsFailureOpensNothing(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var connection = new Connection();
          connection.closed.complete(null);
          try (var nursery = Nursery.open();
              var context =
                  openAsyncContext(
                      () -> InPortal.soon(nursery, connection), Connection::closeAsync)) {
            assertThat(context.get()).isSameAs(connection);
          }
          assertThat(connection.closings).hasValue(1);
          var error = new IOException("no line");
          assertThatThrownBy(
                  () ->
                      openAsyncContext(
                          () -> CompletableFuture.<Connection>failedFuture(error),
                          Connection::closeAsync))
              .isSameAs(error);
          assertThatThrownBy(
                  () ->
                      openAsyncContext(
                          () -> CompletableFuture.<Connection>completedFuture(null),
                          Connection::closeAsync))
              .isInstanceOf(NullPointerException.class)
              .hasMessageContaining("opening gave null");
        });
  }

  @OnEveryKind
  void whatOpensAfterTheTaskWasCancelledIsClosed(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var connection = new Connection();
          var opening = givenUp(Connection::closeAsync);
          assertThat(connection.closings).hasValue(0);
          opening.complete(connection);
          assertThat(connection.closings).hasValue(1);
        });
  }

  @OnEveryKind
  void closingThatFailsWhenNobodyWaitsForItIsLogged(Kind kind) throws Throwable {
    try (var log = CapturedLog.begin()) {
      InPortal.run(
          kind,
          () -> {
            var failing =
                givenUp(c -> CompletableFuture.failedFuture(new IOException("the door is stuck")));
            failing.complete(new Connection());
            log.await("could not be closed", "the door is stuck");
            var throwing =
                givenUp(
                    c -> {
                      throw new IllegalStateException("no door");
                    });
            throwing.complete(new Connection());
            log.await("no door");
          });
    }
  }

  /// {@return an opening that does not heed its cancellation, and that a cancelled task has given
  /// up}
  private static CompletableFuture<Connection> givenUp(
      Function<Connection, CompletableFuture<?>> closing) {
    var opening =
        new CompletableFuture<Connection>() {
          @Override
          public boolean cancel(boolean mayInterrupt) {
            return false;
          }
        };
    boolean complete =
        CancelScope.run(
            scope -> {
              try (var nursery = Nursery.open()) {
                nursery.fork(() -> scope.cancel("enough"));
                openAsyncContext(() -> opening, closing);
              }
            });
    assertThat(complete).isFalse();
    return opening;
  }

  @OnEveryKind
  void badArgumentsAndClosingsThatGiveNoStage(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          assertThatThrownBy(() -> asyncContext(null, r -> null))
              .isInstanceOf(NullPointerException.class)
              .hasMessageContaining("resource");
          assertThatThrownBy(() -> asyncContext("pump", null))
              .isInstanceOf(NullPointerException.class)
              .hasMessageContaining("closing");
          assertThatThrownBy(() -> asyncContext("pump", p -> null).close())
              .isInstanceOf(NullPointerException.class)
              .hasMessageContaining("closing returned null instead of a stage");
          assertThatThrownBy(() -> openAsyncContext(null, r -> null))
              .isInstanceOf(NullPointerException.class)
              .hasMessageContaining("opening");
        });
  }
}
