package dev.greenhouse.guide;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.ensurePortal;
import static dev.greenhouse.portal.Portal.hasPortal;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static dev.greenhouse.portal.Portal.withPortalRunTree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.portal.NoPortalException;
import dev.greenhouse.portal.ThreadPortal;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The blocks of `docs/guide/portals.md`, on plain threads: they need no flag.
@Timeout(30)
class PortalsTest {
  interface Client {
    CompletionStage<String> fetch(int id);
  }

  interface Report {
    void render(int id);
  }

  private final Queue<CompletableFuture<String>> asked = new ConcurrentLinkedQueue<>();
  private final Queue<String> rendered = new ConcurrentLinkedQueue<>();

  /// Answers when all three have been asked: so they are awaited at the same time.
  private final Client client =
      id -> {
        var answer = new CompletableFuture<String>();
        asked.add(answer);
        if (asked.size() == 3) {
          asked.forEach(a -> a.complete("numbers"));
        }
        return answer;
      };

  private final Report legacyReport = id -> rendered.add(id + ": " + fetched(id));

  // region portal-await
  String fetched(int id) {
    return await(client.fetch(id)); // a CompletionStage<String>
  }

  // endregion

  @SuppressWarnings("try") // the thread is a task as long as the nursery is open
  private void renderAll(List<Integer> ids) {
    // region portal-tree
    try (var nursery = Nursery.open()) { // no flag needed
      withPortalRunTree(
          () ->
              Nursery.run(
                  reports -> {
                    for (var id : ids) {
                      reports.fork(() -> legacyReport.render(id)); // synchronous code; it awaits
                    }
                  }));
    }
    // endregion
  }

  @AfterEach
  void threadIsNoTaskAnyMore() {
    assertThat(Task.currentIfAny()).isEmpty();
  }

  @Test
  void everyTaskOfTheTreeAwaits() {
    renderAll(List.of(1, 2, 3));
    assertThat(rendered).containsExactlyInAnyOrder("1: numbers", "2: numbers", "3: numbers");
  }

  @Test
  void withoutAPortalNobodyAwaits() {
    try (var nursery = Nursery.open()) {
      Task<Boolean> task =
          nursery.fork(
              () -> {
                assertThatThrownBy(() -> await(CompletableFuture.completedFuture("done")))
                    .isInstanceOf(NoPortalException.class);
                ensurePortal();
                return hasPortal();
              });
      assertThat(task.join()).isTrue();
    }
  }

  @Test
  @SuppressWarnings("try") // the thread is a task as long as the nursery is open
  void portalOfACall() {
    asked.add(new CompletableFuture<>());
    asked.add(new CompletableFuture<>());
    try (var nursery = Nursery.open()) {
      // region portal-run
      String text = withPortalRun(() -> fetched(7));
      // endregion
      assertThat(text).isEqualTo("numbers");
      assertThat(hasPortal()).isFalse();
    }
  }

  /// Serves three requests, each on a thread of its own.
  static final class Server {
    private IntFunction<String> handler = id -> "nobody";
    private final Queue<String> answers = new ConcurrentLinkedQueue<>();

    void onRequest(IntFunction<String> handler) {
      this.handler = handler;
    }

    void serve() throws InterruptedException {
      var threads = new ArrayList<Thread>();
      for (int id = 0; id < 3; id++) {
        int n = id;
        threads.add(Thread.ofPlatform().start(() -> answers.add(handler.apply(n))));
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  @Test
  @SuppressWarnings("try") // the thread is a task as long as the nursery is open
  void threadsCallIntoANursery() throws Exception {
    var server = new Server();
    try (var nursery = Nursery.open()) {
      // region thread-portal
      try (var portal = ThreadPortal.open()) { // in a task; the calls are tasks under it
        server.onRequest(id -> portal.call(() -> fetched(id))); // on threads of the server
        server.serve();
      }
      // endregion
    }
    assertThat(server.answers).containsExactly("numbers", "numbers", "numbers");
  }
}
