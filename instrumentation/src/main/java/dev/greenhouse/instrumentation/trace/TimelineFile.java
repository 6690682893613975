package dev.greenhouse.instrumentation.trace;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Supplier;

/// A file that was opened for a picture of a timeline before there was anything to draw.
///
/// Any thread may use it, one at a time.
public final class TimelineFile implements Closeable {
  private final Path path;
  private final FileChannel channel;

  /// Not so are pipes and devices: what is written there is gone.
  private final boolean canBeRewritten;

  private final Supplier<? extends Output.Document> document;

  private TimelineFile(
      Path path, FileChannel channel, Supplier<? extends Output.Document> document) {
    this.path = path;
    this.channel = channel;
    this.canBeRewritten = Files.isRegularFile(path);
    this.document = document;
  }

  static TimelineFile open(Path path, Supplier<? extends Output.Document> document)
      throws IOException {
    try {
      var channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      return new TimelineFile(path, channel, document);
    } catch (IOException e) {
      throw new IOException(
          "The timeline can't be written to '%s': %s. Name a file in a folder that exists and may be written."
              .formatted(path, reason(path, e)),
          e);
    }
  }

  /// The JDK's messages are often no more than the file's name.
  private static String reason(Path path, IOException e) {
    if (Files.isDirectory(path)) {
      return "it is a folder";
    }
    return switch (e) {
      case NoSuchFileException _ -> "its folder does not exist";
      case AccessDeniedException _ -> "access is denied";
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  /// {@return the file}
  public Path path() {
    return path;
  }

  /// Writes what is recorded by now, in place of what the file has, or into it if it is a pipe.
  /// Blocks. It is no checkpoint, but an interrupt, and so a cancellation that arrives meanwhile,
  /// closes the file: call it when the work is over.
  ///
  /// @throws IOException if it can't be written, or not to the end: then it ends with a note that
  ///   says so
  public void write() throws IOException {
    String what = "'" + path + "'";
    if (canBeRewritten) {
      Output.write(document.get(), channel, what);
    } else {
      Output.write(document.get(), Channels.newOutputStream(channel), what);
    }
  }

  /// Closes the file. If nothing was written, it stays as it was; one that was created for this is
  /// empty.
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
