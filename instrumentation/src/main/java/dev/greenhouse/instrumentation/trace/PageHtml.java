package dev.greenhouse.instrumentation.trace;

import dev.greenhouse.instrumentation.stock.Json;
import dev.greenhouse.instrumentation.trace.Told.Mark;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// A picture as one HTML page: a template, into which style and script are put, and after it the
/// data as JSON, a task a line. Times in it are nanoseconds from the beginning of the picture.
final class PageHtml implements Output.Document {
  private final Picture picture;

  PageHtml(Picture picture) {
    this.picture = picture;
  }

  private static String template() {
    return resource("timeline.html")
        .stripTrailing()
        .replace("{style}", resource("timeline.css"))
        .replace("{script}", resource("timeline-model.js") + resource("timeline-page.js"));
  }

  private static String resource(String name) {
    try (InputStream in = PageHtml.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new AssertionError("The resource " + name + " is not beside the class files.");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String head() {
    var head = new StringBuilder(template());
    head.append("\n<script type=\"application/json\" id=\"data\">\n{\"greenhouses\":[");
    for (int i = 0; i < picture.greenhouses().size(); i++) {
      head.append(i == 0 ? "" : ",");
      Json.appendQuoted(head, picture.greenhouses().get(i));
    }
    head.append("],\"span\":").append(picture.end() - picture.begin());
    head.append(",\"lost\":").append(picture.lost());
    head.append(",\"completeFrom\":");
    head.append(picture.isIncomplete() ? since(picture.completeFrom()) : 0);
    head.append(",\"pauses\":[");
    for (int i = 0; i < picture.pauses().size(); i++) {
      Picture.Pause pause = picture.pauses().get(i);
      head.append(i == 0 ? "[" : ",[").append(since(pause.begin())).append(',');
      head.append(since(pause.end())).append(']');
    }
    return head.append("],\"tasks\":[\n").toString();
  }

  @Override
  public void putRecords(Output out) throws IOException {
    for (Row row : picture.rows()) {
      out.put(task(row));
    }
  }

  private String task(Row row) {
    var json = new StringBuilder("{\"id\":").append(row.task);
    json.append(",\"parent\":").append(row.parent);
    json.append(",\"name\":");
    Json.appendQuoted(json, row.label());
    json.append(",\"nursery\":");
    Json.appendQuoted(json, row.nursery());
    json.append(",\"greenhouse\":").append(picture.greenhouses().indexOf(row.greenhouse()));
    json.append(",\"begin\":").append(since(row.begin()));
    json.append(",\"end\":").append(since(row.end()));
    json.append(",\"outcome\":\"").append(row.ending().name().toLowerCase(Locale.ROOT));
    json.append("\",\"spans\":[");
    int start = json.length();
    row.forEachSpan(
        (kind, begin, end) ->
            json.append(json.length() == start ? "" : ",")
                .append(kind)
                .append(',')
                .append(since(begin))
                .append(',')
                .append(end - begin));
    json.append("],\"marks\":[");
    for (int i = 0; i < row.marks().size(); i++) {
      Mark mark = row.marks().get(i);
      json.append(i == 0 ? "[\"" : ",[\"").append(mark.kind().name().toLowerCase(Locale.ROOT));
      json.append("\",").append(since(mark.time())).append(',');
      Json.appendQuoted(json, mark.text());
      json.append(']');
    }
    return json.append("]}").toString();
  }

  @Override
  public String tail(String note, boolean empty) {
    return "\n],\"note\":" + Json.quoted(note) + "}\n</script>\n</body>\n</html>\n";
  }

  private long since(long time) {
    return Math.max(0, time - picture.begin());
  }
}
