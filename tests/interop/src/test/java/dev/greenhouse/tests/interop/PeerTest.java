package dev.greenhouse.tests.interop;

import static dev.greenhouse.portal.Portal.withPortalRunTree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.AwaitedHere;
import dev.greenhouse.nursery.time.VirtualClock;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Each peer gives a value, fails, is cut off by a limit and is awaited by 1,000 tasks at once.
@ExtendWith({NoThreadsLeft.class, NothingLeft.class})
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PeerTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  /// A test that takes a peer and a kind of greenhouse.
  @Target(ElementType.METHOD)
  @Retention(RetentionPolicy.RUNTIME)
  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("peersOnKinds")
  private @interface WithEveryPeer {}

  static Stream<Arguments> peersOnKinds() {
    return Arrays.stream(Peers.values())
        .flatMap(
            peer ->
                Kind.available().stream()
                    .filter(kind -> kind != Kind.SEEDED)
                    .map(kind -> Arguments.of(peer, kind)));
  }

  @FunctionalInterface
  private interface Body {
    void run(Peer peer, VirtualClock clock) throws Throwable;
  }

  private static void inPortals(Peers which, Kind kind, Body body) throws Throwable {
    try (Peer peer = which.open()) {
      VirtualGreenhouse.still(kind, clock -> withPortalRunTree(() -> body.run(peer, clock)));
    }
  }

  @WithEveryPeer
  void valueThatIsThereAtOnce(Peers which, Kind kind) throws Throwable {
    inPortals(
        which,
        kind,
        (peer, clock) -> {
          var operation = new Operation();
          operation.succeed("ripe");
          assertThat(peer.await(operation)).isEqualTo("ripe");
        });
  }

  @WithEveryPeer
  void valueThatComesWhileTheTaskWaits(Peers which, Kind kind) throws Throwable {
    inPortals(
        which,
        kind,
        (peer, clock) -> {
          var operation = new Operation();
          Task<?> awaiting = Task.current();
          try (var nursery = Nursery.open()) {
            nursery.fork(
                () -> {
                  operation.awaitAwaited(awaiting);
                  operation.succeed("ripe");
                });
            assertThat(peer.await(operation)).isEqualTo("ripe");
          }
        });
  }

  @WithEveryPeer
  void failureComesOutAsItIsAndShowsBothSides(Peers which, Kind kind) throws Throwable {
    inPortals(
        which,
        kind,
        (peer, clock) -> {
          var operation = new Operation();
          var failure = new IOException("blight");
          Task<?> awaiting = Task.current();
          try (var nursery = Nursery.open()) {
            nursery.fork(
                () -> {
                  operation.awaitAwaited(awaiting);
                  operation.fail(failure);
                });
            Throwable thrown = catchThrowable(() -> awaitedHere(peer, operation));
            assertThat(peer.isOwn(thrown, failure)).as("own: " + thrown).isTrue();
            assertThat(thrown.getStackTrace()).noneMatch(PeerTest::isAwaitedHere);
            assertThat(thrown.getSuppressed())
                .singleElement()
                .isInstanceOfSatisfying(
                    AwaitedHere.class,
                    side -> assertThat(side.getStackTrace()).anyMatch(PeerTest::isAwaitedHere));
          }
        });
  }

  private static void awaitedHere(Peer peer, Operation operation) throws Exception {
    peer.await(operation);
  }

  private static boolean isAwaitedHere(StackTraceElement frame) {
    return frame.getMethodName().equals("awaitedHere");
  }

  @WithEveryPeer
  void moveOnAfterCancelsTheOperation(Peers which, Kind kind) throws Throwable {
    limited(
        which,
        kind,
        (peer, operation) ->
            assertThat(CancelScope.moveOnAfter(LIMIT, () -> peer.await(operation))).isEmpty());
  }

  @WithEveryPeer
  void failAfterCancelsTheOperation(Peers which, Kind kind) throws Throwable {
    limited(
        which,
        kind,
        (peer, operation) ->
            assertThatThrownBy(() -> CancelScope.failAfter(LIMIT, () -> peer.await(operation)))
                .isInstanceOf(TimeoutException.class));
  }

  @FunctionalInterface
  private interface LimitedAwait {
    void run(Peer peer, Operation operation) throws Throwable;
  }

  private static void limited(Peers which, Kind kind, LimitedAwait await) throws Throwable {
    inPortals(
        which,
        kind,
        (peer, clock) -> {
          var operation = new Operation();
          Task<?> awaiting = Task.current();
          try (var nursery = Nursery.open()) {
            nursery.fork(
                () -> {
                  operation.awaitAwaited(awaiting);
                  clock.advance(LIMIT);
                });
            await.run(peer, operation);
          }
          operation.awaitCancelled();
        });
  }

  @WithEveryPeer
  void thousandAtOnce(Peers which, Kind kind) throws Throwable {
    inPortals(
        which,
        kind,
        (peer, clock) -> {
          var operations = Stream.generate(Operation::new).limit(1_000).toList();
          var awaiting = new ArrayList<Task<String>>();
          try (var nursery = Nursery.open()) {
            for (Operation operation : operations) {
              awaiting.add(nursery.fork(() -> peer.await(operation)));
            }
            for (Operation operation : operations) {
              operation.awaitBegun();
            }
            for (int i = 0; i < operations.size(); i++) {
              operations.get(i).succeed("fruit " + i);
            }
          }
          for (int i = 0; i < operations.size(); i++) {
            assertThat(awaiting.get(i).join()).isEqualTo("fruit " + i);
          }
        });
  }
}
