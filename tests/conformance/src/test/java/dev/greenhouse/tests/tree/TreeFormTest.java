package dev.greenhouse.tests.tree;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.greenhouse.instrumentation.tree.TaskAges;
import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.portal.Portal;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtendWith;

/// The forms of a task tree: text for people, JSON for programs.
@ExtendWith(NothingLeft.class)
class TreeFormTest {
  @OnEveryKind
  void textIsIndentedByNurseries(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var outer = Nursery.open("outer");
              var inner = Nursery.open("inner")) {
            outer.fork("one", () -> Task.sleepForever());
            outer.fork(
                "two",
                () ->
                    Nursery.run(
                        NurseryOptions.named("deep"),
                        n -> n.fork("three", () -> Task.sleepForever())));
            Here.saysDoing("three", "sleepForever");
            Here.saysDoing("two", "close of nursery 'deep'");
            Here.saysDoing("one", "sleepForever");
            Here.allOthersWait();
            String text = Here.tree().toText(100).replaceAll("\\d+ steps?", "N steps");
            assertThat(text.lines())
                .containsExactly(
                    "greenhouse '%s': 4 tasks, 3 waiting, 1 running"
                        .formatted(Task.current().greenhouse().name()),
                    "main: takes this snapshot · N steps",
                    "├─ nursery 'outer', 2 tasks",
                    "│  ├─ one: sleepForever · N steps",
                    "│  └─ two: close of nursery 'deep' · N steps",
                    "│     └─ nursery 'deep', 1 task",
                    "│        └─ three: sleepForever · N steps",
                    "└─ nursery 'inner', 0 tasks");
            assertThat(inner.children()).isEmpty();
            outer.cancel();
          }
        });
  }

  @OnEveryKind
  void linesFitTheWidth(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open("n".repeat(10_000))) {
            nursery.fork("x".repeat(10_000), () -> Task.sleepForever());
            nursery.fork("😀".repeat(5_000), () -> Task.sleepForever());
            Here.allOthersWait();
            for (int width : List.of(40, 41, 80, 160)) {
              assertThat(Here.tree().toText(width).lines())
                  .hasSize(5)
                  .allSatisfy(
                      line -> {
                        assertThat(line).hasSizeLessThanOrEqualTo(width);
                        assertThat(line.codePoints().anyMatch(TreeFormTest::isHalf)).isFalse();
                      });
            }
            assertThat(Here.tree().toText(-1)).isEqualTo(Here.tree().toText(40));
            nursery.cancel();
          }
        });
  }

  private static boolean isHalf(int c) {
    return Character.getType(c) == Character.SURROGATE;
  }

  @OnEveryKind
  void manyTasksAreSummedUpInTextAndListedInJson(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open("many")) {
            for (int i = 0; i < 500; i++) {
              nursery.fork("task " + i, () -> Task.sleepForever());
            }
            Here.allOthersWait();
            String text = Here.tree().toText(100);
            assertThat(text.lines())
                .hasSize(3 + 50 + 1)
                .last()
                .asString()
                .isEqualTo("   └─ … and 450 more");
            assertThat(text).contains("task 49:").doesNotContain("task 50:");
            assertThat(parsed(Here.tree()).get("tasks")).hasSize(501);
            nursery.cancel();
          }
        });
  }

  @OnEveryKind
  void ofManyTasksThoseThatAreCancelledAreShown(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var never = new CompletableFuture<String>();
          try (var nursery = Nursery.open("many")) {
            for (int i = 0; i < 100; i++) {
              nursery.fork("task " + i, () -> never.join());
            }
            Here.allOthersWait();
            nursery.children().get(70).cancel("seventy");
            nursery.children().get(80).cancel("eighty");
            assertThat(Here.tree().toText(200))
                .contains(
                    "task 0:", "task 47:", "task 70: cancelled (seventy)", "task 80: cancelled")
                .doesNotContain("task 48:")
                .endsWith("… and 50 more" + System.lineSeparator());
            never.complete("enough");
          }
        });
  }

  @OnEveryKind
  void aCancelledNurseryIsShown(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open("bed")) {
            nursery.cancel("frost");
            assertThat(Here.tree().toText(100))
                .contains("nursery 'bed', 0 tasks, cancelled (frost)");
            JsonNode main = parsed(Here.tree()).get("tasks").get(0);
            assertThat(main.get("nurseries").get(0).get("cancelled").asText()).isEqualTo("frost");
          }
        });
  }

  @OnEveryKind
  void jsonTellsAll(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build(TaskAges.create())) {
      Task<?> main =
          greenhouse.launch(
              () -> {
                Nursery.run(
                    NurseryOptions.named("bed \"<&>\"\n"),
                    nursery ->
                        nursery.fork(
                            "a \"quoted\" <b>name</b>\n\u2028😀\ud800",
                            () ->
                                CancelScope.moveOnAfter(
                                    Duration.ofHours(1), () -> Task.sleepForever())));
                return 0;
              });
      Eventually.run(
          () ->
              assertThat(TaskTree.of(greenhouse).toText(100))
                  .contains("sleepForever · deadline in"));
      Eventually.holds(
          "both wait", () -> TaskTree.of(greenhouse).toText(100).contains(": 2 tasks, 2 waiting"));
      JsonNode json = parsed(TaskTree.withStacks(greenhouse));
      assertThat(json.get("greenhouse").asText()).isEqualTo(greenhouse.name());
      assertThat(json.get("takenAt").asText()).matches("\\d{4}-.*Z");
      assertThat(json.get("tasks")).hasSize(2);
      JsonNode root = json.get("tasks").get(0);
      JsonNode child = json.get("tasks").get(1);
      assertThat(root.get("id").asLong()).isEqualTo(main.id());
      assertThat(root.has("parent")).isFalse();
      assertThat(root.get("doing").asText()).startsWith("close of nursery 'bed");
      assertThat(child.get("parent").asLong()).isEqualTo(main.id());
      assertThat(child.get("nursery").asInt()).isZero();
      assertThat(root.get("nurseries")).hasSize(1);
      assertThat(root.get("nurseries").get(0).get("name").asText()).isEqualTo("bed \"<&>\"\\n");
      assertThat(root.get("nurseries").get(0).get("tasks").asInt()).isOne();
      assertThat(child.get("name").asText())
          .isEqualTo("a \"quoted\" <b>name</b>\\n\\u2028😀\ufffd");
      assertThat(child.get("state").asText()).isEqualTo("WAITING");
      assertThat(child.get("steps").asLong()).isPositive();
      assertThat(child.get("ageNanos").asLong()).isPositive();
      assertThat(child.get("timeLeftNanos").asLong()).isBetween(1L, Duration.ofHours(1).toNanos());
      assertThat(child.get("marks")).isEmpty();
      assertThat(child.has("cancelled")).isFalse();
      assertThat(child.get("stack").toString()).contains("Task.sleepForever");
      main.cancel("seen");
    }
  }

  @OnEveryKind
  void jsonTellsWhyATaskIsCancelledAndHasItsMarks(Kind kind) {
    var release = new CompletableFuture<String>();
    var bed = new AtomicReference<Nursery>();
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> main =
          greenhouse.launch(
              () -> {
                Portal.withPortalRunTree(
                    () ->
                        Nursery.run(
                            NurseryOptions.named("bed"),
                            nursery -> {
                              nursery.fork("stubborn", () -> release.join());
                              bed.set(nursery);
                            }));
                return 0;
              });
      try {
        Eventually.holds("the tasks are there", () -> TaskTree.of(greenhouse).size() == 2);
        Eventually.holds("it waits", () -> TaskTree.of(greenhouse).toText(100).contains("join"));
        bed.get().cancel("it \"rains\"");
        JsonNode json = parsed(TaskTree.of(greenhouse));
        JsonNode child = json.get("tasks").get(1);
        assertThat(child.get("name").asText()).isEqualTo("stubborn");
        assertThat(child.get("cancelled").asText()).isEqualTo("it \"rains\"");
        assertThat(child.get("marks")).extracting(JsonNode::asText).containsExactly("portal tree");
        JsonNode nursery = json.get("tasks").get(0).get("nurseries").get(0);
        assertThat(nursery.get("cancelled").asText()).isEqualTo("it \"rains\"");
      } finally {
        release.complete("at last");
      }
      Eventually.holds("it ends", () -> main.outcome().isPresent());
    }
  }

  @OnEveryKind
  void stacksInTextShowThePartThatIsTheUsers(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build()) {
      Task<?> main = greenhouse.launch(() -> outer());
      Eventually.run(
          () -> {
            List<String> lines = TaskTree.withStacks(greenhouse).toText(200).lines().toList();
            assertThat(lines).hasSizeGreaterThan(4);
            assertThat(lines.get(2)).contains("at dev.greenhouse.nursery.Task.sleepForever");
            assertThat(lines.get(3)).contains("TreeFormTest.inner(");
            assertThat(lines.get(4)).contains("TreeFormTest.outer(");
            assertThat(lines.getLast()).contains("TreeFormTest");
          });
      main.cancel("seen");
    }
  }

  private static boolean outer() {
    return inner();
  }

  private static boolean inner() {
    Task.sleepForever();
    return true;
  }

  private static JsonNode parsed(TaskTree tree) {
    try {
      return new ObjectMapper().readTree(tree.toJson());
    } catch (java.io.IOException e) {
      throw new AssertionError(tree.toJson(), e);
    }
  }
}
