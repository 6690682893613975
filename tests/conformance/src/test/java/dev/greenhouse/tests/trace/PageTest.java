package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;

/// The HTML page as it is written: one file, and its data.
@ExtendWith(NothingLeft.class)
class PageTest {
  private static String pageOf(Kind kind, Kind.Body body) throws Throwable {
    var timeline = Timeline.recording();
    try (OpenGreenhouse greenhouse = kind.build(timeline)) {
      greenhouse.run(body::run);
    }
    return Page.of(timeline);
  }

  @OnEveryKind
  void needsNoNetworkAndNoLibrary(Kind kind) throws Throwable {
    String page = pageOf(kind, () -> Task.checkpoint());
    assertThat(page)
        .startsWith("<!DOCTYPE html>\n<html lang=\"en\">")
        .contains("default-src 'none'") // and so the browser sees to it
        .contains("prefers-color-scheme: dark", "tabindex=\"0\"", "<noscript>")
        .doesNotContain("http://", "https://", " src=", "@import", "fetch(", "XMLHttp");
  }

  @OnEveryKind
  void dataHasTasksBelowTheirParentsWithSpansAndMarksInOrder(Kind kind) throws Throwable {
    String page =
        pageOf(
            kind,
            () ->
                Nursery.run(
                    NurseryOptions.named("beds"),
                    nursery -> {
                      nursery.fork("sleeper", () -> Task.sleepForever());
                      nursery.fork("walker", () -> Task.checkpoint()).join();
                      nursery.cancel("winter");
                    }));
    JsonNode data = Page.data(page);
    assertThat(data.get("note").asText()).isEmpty();
    assertThat(data.get("lost").asLong()).isZero();
    assertThat(data.get("greenhouses").get(0).asText()).startsWith("test-");
    var names = new ArrayList<String>();
    for (JsonNode task : data.get("tasks")) {
      assertThat(task.get("parent").asInt()).isLessThan(names.size()); // an earlier one
      names.add(task.get("name").asText());
      checkSpans(task, data.get("span").asLong());
    }
    assertThat(names).containsExactlyInAnyOrder("main", "sleeper", "walker").startsWith("main");
    JsonNode sleeper = data.get("tasks").get(names.indexOf("sleeper"));
    assertThat(sleeper.get("outcome").asText()).isEqualTo("cancelled");
    assertThat(sleeper.get("marks").toString()).contains("cancel_delivered", "winter");
    assertThat(sleeper.get("nursery").asText()).isEqualTo("beds");
    assertThat(data.get("tasks").get(names.indexOf("walker")).get("outcome").asText())
        .isEqualTo("succeeded");
  }

  private static void checkSpans(JsonNode task, long whole) {
    JsonNode spans = task.get("spans");
    assertThat(spans.size() % 3).isZero();
    long end = task.get("begin").asLong();
    for (int i = 0; i < spans.size(); i += 3) {
      assertThat(spans.get(i).asInt()).isBetween(0, 2);
      assertThat(spans.get(i + 1).asLong()).isGreaterThanOrEqualTo(end);
      end = spans.get(i + 1).asLong() + spans.get(i + 2).asLong();
    }
    assertThat(end).isLessThanOrEqualTo(task.get("end").asLong());
    assertThat(task.get("end").asLong()).isLessThanOrEqualTo(whole);
  }

  @OnEveryKind
  void anyNameStaysInsideOfTheData(Kind kind) throws Throwable {
    List<String> names = TimelineTest.NAMES;
    String page =
        pageOf(
            kind,
            () ->
                Nursery.run(
                    nursery -> names.forEach(n -> nursery.fork(n, () -> Task.checkpoint()))));
    assertThat(page).doesNotContain("<script>alert", "<b>", "<!--");
    var found = new ArrayList<String>();
    Page.data(page).get("tasks").forEach(t -> found.add(t.get("name").asText()));
    assertThat(found).containsAll(names.subList(0, 5)).hasSize(names.size() + 1);
  }
}
