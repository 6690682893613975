package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.greenhouse.instrumentation.trace.Timeline;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The parts of an HTML page of a timeline, found as an HTML parser finds them: a script ends at
/// the first `</script`.
final class Page {
  private static final Pattern DATA =
      Pattern.compile(
          "<script type=\"application/json\" id=\"data\">(.*?)</script", Pattern.DOTALL);
  private static final Pattern SCRIPT = Pattern.compile("<script>(.*?)</script", Pattern.DOTALL);

  private Page() {}

  static String of(Timeline timeline) throws IOException {
    var bytes = new ByteArrayOutputStream();
    timeline.writeHtml(bytes);
    return bytes.toString(StandardCharsets.UTF_8);
  }

  static JsonNode data(String page) throws IOException {
    return Trace.json(only(DATA, page));
  }

  static String script(String page) {
    return only(SCRIPT, page);
  }

  private static String only(Pattern pattern, String page) {
    Matcher matcher = pattern.matcher(page);
    assertThat(matcher.find()).as(pattern.pattern()).isTrue();
    String found = matcher.group(1);
    assertThat(matcher.find()).as("a second " + pattern.pattern()).isFalse();
    return found;
  }
}
