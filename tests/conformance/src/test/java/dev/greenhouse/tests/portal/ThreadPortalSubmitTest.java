package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.hasPortal;
import static dev.greenhouse.tests.portal.ThreadPortals.untilCancelled;
import static dev.greenhouse.tests.portal.ThreadPortals.withPortal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.portal.ThreadPortal;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Threads that are no tasks submit and start work in a nursery, and have a future of it.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreadPortalSubmitTest {
  // ---- submitting

  @OnEveryKind
  void futureOfASubmittedTaskTellsHowItEnded(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          CompletableFuture<String> value = Outsider.does(() -> portal.submit(() -> "ripe"));
          assertThat(value.get()).isEqualTo("ripe");
          var error = new IOException("rotten");
          CompletableFuture<String> failed =
              Outsider.does(
                  () ->
                      portal.<String>submit(
                          () -> {
                            throw error;
                          }));
          assertThatThrownBy(failed::get).hasCause(error);
          var ran = new AtomicBoolean();
          CompletableFuture<?> action = Outsider.does(() -> portal.submit(() -> ran.set(true)));
          assertThat(action.get()).isNull();
          assertThat(ran).isTrue();
          Task.throwIfCancelled();
        });
  }

  @OnEveryKind
  void cancellingTheFutureCancelsTheTaskAndItIsDoneWhenThatHasEnded(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var begun = new CountDownLatch(1);
          var cleaning = new CountDownLatch(1);
          var goOn = new CompletableFuture<String>();
          CompletableFuture<String> future =
              Outsider.does(
                  () ->
                      portal.submit(
                          () -> {
                            try {
                              return untilCancelled(begun);
                            } finally {
                              cleaning.countDown();
                              CancelScope.shield(() -> await(goOn));
                            }
                          }));
          CompletableFuture<String> dependent = future.thenApply(s -> s);
          begun.await();
          assertThat(dependent.cancel(true)).isTrue();
          assertThat(future.cancel(true)).isTrue();
          cleaning.await();
          assertThat(future).isNotDone();
          goOn.complete("end");
          assertThat(catchThrowable(() -> Outsider.does(future::get)))
              .isInstanceOf(CancellationException.class);
          assertThat(future).isCancelled();
          assertThat(future.cancel(true)).isTrue();
          CompletableFuture<Integer> done = portal.submit(() -> 1);
          done.get();
          assertThat(done.cancel(true)).isFalse();
        });
  }

  @OnEveryKind
  void cancellingWhatDependsOnTheFutureDoesNothingToTheTask(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var goOn = new CompletableFuture<String>();
          CompletableFuture<String> future = portal.submit(() -> await(goOn));
          future.thenApply(s -> s).cancel(true);
          goOn.complete("on");
          assertThat(future.get()).isEqualTo("on");
        });
  }

  @OnEveryKind
  void futureCompletedBySomebodyElseCancelsTheTask(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var begun = new CountDownLatch(1);
          var ended = new CountDownLatch(1);
          CompletableFuture<String> future =
              portal.submit(
                  () -> {
                    try {
                      return untilCancelled(begun);
                    } finally {
                      ended.countDown();
                    }
                  });
          begun.await();
          future.complete("enough");
          ended.await();
          assertThat(future.get()).isEqualTo("enough");
        });
  }

  @OnEveryKind
  void whatDependsOnTheFutureMayBlock(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var monitor = new Object();
          var ran = new CompletableFuture<String>();
          try (var nursery = Nursery.open()) {
            var held = new CountDownLatch(1);
            var release = new CompletableFuture<String>();
            nursery.fork(
                () -> {
                  synchronized (monitor) {
                    held.countDown();
                    release.get();
                  }
                });
            held.await();
            var goOn = new CompletableFuture<String>();
            CompletableFuture<?> dependent =
                portal
                    .submit(() -> await(goOn))
                    .thenAccept(
                        value -> {
                          synchronized (monitor) {
                            ran.complete(value);
                          }
                        });
            assertThat(dependent).isNotDone();
            goOn.complete("dependent");
            portal.submit(() -> release.complete("release")).get();
          }
          assertThat(ran.get()).isEqualTo("dependent");
        });
  }

  // ---- starting

  @OnEveryKind
  void startReturnsWhatTheTaskTellsAndTheFutureOfItsEnd(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          var goOn = new CompletableFuture<String>();
          ThreadPortal.Started<Integer> started =
              Outsider.does(
                  () ->
                      portal.<Integer, RuntimeException>start(
                          status -> {
                            assertThat(hasPortal()).isTrue();
                            status.started(7);
                            await(goOn);
                          }));
          assertThat(started.value()).isEqualTo(7);
          assertThat(started.future()).isNotDone();
          goOn.complete("end");
          assertThat(started.future().get()).isNull();
          ThreadPortal.Started<Integer> fails =
              Outsider.does(
                  () ->
                      portal.<Integer, IOException>start(
                          status -> {
                            status.started(8);
                            throw new IOException("later");
                          }));
          assertThatThrownBy(() -> fails.future().get()).hasRootCauseMessage("later");
          var begun = new CountDownLatch(1);
          ThreadPortal.Started<Integer> stays =
              Outsider.does(
                  () ->
                      portal.<Integer, RuntimeException>start(
                          status -> {
                            status.started(9);
                            untilCancelled(begun);
                          }));
          stays.future().cancel(true);
          Eventually.run(() -> assertThat(stays.future()).isCancelled());
          Task.throwIfCancelled();
        });
  }

  @OnEveryKind
  void whatGoesWrongBeforeItIsStartedComesOutOfStart(Kind kind) throws Throwable {
    withPortal(
        kind,
        portal -> {
          assertThatThrownBy(
                  () ->
                      Outsider.does(
                          () ->
                              portal.<Integer, IOException>start(
                                  status -> {
                                    throw new IOException("early");
                                  })))
              .isInstanceOf(IOException.class)
              .hasMessage("early");
          assertThatThrownBy(
                  () -> Outsider.does(() -> portal.<Integer, RuntimeException>start(status -> {})))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("without calling started()");
          var begun = new CountDownLatch(1);
          var caller =
              Outsider.begin(
                  () -> portal.<Integer, RuntimeException>start(status -> untilCancelled(begun)));
          begun.await();
          caller.interrupt();
          assertThat(caller.end().thrown()).isInstanceOf(Cancelled.class);
          assertThat(portal.submit(() -> 1).get()).isEqualTo(1);
        });
  }
}
