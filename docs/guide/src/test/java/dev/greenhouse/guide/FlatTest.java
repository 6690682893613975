package dev.greenhouse.guide;

import static dev.greenhouse.portal.Portal.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.portal.Ambient;
import dev.greenhouse.portal.NoPortalException;
import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.portal.flat.FlatTask;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// The blocks of `docs/guide/portals.md` on event loops.
@Timeout(30)
@EnabledIfSystemProperty(named = "greenhouse.test.flag", matches = "true")
class FlatTest {
  interface Client {
    CompletionStage<String> fetch(int id);
  }

  private final Client client = id -> CompletableFuture.supplyAsync(() -> "page " + id);
  private final Queue<String> seen = new ConcurrentLinkedQueue<>();

  private String fetched(int id) {
    return await(client.fetch(id));
  }

  private String shown(String text) {
    seen.add(text);
    return text;
  }

  private String onALoopOfItsOwn() throws Exception {
    // region flat
    try (var flat = FlatExecutor.open()) { // or FlatExecutor.on(eventLoop)
      FlatTask<String> text = flat.withPortalRunSync(() -> "got " + fetched(7));
      return text.thenApply(this::shown).get(); // shown on the loop
    }
    // endregion
  }

  @Test
  void aFlatTaskAwaitsOnItsLoop() throws Exception {
    assertThat(onALoopOfItsOwn()).isEqualTo("got page 7");
    assertThat(seen).containsExactly("got page 7");
  }

  @Test
  void onlyStepsWithAPortalAwait() throws Exception {
    try (var flat = FlatExecutor.open()) {
      // region flat-direct
      FlatTask<String> direct =
          flat.spawn(
              () -> {
                assertThatThrownBy(() -> fetched(7)).isInstanceOf(NoPortalException.class);
                FlatTask<?> me = FlatTask.current();
                me.ensurePortal(); // for the later steps
                return client.fetch(7).thenApplyAsync(text -> text + ", " + fetched(8), me);
              });
      // endregion
      assertThat(direct.get()).isEqualTo("page 7, page 8");
    }
  }

  @Test
  void stepsDontRunOnTheLoopsThreadAndInheritNothing() throws Exception {
    try (var flat = FlatExecutor.open("loop")) {
      FlatTask<Boolean> inside =
          flat.withPortalRunSync(
              () -> {
                assertThat(Ambient.current()).isEqualTo(Ambient.FLAT_TASK);
                assertThat(Thread.currentThread().isVirtual()).isTrue();
                return await(
                    flat.spawn(() -> CompletableFuture.completedFuture(isOnPlainThread())));
              });
      assertThat(inside.get()).isTrue();
      assertThatThrownBy(() -> flat.withPortalRunTree(() -> client.fetch(1)))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("withPortalRunSync");
    }
    assertThat(Ambient.current()).isEqualTo(Ambient.NEITHER);
  }

  private static boolean isOnPlainThread() {
    return !Thread.currentThread().isVirtual();
  }
}
