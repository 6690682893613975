package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.tests.portal.ThreadPortals.untilCancelled;
import static dev.greenhouse.tests.portal.ThreadPortals.withPortal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.TaskCancelledException;
import dev.greenhouse.portal.ThreadPortal;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// How portals for threads end.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreadPortalEndTest {
  @OnEveryKind
  void closingWaitsForWhatRunsAndRefusesMore(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var goOn = new CompletableFuture<String>();
          CompletableFuture<String> running;
          Outsider<?> late;
          var portal = ThreadPortal.open("gate");
          try (portal) {
            running = portal.submit(() -> await(goOn));
            late =
                Outsider.begin(
                    () -> {
                      Eventually.holds("closed", () -> portal.toString().contains("closed"));
                      try {
                        return portal.call(() -> 1);
                      } finally {
                        goOn.complete("late");
                      }
                    });
          }
          assertThat(running).isCompletedWithValue("late");
          assertThat(late.end().thrown())
              .isInstanceOf(IllegalStateException.class)
              .hasMessage(
                  "Portal 'gate' takes no more calls: it was closed. Call before that, or open"
                      + " another one.");
          assertThatThrownBy(() -> portal.submit(() -> 1))
              .isInstanceOf(IllegalStateException.class);
          portal.close();
        });
  }

  @OnEveryKind
  void stoppingCancelsWhatRunsAndNotWhoOpenedIt(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var portal = ThreadPortal.open("gate")) {
            var begun = new CountDownLatch(2);
            var caller = Outsider.begin(() -> portal.call(() -> untilCancelled(begun)));
            var submitted = portal.submit(() -> untilCancelled(begun));
            begun.await();
            portal.stop("frost");
            assertThat(caller.end().thrown())
                .isInstanceOf(TaskCancelledException.class)
                .hasMessageContaining("frost");
            assertThatThrownBy(submitted::get)
                .isInstanceOf(CancellationException.class)
                .hasRootCauseInstanceOf(TaskCancelledException.class);
            assertThatThrownBy(() -> portal.submit(() -> 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Portal 'gate' takes no more calls: it was stopped: frost");
            Task.checkpoint();
          }
          Task.checkpoint();
        });
  }

  @OnEveryKind
  void cancellationOfWhoOpenedItReachesTheWork(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var caller = new Outsider<?>[1];
          boolean whole =
              CancelScope.run(
                  scope -> {
                    try (var portal = ThreadPortal.open()) {
                      var begun = new CountDownLatch(1);
                      caller[0] = Outsider.begin(() -> portal.call(() -> untilCancelled(begun)));
                      begun.await();
                      scope.cancel("hail");
                    }
                  });
          assertThat(whole).isFalse();
          assertThat(caller[0].end().thrown())
              .isInstanceOf(TaskCancelledException.class)
              .hasMessageContaining("hail");
        });
  }

  @OnEveryKind
  void closerThatIsCancelledStopsThePortal(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            var begun = new CountDownLatch(1);
            var portal = ThreadPortal.in(nursery);
            CompletableFuture<String> running = portal.submit(() -> untilCancelled(begun));
            begun.await();
            boolean whole =
                CancelScope.run(
                    scope -> {
                      scope.cancel("hurry");
                      portal.close();
                      assertThat(running).isCancelled();
                      Task.checkpoint();
                    });
            assertThat(whole).isFalse();
            Task.checkpoint();
          }
        });
  }

  @OnEveryKind
  void closerThatIsInterruptedStopsThePortal(Kind kind) throws Throwable {
    try (OpenGreenhouse greenhouse = kind.build()) {
      var begun = new CountDownLatch(1);
      var closer =
          Outsider.begin(
              () -> {
                var portal = ThreadPortal.launch(() -> greenhouse);
                var running = portal.submit(() -> untilCancelled(begun));
                portal.close();
                return running;
              });
      begun.await();
      closer.awaitWaiting();
      closer.interrupt();
      var end = closer.end();
      assertThat(end.thrown()).isNull();
      assertThat(end.interrupted()).isTrue();
      assertThat(end.value()).isCancelled();
    }
  }

  @OnEveryKind
  void itIsClosedWhereItWasOpenedAndNotByItsOwnWork(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          assertThatThrownBy(
                  () ->
                      Outsider.does(
                          () -> {
                            portal.close();
                            return null;
                          }))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("was opened by task 'main'")
              .hasMessageContaining("use stop(reason)");
          try (var nursery = Nursery.open();
              var inner = ThreadPortal.in(nursery)) {
            assertThatThrownBy(() -> Outsider.does(() -> closedByItsWork(inner)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("would wait for itself");
            assertThat(inner.submit(() -> 1).get()).isEqualTo(1);
          }
          assertThat(portal.submit(() -> 1).get()).isEqualTo(1);
        });
  }

  private static int closedByItsWork(ThreadPortal portal) {
    return portal.call(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<?> below = nursery.fork(portal::close);
            throw (IllegalStateException) catchThrowable(below::join).getCause();
          }
        });
  }
}
