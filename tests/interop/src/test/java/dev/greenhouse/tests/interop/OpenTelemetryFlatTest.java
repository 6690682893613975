package dev.greenhouse.tests.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.portal.Portal;
import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import dev.greenhouse.tests.NeedsFlag;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Flat tasks have no hooks: a step brings OpenTelemetry's context along, for itself alone.
@ExtendWith(NoThreadsLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OpenTelemetryFlatTest {
  private final Spans spans = new Spans();

  @AfterEach
  void everyScopeIsClosed() throws Exception {
    spans.endWithAllScopesClosed();
  }

  private static <T> T result(FlatTask<T> task) throws Exception {
    return task.get(20, TimeUnit.SECONDS);
  }

  @NeedsFlag
  @Test
  void flatStepsHaveNoContextButWhatTheyAreWrappedIn() throws Exception {
    try (var flat = FlatExecutor.open()) {
      spans.inSpan(
          "order",
          () -> {
            result(flat.withPortalRunSync(() -> spans.mark("bare")));
            var answer = new CompletableFuture<String>();
            FlatTask<Void> wrapped =
                flat.withPortalRunSync(
                    Context.current()
                        .wrap(
                            () -> {
                              Portal.await(answer);
                              return spans.mark("wrapped");
                            }));
            answer.complete("ripe");
            return result(wrapped);
          });
    }
    assertThat(spans.parents()).contains(Map.entry("bare", "none"), Map.entry("wrapped", "order"));
  }

  @NeedsFlag
  @Test
  void flatContextEndsWithItsStep() throws Exception {
    try (var flat = FlatExecutor.open()) {
      spans.inSpan(
          "order",
          () -> {
            Context order = Context.current();
            FlatTask<Void> task =
                flat.withPortalRun(
                    () -> {
                      var done = new CompletableFuture<Void>();
                      try (Scope _ = order.makeCurrent()) {
                        spans.mark("first step");
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
    assertThat(spans.parents())
        .contains(
            Map.entry("first step", "order"),
            Map.entry("bare step", "none"),
            Map.entry("wrapped step", "order"));
  }

  private void unchecked(String name) {
    assertThat(catchThrowable(() -> spans.mark(name))).isNull();
  }

  @Test
  void aDirectStepClosesItsScopeBeforeTheLoopGoesOn() throws Exception {
    try (var flat = FlatExecutor.open()) {
      spans.inSpan(
          "order",
          () -> {
            Context order = Context.current();
            result(
                flat.spawn(
                    () -> {
                      try (Scope _ = order.makeCurrent()) {
                        spans.mark("step");
                        return CompletableFuture.completedFuture("ripe")
                            .thenApply(order.wrapFunction(value -> value));
                      }
                    }));
            return result(
                flat.spawn(
                    () -> {
                      spans.mark("next step");
                      return CompletableFuture.completedFuture(null);
                    }));
          });
    }
    assertThat(spans.parents())
        .contains(Map.entry("step", "order"), Map.entry("next step", "none"));
  }
}
