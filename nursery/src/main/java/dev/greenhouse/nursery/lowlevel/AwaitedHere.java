package dev.greenhouse.nursery.lowlevel;

import java.io.Serial;
import java.util.Arrays;

/// Not an error: the stack of the task that awaited an operation, attached to the operation's
/// exception as a suppressed one, so that a log shows both sides. It does not make a failure of an
/// exception that tells of a cancellation.
public final class AwaitedHere extends Throwable {
  @Serial private static final long serialVersionUID = 1;

  /// The same exception may be awaited again and again.
  private static final int MOST = 4;

  private AwaitedHere(String task, String trimmed) {
    super("by task '%s'".formatted(task), null, false, true);
    StackTraceElement[] all = getStackTrace();
    int first = 0;
    while (first < all.length && isTop(all[first], trimmed)) {
      first++;
    }
    int last = all.length;
    while (last > first && isBottom(all[last - 1])) {
      last--;
    }
    setStackTrace(Arrays.copyOfRange(all, first, last));
  }

  private static boolean isTop(StackTraceElement frame, String trimmed) {
    String name = frame.getClassName();
    return name.startsWith(trimmed) || name.equals(AwaitedHere.class.getName());
  }

  private static boolean isBottom(StackTraceElement frame) {
    String name = frame.getClassName();
    return name.startsWith("dev.greenhouse.nursery.")
        || name.startsWith("dev.greenhouse.portal.")
        || name.startsWith("java.lang.");
  }

  /// Attaches the current stack, if the exception takes it and has not several already.
  ///
  /// @param error the operation's exception
  /// @param task the name of the awaiting task
  /// @param trimmed frames of classes whose names begin so are left out at the top
  public static void attach(Throwable error, String task, String trimmed) {
    int before = 0;
    for (Throwable t : error.getSuppressed()) {
      before += t instanceof AwaitedHere ? 1 : 0;
    }
    if (before < MOST) {
      error.addSuppressed(new AwaitedHere(task, trimmed));
    }
  }
}
