package dev.greenhouse.examples.linkcheck;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.trace.Timeline;
import dev.greenhouse.instrumentation.trace.TimelineFile;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The pictures of the run that somebody asked for. Their files are opened before it begins, and
/// written when it is over. If that fails, the run has its result all the same.
final class Pictures implements AutoCloseable {
  private final Timeline timeline = Timeline.recording();
  private final List<TimelineFile> files = new ArrayList<>();

  private Pictures() {}

  static Pictures open(Options options) throws BadInput {
    var pictures = new Pictures();
    try {
      pictures.add(options.trace(), pictures.timeline::openJson);
      pictures.add(options.timeline(), pictures.timeline::openHtml);
      return pictures;
    } catch (IOException e) {
      pictures.close();
      throw new BadInput(String.valueOf(e.getMessage()));
    }
  }

  private interface Opener {
    TimelineFile open(Path file) throws IOException;
  }

  private void add(@Nullable Path file, Opener opener) throws IOException {
    if (file != null) {
      files.add(opener.open(file));
    }
  }

  /// {@return who has to watch the run}
  List<Instrument> instruments() {
    return files.isEmpty() ? List.of() : List.of(timeline);
  }

  void write(PrintStream err) {
    for (TimelineFile file : files) {
      try {
        file.write();
      } catch (IOException e) {
        err.println("linkcheck: " + e.getMessage());
      } catch (RuntimeException | Error e) { // out of memory, say
        err.println("linkcheck: The picture in '%s' can't be made: %s.".formatted(file.path(), e));
      }
    }
  }

  @Override
  public void close() {
    for (TimelineFile file : files) {
      try {
        file.close();
      } catch (IOException _) {
        // It is written, or it was said that it can't be.
      }
    }
  }
}
