package dev.greenhouse.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// What is logged while it is open. slf4j-simple writes each line to the `System.err` of the
/// moment.
public final class CapturedLog implements AutoCloseable {
  private final PrintStream before = System.err;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private CapturedLog() {
    System.setErr(new PrintStream(new Tee(), true, StandardCharsets.UTF_8));
  }

  /// {@return a capture that ends with its `close`}
  public static CapturedLog begin() {
    return new CapturedLog();
  }

  /// {@return what was logged so far}
  public String text() {
    synchronized (bytes) {
      return bytes.toString(StandardCharsets.UTF_8);
    }
  }

  /// Waits until a line is logged that contains all fragments.
  public void await(String... fragments) {
    Eventually.run(() -> assertThat(text()).contains(fragments));
  }

  @Override
  public void close() {
    System.setErr(before);
  }

  private final class Tee extends OutputStream {
    @Override
    public void write(int b) {
      synchronized (bytes) {
        bytes.write(b);
      }
      before.write(b);
    }

    @Override
    public void write(byte[] b, int off, int len) {
      synchronized (bytes) {
        bytes.write(b, off, len);
      }
      before.write(b, off, len);
    }

    @Override
    public void flush() {
      before.flush();
    }
  }
}
