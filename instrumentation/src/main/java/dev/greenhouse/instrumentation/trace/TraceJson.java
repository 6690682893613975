package dev.greenhouse.instrumentation.trace;

import dev.greenhouse.instrumentation.stock.Json;
import dev.greenhouse.instrumentation.trace.Told.Mark;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A picture in the Trace Event Format: an object with a list of events. A greenhouse is a process
/// and a task a thread. A task's life is a pair of events, `B` and `E`; its steps and waits are
/// complete events (`X`) inside; cancellations and failures are instants (`i`). The events of a
/// thread are in the order of their times, which are microseconds from the beginning of the
/// picture. Instants of all threads say where recording was stopped and started again.
final class TraceJson implements Output.Document {
  private final Picture picture;

  TraceJson(Picture picture) {
    this.picture = picture;
  }

  @Override
  public String head() {
    return "{\"traceEvents\":[\n";
  }

  @Override
  public void putRecords(Output out) throws IOException {
    for (int i = 0; i < picture.greenhouses().size(); i++) {
      String name = picture.greenhouses().get(i);
      String shown = name.isEmpty() ? "tasks whose names were lost" : "greenhouse " + name;
      out.put(metadata("process_name", i + 1, 0).name(shown));
    }
    for (Note note : notes()) {
      out.put(event("i", 1, 0).at(since(note.time)).named(note.text).text("s", "g").end());
    }
    for (int i = 0; i < picture.rows().size(); i++) {
      putRow(out, picture.rows().get(i), i);
    }
  }

  /// What is to be said of all tasks at a moment.
  private record Note(long time, String text) {}

  private List<Note> notes() {
    var notes = new ArrayList<Note>();
    if (picture.isIncomplete()) {
      String text = "%d events are lost: before this, some are missing".formatted(picture.lost());
      notes.add(new Note(picture.completeFrom(), text));
    }
    for (Picture.Pause pause : picture.pauses()) {
      notes.add(new Note(pause.begin(), "recording was stopped: nothing is known of what follows"));
      notes.add(new Note(pause.end(), "recording was started again"));
    }
    notes.sort(Comparator.comparingLong(Note::time));
    return notes;
  }

  private void putRow(Output out, Row row, int place) throws IOException {
    int process = 1 + picture.greenhouses().indexOf(row.greenhouse());
    out.put(metadata("thread_name", process, row.task).name(row.label()));
    out.put(metadata("thread_sort_index", process, row.task).sortIndex(place));
    out.put(life(row, process));
    // Their times rise each for itself: merged, they do together.
    var marks = new ArrayList<>(row.marks());
    for (Span span : spans(row)) {
      while (!marks.isEmpty() && marks.getFirst().time() < span.begin) {
        out.put(mark(marks.removeFirst(), process));
      }
      out.put(
          event("X", process, row.task)
              .at(since(span.begin))
              .lasting(span.end - span.begin)
              .named(span.name())
              .text("cat", span.name())
              .end());
    }
    for (Mark mark : marks) {
      out.put(mark(mark, process));
    }
    out.put(event("E", process, row.task).at(since(row.end())).end());
  }

  private record Span(int kind, long begin, long end) {
    String name() {
      return switch (kind) {
        case Row.STEP -> "step";
        case Row.WAIT -> "wait";
        default -> "ready";
      };
    }
  }

  private static List<Span> spans(Row row) {
    var spans = new ArrayList<Span>();
    row.forEachSpan((kind, begin, end) -> spans.add(new Span(kind, begin, end)));
    spans.sort(Comparator.comparingLong(Span::begin));
    return spans;
  }

  private String life(Row row, int process) {
    Row parent = row.parent < 0 ? null : picture.rows().get(row.parent);
    var event =
        event("B", process, row.task)
            .at(since(row.begin()))
            .named(row.label())
            .text("cat", "task")
            .args("outcome", outcome(row.ending()));
    if (!row.nursery().isEmpty()) {
      event.arg("nursery", row.nursery());
    }
    if (parent != null) {
      event.arg("parent", parent.label()).arg("parent id", Long.toString(parent.task));
    }
    return event.endArgs().end();
  }

  private static String outcome(Row.Ending ending) {
    return switch (ending) {
      case LIVING -> "still running";
      case SUCCEEDED -> "succeeded";
      case FAILED -> "failed";
      case CANCELLED -> "was cancelled";
      case UNKNOWN -> "unknown: its end was not recorded";
    };
  }

  private String mark(Mark mark, int process) {
    String name =
        switch (mark.kind()) {
          case CANCEL_REQUESTED -> "cancel";
          case CANCEL_DELIVERED -> "cancelled here";
          case FAILED -> "failed";
          case WAS_CANCELLED -> "was cancelled";
        };
    return event("i", process, mark.task())
        .at(since(mark.time()))
        .named(name)
        .text("cat", mark.kind() == Mark.Kind.FAILED ? "failure" : "cancel")
        .text("s", "t")
        .args("why", mark.text())
        .endArgs()
        .end();
  }

  @Override
  public String tail(String note, boolean empty) {
    var tail = new StringBuilder();
    if (!note.isEmpty()) {
      String last = event("i", 1, 0).at(since(picture.end())).named(note).text("s", "g").end();
      tail.append(empty ? "" : ",\n").append(last);
    }
    tail.append(
        "\n],\"displayTimeUnit\":\"ns\",\"otherData\":{\"recorder\":\"Greenhouse timeline\"");
    tail.append(",\"lost events\":\"").append(picture.lost()).append('"');
    if (!note.isEmpty()) {
      tail.append(",\"note\":").append(Json.quoted(note));
    }
    return tail.append("}}\n").toString();
  }

  private long since(long time) {
    return Math.max(0, time - picture.begin());
  }

  private static Line metadata(String name, int process, long thread) {
    return event("M", process, thread).text("name", name);
  }

  private static Line event(String phase, int process, long thread) {
    return new Line(phase, process, thread);
  }

  /// One event, as it is put together.
  private static final class Line {
    private final StringBuilder json = new StringBuilder(96);

    Line(String phase, int process, long thread) {
      json.append("{\"ph\":\"").append(phase);
      json.append("\",\"pid\":").append(process).append(",\"tid\":").append(thread);
    }

    Line at(long nanos) {
      Json.appendMicros(json.append(",\"ts\":"), nanos);
      return this;
    }

    Line lasting(long nanos) {
      Json.appendMicros(json.append(",\"dur\":"), nanos);
      return this;
    }

    Line named(String name) {
      return text("name", name);
    }

    Line text(String key, @Nullable String value) {
      json.append(",\"").append(key).append("\":");
      Json.appendQuoted(json, value == null ? "" : value);
      return this;
    }

    /// The first argument of several.
    Line args(String key, String value) {
      json.append(",\"args\":{\"").append(key).append("\":");
      Json.appendQuoted(json, value);
      return this;
    }

    Line arg(String key, String value) {
      return text(key, value);
    }

    Line endArgs() {
      json.append('}');
      return this;
    }

    /// What the metadata `process_name` and `thread_name` say.
    String name(String name) {
      return args("name", name).endArgs().end();
    }

    /// What the metadata `thread_sort_index` says.
    String sortIndex(int index) {
      json.append(",\"args\":{\"sort_index\":").append(index).append('}');
      return end();
    }

    String end() {
      return json.append('}').toString();
    }
  }
}
