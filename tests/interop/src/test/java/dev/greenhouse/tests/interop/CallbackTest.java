package dev.greenhouse.tests.interop;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.withPortalRunTree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jsoup.Jsoup;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Callbacks that await again and again, and in structures that others want meanwhile.
@ExtendWith({NoThreadsLeft.class, NothingLeft.class})
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CallbackTest {
  private static void inPortals(Kind kind, Kind.Body body) throws Throwable {
    kind.run(() -> withPortalRunTree(body::run));
  }

  /// Answers questions in pairs only: who asks is in the middle of a callback, and so is another.
  private static final class PairedOracle {
    private final Queue<CompletableFuture<Void>> asked = new ConcurrentLinkedQueue<>();
    private final AtomicInteger questions = new AtomicInteger();

    CompletableFuture<Void> ask() {
      var question = new CompletableFuture<Void>();
      asked.add(question);
      if (questions.incrementAndGet() % 2 == 0) {
        asked.remove().complete(null);
        asked.remove().complete(null);
      }
      return question;
    }
  }

  @OnEveryKind
  void twoSortsTakeTurnsInTheMiddleOfEachComparison(Kind kind) throws Throwable {
    List<Integer> shuffled = IntStream.range(0, 200).boxed().collect(Collectors.toList());
    Collections.shuffle(shuffled, new Random(20261122));
    inPortals(
        kind,
        () -> {
          var oracle = new PairedOracle();
          var sorts = new ArrayList<Task<List<Integer>>>();
          try (var nursery = Nursery.open()) {
            for (int i = 0; i < 2; i++) {
              sorts.add(nursery.fork(() -> sorted(shuffled, oracle)));
            }
          }
          for (var sort : sorts) {
            assertThat(sort.join()).isSorted().hasSize(200);
          }
          assertThat(oracle.questions.get()).isGreaterThan(800);
        });
  }

  private static List<Integer> sorted(List<Integer> numbers, PairedOracle oracle) {
    var copy = new ArrayList<>(numbers);
    Collections.sort(
        copy,
        (x, y) -> {
          await(oracle.ask());
          return x.compareTo(y);
        });
    return copy;
  }

  @OnEveryKind
  void twoPagesTakeTurnsAtEachNode(Kind kind) throws Throwable {
    String html =
        IntStream.range(0, 50).mapToObj("<p>%d</p>"::formatted).collect(Collectors.joining());
    inPortals(
        kind,
        () -> {
          var oracle = new PairedOracle();
          var pages = new ArrayList<Task<List<String>>>();
          try (var nursery = Nursery.open()) {
            for (int i = 0; i < 2; i++) {
              pages.add(nursery.fork(() -> paragraphs(html, oracle)));
            }
          }
          for (var page : pages) {
            assertThat(page.join())
                .containsExactlyElementsOf(
                    IntStream.range(0, 50).mapToObj(Integer::toString).toList());
          }
        });
  }

  private static List<String> paragraphs(String html, PairedOracle oracle) {
    var texts = new ArrayList<String>();
    Jsoup.parseBodyFragment(html)
        .forEachNode(
            node -> {
              await(oracle.ask());
              if (node.nameIs("p")) {
                texts.add(node.firstChild().outerHtml());
              }
            });
    return texts;
  }

  // ---- maps

  /// All keys are in one bin of a hash table, which computeIfAbsent locks.
  private record Key(String name) {
    @Override
    public int hashCode() {
      return 1;
    }
  }

  @OnEveryKind
  void whoeverWantsALockedBinWaitsAndOthersRun(Kind kind) throws Throwable {
    inPortals(
        kind,
        () -> {
          var map = new ConcurrentHashMap<>(Map.of(new Key("old"), "there"));
          var answer = new CompletableFuture<String>();
          var inside = new CountDownLatch(1);
          try (var nursery = Nursery.open()) {
            Task<String> first =
                nursery.fork(
                    () ->
                        map.computeIfAbsent(
                            new Key("first"),
                            key -> {
                              inside.countDown();
                              return await(answer);
                            }));
            inside.await();
            Task<String> second =
                nursery.fork(() -> map.computeIfAbsent(new Key("second"), Key::name));
            Eventually.holds("waits for the bin", () -> second.state() == TaskState.WAITING);
            assertThat(map.get(new Key("old"))).isEqualTo("there");
            assertThat(map.get(new Key("second"))).isNull();
            answer.complete("at last");
            assertThat(first.join()).isEqualTo("at last");
            assertThat(second.join()).isEqualTo("second");
          }
        });
  }

  @OnEveryKind
  void thousandTasksWantFewKeysOfOneBin(Kind kind) throws Throwable {
    inPortals(
        kind,
        () -> {
          var map = new ConcurrentHashMap<Key, String>();
          var computed = new AtomicInteger();
          var values = new ArrayList<Task<String>>();
          try (var nursery = Nursery.open()) {
            for (int i = 0; i < 1_000; i++) {
              var key = new Key("key " + i % 16);
              values.add(
                  nursery.fork(
                      () ->
                          map.computeIfAbsent(
                              key,
                              wanted -> {
                                computed.incrementAndGet();
                                return await(answeredByATask(nursery, wanted.name()));
                              })));
            }
          }
          for (int i = 0; i < 1_000; i++) {
            assertThat(values.get(i).join()).isEqualTo("key " + i % 16);
          }
          assertThat(computed).hasValue(16);
        });
  }

  private static CompletableFuture<String> answeredByATask(Nursery nursery, String answer) {
    return nursery
        .fork(
            () -> {
              Task.checkpoint();
              return answer;
            })
        .toCompletableFuture();
  }

  @OnEveryKind
  void failureAndCancellationLeaveNoEntry(Kind kind) throws Throwable {
    inPortals(
        kind,
        () -> {
          var map = new ConcurrentHashMap<String, String>();
          var failed = CompletableFuture.<String>failedFuture(new IOException("blight"));
          assertThatThrownBy(() -> map.computeIfAbsent("key", key -> await(failed)))
              .isInstanceOf(IOException.class);
          assertThat(
                  CancelScope.run(
                      scope -> {
                        try (var nursery = Nursery.open()) {
                          nursery.fork(() -> scope.cancel("enough"));
                          map.computeIfAbsent("key", key -> await(new CompletableFuture<>()));
                        }
                      }))
              .isFalse();
          assertThat(map).isEmpty();
          assertThat(map.computeIfAbsent("key", key -> await(completed("ripe")))).isEqualTo("ripe");
        });
  }

  private static CompletableFuture<String> completed(String value) {
    return CompletableFuture.completedFuture(value);
  }

  /// A HashMap has no lock, but it notices.
  @OnEveryKind
  void hashMapThatIsChangedMeanwhileSaysSo(Kind kind) throws Throwable {
    inPortals(
        kind,
        () -> {
          var map = new HashMap<String, String>();
          Operation operation = new Operation();
          Task<?> computing = Task.current();
          try (var nursery = Nursery.open()) {
            nursery.fork(
                () -> {
                  operation.awaitAwaited(computing);
                  map.put("other", "changed");
                  operation.succeed("late");
                });
            assertThat(
                    catchThrowable(() -> map.computeIfAbsent("key", key -> awaitPlain(operation))))
                .isInstanceOf(ConcurrentModificationException.class);
          }
          assertThat(map).containsOnlyKeys("other");
        });
  }

  private static String awaitPlain(Operation operation) {
    return await(() -> CallbackPeer.begin(operation));
  }
}
