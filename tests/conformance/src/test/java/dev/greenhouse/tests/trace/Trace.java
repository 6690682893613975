package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.greenhouse.instrumentation.trace.Timeline;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;

/// A trace that was parsed and keeps the rules of the Trace Event Format: those of its description,
/// and that times rise within a thread and spans nest.
record Trace(JsonNode root) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final Set<String> PHASES = Set.of("B", "E", "X", "i", "M");

  /// What is recorded now.
  static Trace of(Timeline timeline) throws IOException {
    var bytes = new ByteArrayOutputStream();
    timeline.writeJson(bytes);
    return parse(bytes.toString(StandardCharsets.UTF_8));
  }

  static Trace parse(String json) throws IOException {
    var trace = new Trace(MAPPER.readTree(json));
    trace.check();
    return trace;
  }

  static JsonNode json(String json) throws IOException {
    return MAPPER.readTree(json);
  }

  List<JsonNode> events() {
    return StreamSupport.stream(root.get("traceEvents").spliterator(), false).toList();
  }

  List<JsonNode> events(String phase, String name) {
    return events().stream().filter(e -> is(e, phase, name)).toList();
  }

  private static boolean is(JsonNode event, String phase, String name) {
    return event.get("ph").asText().equals(phase) && event.path("name").asText().equals(name);
  }

  /// {@return the only task with this name}
  JsonNode task(String name) {
    List<JsonNode> found = events("B", name);
    assertThat(found).as("tasks '" + name + "' in " + labels()).hasSize(1);
    return found.getFirst();
  }

  List<String> labels() {
    return events().stream()
        .filter(e -> e.get("ph").asText().equals("B"))
        .map(e -> e.get("name").asText())
        .toList();
  }

  String outcome(String task) {
    return task(task).get("args").get("outcome").asText();
  }

  /// {@return the spans or marks of a task with this name}
  List<JsonNode> of(String task, String phase, String name) {
    long thread = task(task).get("tid").asLong();
    return events(phase, name).stream().filter(e -> e.get("tid").asLong() == thread).toList();
  }

  private void check() {
    assertThat(root.isObject()).isTrue();
    assertThat(root.get("traceEvents").isArray()).isTrue();
    assertThat(root.get("displayTimeUnit").asText()).isIn("ms", "ns");
    Map<String, List<JsonNode>> threads = new HashMap<>();
    for (JsonNode event : events()) {
      checkFields(event);
      if (!event.get("ph").asText().equals("M")) {
        threads
            .computeIfAbsent(event.get("pid") + "/" + event.get("tid"), _ -> new ArrayList<>())
            .add(event);
      }
    }
    threads.values().forEach(Trace::checkThread);
  }

  private static void checkFields(JsonNode event) {
    Supplier<String> shown = event::toString; // a string for each would take most of the time
    String phase = event.get("ph").asText();
    assertThat(PHASES).contains(phase);
    assertThat(event.get("pid").isIntegralNumber()).as(shown).isTrue();
    assertThat(event.get("tid").isIntegralNumber()).as(shown).isTrue();
    if (!phase.equals("E")) {
      assertThat(event.get("name").isTextual()).as(shown).isTrue();
    }
    if (phase.equals("M")) {
      String value =
          switch (event.get("name").asText()) {
            case "process_name", "thread_name" -> "name";
            case "thread_sort_index" -> "sort_index";
            default -> throw new AssertionError("unknown metadata: " + event);
          };
      assertThat(event.get("args").get(value)).as(shown).isNotNull();
      return;
    }
    assertThat(event.get("ts").decimalValue()).as(shown).isNotNegative();
    if (phase.equals("X")) {
      assertThat(event.get("dur").decimalValue()).as(shown).isNotNegative();
    }
    if (phase.equals("i")) {
      assertThat(event.get("s").asText()).as(shown).isIn("g", "p", "t");
    }
  }

  /// In the order of the file.
  private static void checkThread(List<JsonNode> events) {
    var before = BigDecimal.ZERO;
    var spanEnd = BigDecimal.ZERO;
    Deque<JsonNode> open = new ArrayDeque<>();
    for (JsonNode event : events) {
      BigDecimal time = event.get("ts").decimalValue();
      assertThat(time).as(event::toString).isGreaterThanOrEqualTo(before);
      before = time;
      switch (event.get("ph").asText()) {
        case "B" -> open.push(event);
        case "E" -> {
          assertThat(open).as(() -> "begun before " + event).isNotEmpty();
          open.pop();
          assertThat(time).as(event::toString).isGreaterThanOrEqualTo(spanEnd);
        }
        case "X" -> {
          assertThat(open).as(() -> "around " + event).isNotEmpty();
          assertThat(time).as(() -> "overlaps: " + event).isGreaterThanOrEqualTo(spanEnd);
          spanEnd = time.add(event.get("dur").decimalValue());
        }
        default -> {}
      }
    }
    assertThat(open).as("without an end").isEmpty();
  }
}
