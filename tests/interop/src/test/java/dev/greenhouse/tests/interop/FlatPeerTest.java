package dev.greenhouse.tests.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.lowlevel.AwaitedHere;
import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import dev.greenhouse.tests.NeedsFlag;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each peer is awaited by flat tasks, which know no scopes: there a task is cancelled.
@NeedsFlag
@ExtendWith(NoThreadsLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FlatPeerTest {
  @FunctionalInterface
  private interface Body {
    void run(Peer peer, FlatExecutor flat) throws Throwable;
  }

  private static void onOwnLoop(Peers which, Body body) throws Throwable {
    var flat = FlatExecutor.open();
    try (Peer peer = which.open();
        flat) {
      body.run(peer, flat);
    }
    assertThat(flat.tasks()).isEmpty();
  }

  private static <T> T result(FlatTask<T> task) throws Exception {
    return task.get(20, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @EnumSource
  void thousandValuesAtOnce(Peers which) throws Throwable {
    onOwnLoop(
        which,
        (peer, flat) -> {
          var operations = Stream.generate(Operation::new).limit(1_000).toList();
          List<FlatTask<String>> awaiting =
              operations.stream()
                  .map(operation -> flat.<String>withPortalRunSync(() -> peer.await(operation)))
                  .toList();
          for (Operation operation : operations) {
            operation.awaitBegun();
          }
          for (int i = 0; i < operations.size(); i++) {
            operations.get(i).succeed("fruit " + i);
          }
          for (int i = 0; i < operations.size(); i++) {
            assertThat(result(awaiting.get(i))).isEqualTo("fruit " + i);
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void failureComesOutAsItIsAndShowsBothSides(Peers which) throws Throwable {
    onOwnLoop(
        which,
        (peer, flat) -> {
          var operation = new Operation();
          var failure = new IOException("blight");
          FlatTask<String> task = flat.withPortalRunSync(() -> peer.await(operation));
          operation.awaitBegun();
          operation.fail(failure);
          Throwable thrown = catchThrowable(() -> result(task));
          assertThat(thrown).isInstanceOf(ExecutionException.class);
          assertThat(peer.isOwn(thrown.getCause(), failure)).as("own: " + thrown).isTrue();
          assertThat(thrown.getCause().getSuppressed())
              .singleElement()
              .isInstanceOf(AwaitedHere.class);
        });
  }

  @ParameterizedTest
  @EnumSource
  void cancellingTheTaskCancelsTheOperation(Peers which) throws Throwable {
    onOwnLoop(
        which,
        (peer, flat) -> {
          var operation = new Operation();
          FlatTask<String> task = flat.withPortalRunSync(() -> peer.await(operation));
          operation.awaitBegun();
          assertThat(task.cancel(true)).isTrue();
          operation.awaitCancelled();
          assertThat(catchThrowable(() -> result(task))).isNotNull();
          assertThat(task.isCancelled()).isTrue();
        });
  }
}
