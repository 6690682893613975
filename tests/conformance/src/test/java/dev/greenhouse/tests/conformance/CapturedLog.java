package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// What is logged while it is open: slf4j-simple writes to `System.err`.
final class CapturedLog implements AutoCloseable {
  private static final long PATIENCE_MILLIS = 30_000;

  private final PrintStream before = System.err;

  /// Tells its monitor of every write.
  private final ByteArrayOutputStream bytes =
      new ByteArrayOutputStream() {
        @Override
        public synchronized void write(byte[] b, int off, int len) {
          super.write(b, off, len);
          notifyAll();
        }
      };

  private CapturedLog() {
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
  }

  static CapturedLog open() {
    return new CapturedLog();
  }

  String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /// Waits until something was logged, and the rest of its report.
  void awaitText(String wanted) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
    synchronized (bytes) {
      while (!text().contains(wanted + System.lineSeparator() + "\tat ")
          && System.nanoTime() < end) {
        bytes.wait(PATIENCE_MILLIS / 10);
      }
    }
    assertThat(text()).contains(wanted);
  }

  @Override
  public void close() {
    System.setErr(before);
  }
}
