package dev.greenhouse.nursery;

import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import org.jspecify.annotations.Nullable;

/// Which exceptions tell of a cancellation, in a task that is cancelled.
final class Interrupts {
  /// Cause chains can be circles.
  private static final int MAX_DEPTH = 32;

  private Interrupts() {}

  /// {@return whether the exception, or what it was caused by, is a [Cancelled] or comes from an
  /// interrupt}
  static boolean isCancellation(Throwable error) {
    @Nullable Throwable t = error;
    for (int depth = 0; t != null && depth < MAX_DEPTH; depth++) {
      // A failure stays one, even if an interrupt is somewhere behind it.
      if (t instanceof NurseryFailedException || t instanceof TaskFailedException) {
        return false;
      }
      if (t instanceof Cancelled
          || t instanceof InterruptedException
          || t instanceof ClosedByInterruptException
          || isInterruptedIo(t)) {
        return true;
      }
      t = t.getCause();
    }
    return false;
  }

  private static boolean isInterruptedIo(Throwable t) {
    if (t instanceof java.io.InterruptedIOException) {
      return !(t instanceof SocketTimeoutException);
    }
    return t instanceof SocketException && "Closed by interrupt".equals(t.getMessage());
  }
}
