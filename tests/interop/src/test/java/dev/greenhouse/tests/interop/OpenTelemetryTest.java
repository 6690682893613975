package dev.greenhouse.tests.interop;

import static dev.greenhouse.portal.Portal.withPortalRunTree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.context.InheritedContext;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.portal.Portal;
import dev.greenhouse.portal.ThreadPortal;
import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextStorage;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// OpenTelemetry's context lives in thread-locals: it comes to forked tasks, and is still there
/// after an await.
@ExtendWith({NoThreadsLeft.class, NothingLeft.class})
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OpenTelemetryTest {
  private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
  private final SdkTracerProvider provider =
      SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(exporter)).build();
  private final Tracer tracer = provider.get("garden");

  /// All that it needs.
  private static OpenGreenhouse traced(Kind kind) {
    return kind.build(InheritedContext.of(Context::current, Context::makeCurrent));
  }

  private <T> T inSpan(String name, Callable<T> body) throws Exception {
    Span span = tracer.spanBuilder(name).startSpan();
    try (Scope _ = span.makeCurrent()) {
      return body.call();
    } finally {
      span.end();
    }
  }

  /// A span of its own, seen later by its name.
  private Void mark(String name) throws Exception {
    return inSpan(name, () -> null);
  }

  /// {@return for each span that has ended the name of the one above it; "none" if there is none}
  private Map<String, String> parents() {
    List<SpanData> spans = exporter.getFinishedSpanItems();
    Map<String, String> names =
        spans.stream().collect(Collectors.toMap(SpanData::getSpanId, SpanData::getName));
    return spans.stream()
        .collect(
            Collectors.toMap(
                SpanData::getName, span -> names.getOrDefault(span.getParentSpanId(), "none")));
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
    provider.close();
    // Throws if somebody left one open. Which thread has closed it was looked at before.
    ((AutoCloseable) ContextStorage.get()).close();
  }

  // ---- tasks

  @OnEveryKind
  void spansOfTasksAreBelowThatOfWhoForkedThem(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = traced(kind)) {
      greenhouse.run(
          () ->
              inSpan(
                  "order",
                  () -> {
                    try (var nursery = Nursery.open()) {
                      nursery.fork(() -> inSpan("pick", () -> inNursery("cut")));
                      nursery.start(
                          status -> {
                            mark("pack");
                            status.started(null);
                            Task.checkpoint();
                            mark("send");
                          });
                    }
                    return mark("bill");
                  }));
    }
    assertThat(parents())
        .containsOnly(
            Map.entry("order", "none"),
            Map.entry("pick", "order"),
            Map.entry("cut", "pick"),
            Map.entry("pack", "order"),
            Map.entry("send", "order"),
            Map.entry("bill", "order"));
    assertThat(exporter.getFinishedSpanItems().stream().map(SpanData::getTraceId).distinct())
        .hasSize(1);
  }

  private Void inNursery(String name) {
    try (var nursery = Nursery.open()) {
      nursery.fork(() -> mark(name));
    }
    return null;
  }

  @OnEveryKind
  void mainTasksAreBelowWhatRunsTheGreenhouse(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = traced(kind)) {
      inSpan("program", () -> greenhouse.<Void, Exception>call(() -> mark("main")));
    }
    assertThat(parents()).containsEntry("main", "program");
  }

  @OnEveryKind
  void whatAChildMakesCurrentIsNotSeenBySiblingsOrParent(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = traced(kind)) {
      greenhouse.run(
          () ->
              inSpan(
                  "order",
                  () -> {
                    var inside = new CountDownLatch(1);
                    var seen = new CountDownLatch(2);
                    try (var nursery = Nursery.open()) {
                      nursery.fork(
                          () ->
                              inSpan(
                                  "child",
                                  () -> {
                                    inside.countDown();
                                    seen.await();
                                    return null;
                                  }));
                      nursery.fork(
                          () -> {
                            inside.await();
                            mark("sibling");
                            seen.countDown();
                          });
                      inside.await();
                      mark("parent");
                      nursery.fork(() -> mark("later"));
                      seen.countDown();
                    }
                    return null;
                  }));
    }
    assertThat(parents())
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
              inSpan(
                  "order",
                  () -> {
                    var inside = new CountDownLatch(1);
                    try (var nursery = Nursery.open()) {
                      nursery.fork(() -> inSpan("child", () -> cutOff(inside)));
                      inside.await();
                      nursery.cancel("closed");
                    }
                    CancelScope.run(
                        scope -> {
                          scope.cancel("closed");
                          inSpan("scope", () -> cutOff(inside));
                        });
                    return mark("after");
                  }));
    }
    assertThat(parents())
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
                          nursery.fork(() -> inSpan("request", () -> answered(peer, operation)));
                      operation.awaitAwaited(request);
                      operation.succeed("ripe");
                    }
                  }));
    }
    assertThat(parents()).containsEntry("answered", "request");
  }

  private Void answered(Peer peer, Operation operation) throws Exception {
    assertThat(peer.await(operation)).isEqualTo("ripe");
    return mark("answered");
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
                                  inSpan(
                                      "request",
                                      () -> {
                                        Portal.await(answer);
                                        return mark("answered");
                                      }));
                      outside(() -> inSpan("server", () -> answer.complete("ripe")));
                      request.join();
                    }
                  }));
    }
    assertThat(parents()).contains(Map.entry("request", "none"), Map.entry("answered", "request"));
  }

  @OnEveryKind
  void callsThroughAThreadPortalAreBelowTheirCaller(Kind kind) throws Exception {
    try (OpenGreenhouse greenhouse = traced(kind)) {
      greenhouse.run(
          () ->
              inSpan(
                  "opener",
                  () -> {
                    try (var portal = ThreadPortal.open()) {
                      outside(() -> inSpan("caller", () -> called(portal)));
                      outside(() -> portal.<Void, Exception>call(() -> mark("of nobody")));
                    }
                    return null;
                  }));
    }
    assertThat(parents())
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
          mark("called");
          inNursery("forked");
        });
    portal.submit(() -> mark("submitted")).join();
    var started =
        portal.<Void, Exception>start(
            status -> {
              mark("started");
              status.started(null);
            });
    started.future().join();
    return mark("caller again");
  }

  // ---- flat tasks: no hooks, so the step brings its context along

  private static <T> T result(FlatTask<T> task) throws Exception {
    return task.get(20, TimeUnit.SECONDS);
  }

  @NeedsFlag
  @Test
  void flatStepsHaveNoContextButWhatTheyAreWrappedIn() throws Exception {
    try (var flat = FlatExecutor.open()) {
      inSpan(
          "order",
          () -> {
            result(flat.withPortalRunSync(() -> mark("bare")));
            var answer = new CompletableFuture<String>();
            FlatTask<Void> wrapped =
                flat.withPortalRunSync(
                    Context.current()
                        .wrap(
                            () -> {
                              Portal.await(answer);
                              return mark("wrapped");
                            }));
            answer.complete("ripe");
            return result(wrapped);
          });
    }
    assertThat(parents()).contains(Map.entry("bare", "none"), Map.entry("wrapped", "order"));
  }

  @NeedsFlag
  @Test
  void flatContextEndsWithItsStep() throws Exception {
    try (var flat = FlatExecutor.open()) {
      inSpan(
          "order",
          () -> {
            Context order = Context.current();
            FlatTask<Void> task =
                flat.withPortalRun(
                    () -> {
                      var done = new CompletableFuture<Void>();
                      try (Scope _ = order.makeCurrent()) {
                        mark("first step");
                      }
                      FlatTask<?> me = FlatTask.current();
                      me.execute(() -> unchecked("bare step"));
                      me.execute(order.wrap(() -> unchecked("wrapped step")));
                      me.execute(() -> done.complete(null));
                      return done;
                    });
            return result(task);
          });
    }
    assertThat(parents())
        .contains(
            Map.entry("first step", "order"),
            Map.entry("bare step", "none"),
            Map.entry("wrapped step", "order"));
  }

  private void unchecked(String name) {
    assertThat(catchThrowable(() -> mark(name))).isNull();
  }

  @Test
  void aDirectStepClosesItsScopeBeforeTheLoopGoesOn() throws Exception {
    try (var flat = FlatExecutor.open()) {
      inSpan(
          "order",
          () -> {
            Context order = Context.current();
            result(
                flat.spawn(
                    () -> {
                      try (Scope _ = order.makeCurrent()) {
                        mark("step");
                        return CompletableFuture.completedFuture("ripe")
                            .thenApply(order.wrapFunction(value -> value));
                      }
                    }));
            return result(
                flat.spawn(
                    () -> {
                      mark("next step");
                      return CompletableFuture.completedFuture(null);
                    }));
          });
    }
    assertThat(parents()).contains(Map.entry("step", "order"), Map.entry("next step", "none"));
  }
}
