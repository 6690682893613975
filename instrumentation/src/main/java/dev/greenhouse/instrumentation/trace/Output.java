package dev.greenhouse.instrumentation.trace;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;

/// Writes a document of records, and ends it with a note if there is no room for all of them.
final class Output {
  /// A text that can be ended after any of its records.
  interface Document {
    /// {@return what comes before the records}
    String head();

    /// Puts the records, without what stands between them.
    void putRecords(Output out) throws IOException;

    /// {@return what comes after the last record, with the note if it is not empty}
    ///
    /// @param empty whether there is no record
    String tail(String note, boolean empty);
  }

  /// Where the bytes go.
  private interface Target {
    void write(byte[] bytes) throws IOException;

    /// Writes the head, and makes sure that an end fits behind it if it can.
    void begin(byte[] head, byte[] end) throws IOException;

    /// All is written: nothing is left of the end that was put first.
    void finish() throws IOException;

    /// Makes the text end after this many bytes, and then with others.
    void endAfter(long bytes, byte[] end) throws IOException;
  }

  private static final int CHUNK = 1 << 13;
  private static final int RESERVE = 1 << 10; // for a note, which has a path and a message in it
  private static final String BETWEEN = ",\n";

  private final Document document;
  private final Target target;
  private final StringBuilder pending = new StringBuilder();
  private long records; // put
  private long written; // bytes, up to the end of a record

  /// Where the last chunk begins that was written as a whole. A full disk has room for a short tail
  /// in its place.
  private long lastChunk = -1;

  private long recordsBeforeLastChunk;
  private long recordsWritten;

  private Output(Document document, Target target) {
    this.document = document;
    this.target = target;
  }

  static void write(Document document, OutputStream out, String what) throws IOException {
    new Output(document, new StreamTarget(out)).writeAll(what);
  }

  static void write(Document document, SeekableByteChannel file, String what) throws IOException {
    new Output(document, new FileTarget(file)).writeAll(what);
  }

  /// Puts one record.
  void put(String record) throws IOException {
    if (pending.length() >= CHUNK) {
      flush();
    }
    if (records++ > 0) {
      pending.append(BETWEEN);
    }
    pending.append(record);
  }

  private void writeAll(String what) throws IOException {
    try {
      byte[] head = bytes(document.head());
      target.begin(head, bytes(document.tail(" ".repeat(RESERVE), false)));
      written = head.length;
      document.putRecords(this);
      pending.append(document.tail("", records == 0));
      flush();
      target.finish();
    } catch (IOException e) {
      throw endEarly(what, e);
    }
  }

  private void flush() throws IOException {
    byte[] bytes = bytes(pending.toString());
    target.write(bytes);
    lastChunk = written;
    recordsBeforeLastChunk = recordsWritten;
    written += bytes.length;
    recordsWritten = records;
    pending.setLength(0);
  }

  /// First after the last whole chunk; if there is no room, in place of that chunk.
  private IOException endEarly(String what, IOException cause) {
    String why = cause.getMessage() == null ? cause.getClass().getName() : cause.getMessage();
    long left = recordsWritten;
    try {
      tryToEnd(what, why, written, left);
    } catch (IOException again) {
      cause.addSuppressed(again);
      left = recordsBeforeLastChunk;
      try {
        if (lastChunk > 0) {
          tryToEnd(what, why, lastChunk, left);
        }
      } catch (IOException hopeless) {
        cause.addSuppressed(hopeless);
      }
    }
    return new IOException(note(what, why, left), cause);
  }

  private void tryToEnd(String what, String why, long at, long left) throws IOException {
    if (at == 0) {
      throw new IOException("nothing was written yet");
    }
    String end = document.tail(note(what, why, left), left == 0);
    target.endAfter(at, bytes(end));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String note(String what, String why, long left) {
    return "%s ends early, after %d records: %s. Write it again where there is room."
        .formatted(what, left, why);
  }

  private record StreamTarget(OutputStream out) implements Target {
    @Override
    public void write(byte[] bytes) throws IOException {
      out.write(bytes);
      out.flush();
    }

    @Override
    public void begin(byte[] head, byte[] end) throws IOException {
      write(head);
    }

    @Override
    public void finish() {}

    /// What was taken of the chunk that failed is not known; none of it, we hope.
    @Override
    public void endAfter(long bytes, byte[] end) throws IOException {
      write(end);
    }
  }

  private record FileTarget(SeekableByteChannel file) implements Target {
    @Override
    public void write(byte[] bytes) throws IOException {
      var buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        file.write(buffer);
      }
    }

    @Override
    public void begin(byte[] head, byte[] end) throws IOException {
      file.truncate(0).position(0);
      write(head);
      write(end);
      file.position(head.length);
    }

    @Override
    public void finish() throws IOException {
      file.truncate(file.position());
    }

    @Override
    public void endAfter(long bytes, byte[] end) throws IOException {
      file.position(bytes);
      write(end);
      finish();
    }
  }
}
