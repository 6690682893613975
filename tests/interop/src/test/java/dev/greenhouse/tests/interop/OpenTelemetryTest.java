package dev.greenhouse.tests.interop;

import static dev.greenhouse.portal.Portal.withPortalRunTree;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.context.InheritedContext;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.portal.Portal;
import dev.greenhouse.portal.ThreadPortal;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// OpenTelemetry's context lives in thread-locals: it comes to forked tasks, and is still there
/// after an await.
@ExtendWith({NoThreadsLeft.class, NothingLeft.class})
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OpenTelemetryTest {
  private final Spans spans = new Spans();

  /// All that it needs.
  private static OpenGreenhouse traced(Kind kind) {
    return kind.build(InheritedContext.of(Context::current, Context::makeCurrent));
  }

  private static <T> T outside(Callable<T> body) throws Exception {
    var outside = new FutureTask<>(body);
    Thread thread = Thread.ofPlatform().start(outside);
    T value = outside.get();
    thread.join();
    return value;
  }

  @AfterEach
  void everyScopeIsClosed() throws Exception {
    spans.endWithAllScopesClosed();
  }

  // ---- tasks

  @OnEveryKind
  void spansOfTasksAreBelowThatOfWhoForkedThem(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = traced(kind)) {
      greenhouse.run(
          () ->
              spans.inSpan(
                  "order",
                  () -> {
                    try (var nursery = Nursery.open()) {
                      nursery.fork(() -> spans.inSpan("pick", () -> inNursery("cut")));
                      nursery.start(
                          status -> {
                            spans.mark("pack");
                            status.started(null);
                            Task.checkpoint();
                            spans.mark("send");
                          });
                    }
                    return spans.mark("bill");
                  }));
    }
    assertThat(spans.parents())
        .containsOnly(
            Map.entry("order", "none"),
            Map.entry("pick", "order"),
            Map.entry("cut", "pick"),
            Map.entry("pack", "order"),
            Map.entry("send", "order"),
            Map.entry("bill", "order"));
    assertThat(spans.traces()).isEqualTo(1);
  }

  private Void inNursery(String name) {
    try (var nursery = Nursery.open()) {
      nursery.fork(() -> spans.mark(name));
    }
    return null;
  }

  @OnEveryKind
  void mainTasksAreBelowWhatRunsTheGreenhouse(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = traced(kind)) {
      spans.inSpan("program", () -> greenhouse.<Void, Exception>call(() -> spans.mark("main")));
    }
    assertThat(spans.parents()).containsEntry("main", "program");
  }

  @OnEveryKind
  void whatAChildMakesCurrentIsNotSeenBySiblingsOrParent(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = traced(kind)) {
      greenhouse.run(
          () ->
              spans.inSpan(
                  "order",
                  () -> {
                    var inside = new CountDownLatch(1);
                    var seen = new CountDownLatch(2);
                    try (var nursery = Nursery.open()) {
                      nursery.fork(
                          () ->
                              spans.inSpan(
                                  "child",
                                  () -> {
                                    inside.countDown();
                                    seen.await();
                                    return null;
                                  }));
                      nursery.fork(
                          () -> {
                            inside.await();
                            spans.mark("sibling");
                            seen.countDown();
                          });
                      inside.await();
                      spans.mark("parent");
                      nursery.fork(() -> spans.mark("later"));
                      seen.countDown();
                    }
                    return null;
                  }));
    }
    assertThat(spans.parents())
        .contains(
            Map.entry("sibling", "order"),
            Map.entry("parent", "order"),
            Map.entry("later", "order"));
  }

  @OnEveryKind
  void cancellationLeavesTheContextAsItWas(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = traced(kind)) {
      greenhouse.run(
          () ->
              spans.inSpan(
                  "order",
                  () -> {
                    var inside = new CountDownLatch(1);
                    try (var nursery = Nursery.open()) {
                      nursery.fork(() -> spans.inSpan("child", () -> cutOff(inside)));
                      inside.await();
                      nursery.cancel("closed");
                    }
                    CancelScope.run(
                        scope -> {
                          scope.cancel("closed");
                          spans.inSpan("scope", () -> cutOff(inside));
                        });
                    return spans.mark("after");
                  }));
    }
    assertThat(spans.parents())
        .contains(
            Map.entry("child", "order"), Map.entry("scope", "order"), Map.entry("after", "order"));
  }

  private Void cutOff(CountDownLatch inside) throws Exception {
    Span mine = Span.current();
    inside.countDown();
    try {
      Task.sleepForever();
    } catch (Cancelled e) {
      assertThat(Span.current()).isSameAs(mine);
      throw e;
    }
    return null;
  }

  // ---- portals

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("dev.greenhouse.tests.interop.PeerTest#peersOnKinds")
  void itIsStillThereWhenAPeerHasAnswered(Peers which, Kind kind) throws Throwable {
    try (Peer peer = which.open();
        OpenGreenhouse greenhouse = traced(kind)) {
      greenhouse.run(
          () ->
              withPortalRunTree(
                  () -> {
                    var operation = new Operation();
                    try (var nursery = Nursery.open()) {
                      Task<Void> request =
                          nursery.fork(
                              () -> spans.inSpan("request", () -> answered(peer, operation)));
                      operation.awaitAwaited(request);
                      operation.succeed("ripe");
                    }
                  }));
    }
    assertThat(spans.parents()).containsEntry("answered", "request");
  }

  private Void answered(Peer peer, Operation operation) throws Exception {
    assertThat(peer.await(operation)).isEqualTo("ripe");
    return spans.mark("answered");
  }

  @OnEveryKind
  void whoCompletesAStageDoesNotHandItsContextOn(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = traced(kind)) {
      greenhouse.run(
          () ->
              withPortalRunTree(
                  () -> {
                    var answer = new CompletableFuture<String>();
                    try (var nursery = Nursery.open()) {
                      Task<Void> request =
                          nursery.fork(
                              () ->
                                  spans.inSpan(
                                      "request",
                                      () -> {
                                        Portal.await(answer);
                                        return spans.mark("answered");
                                      }));
                      outside(() -> spans.inSpan("server", () -> answer.complete("ripe")));
                      request.join();
                    }
                  }));
    }
    assertThat(spans.parents())
        .contains(Map.entry("request", "none"), Map.entry("answered", "request"));
  }

  @OnEveryKind
  void callsThroughAThreadPortalAreBelowTheirCaller(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = traced(kind)) {
      greenhouse.run(
          () ->
              spans.inSpan(
                  "opener",
                  () -> {
                    try (var portal = ThreadPortal.open()) {
                      outside(() -> spans.inSpan("caller", () -> called(portal)));
                      outside(() -> portal.<Void, Exception>call(() -> spans.mark("of nobody")));
                    }
                    return null;
                  }));
    }
    assertThat(spans.parents())
        .contains(
            Map.entry("called", "caller"),
            Map.entry("forked", "caller"),
            Map.entry("submitted", "caller"),
            Map.entry("started", "caller"),
            Map.entry("caller again", "caller"),
            Map.entry("of nobody", "none"));
  }

  private Void called(ThreadPortal portal) throws Exception {
    portal.run(
        () -> {
          spans.mark("called");
          inNursery("forked");
        });
    portal.submit(() -> spans.mark("submitted")).join();
    var started =
        portal.<Void, Exception>start(
            status -> {
              spans.mark("started");
              status.started(null);
            });
    started.future().join();
    return spans.mark("caller again");
  }
}
