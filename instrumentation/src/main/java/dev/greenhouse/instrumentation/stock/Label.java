package dev.greenhouse.instrumentation.stock;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Names and messages of others, made fit for one line of ours, and durations.
public final class Label {
  /// So many characters of a name are shown.
  public static final int NAME = 200;

  /// So many characters of a message are shown.
  public static final int MESSAGE = 1000;

  private Label() {}

  /// {@return the name on one line: control characters and line ends escaped as in Java, half
  /// characters as `\ufffd`, and cut}
  public static String name(String name) {
    return of(name, NAME);
  }

  /// {@return the text of an exception or reason, in the same way}
  public static String message(@Nullable Object message) {
    return of(text(message), MESSAGE);
  }

  /// {@return four digits at most, in the unit that fits, such as "1.204 s" or "17.3 µs"}
  public static String duration(long nanos) {
    if (nanos < TimeUnit.MICROSECONDS.toNanos(1)) {
      return nanos + " ns";
    }
    if (nanos < TimeUnit.MILLISECONDS.toNanos(1)) {
      return decimal(nanos / 1e3, " µs");
    }
    if (nanos < TimeUnit.SECONDS.toNanos(1)) {
      return decimal(nanos / 1e6, " ms");
    }
    return String.format(Locale.ROOT, "%.3f s", nanos / 1e9);
  }

  private static String decimal(double value, String unit) {
    return String.format(Locale.ROOT, "%.1f", value) + unit;
  }

  private static String text(@Nullable Object message) {
    try {
      String text = String.valueOf(message);
      return text == null ? "null" : text;
    } catch (Throwable t) { // it is somebody's: an Error of it is no reason to end the instrument
      String type = message == null ? "null" : message.getClass().getName();
      return "%s, whose toString threw %s".formatted(type, t.getClass().getName());
    }
  }

  private static String of(String text, int limit) {
    int end = text.length();
    boolean cut = end > limit;
    if (cut) {
      end = Character.isHighSurrogate(text.charAt(limit - 1)) ? limit - 1 : limit;
    }
    var shown = new StringBuilder(end + 1);
    for (int i = 0; i < end; ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      append(shown, c);
    }
    return cut ? shown.append('…').toString() : shown.toString();
  }

  private static void append(StringBuilder shown, int c) {
    switch (c) {
      case '\n' -> shown.append("\\n");
      case '\r' -> shown.append("\\r");
      case '\t' -> shown.append("\\t");
      default -> {
        switch (Character.getType(c)) {
          case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
              shown.append("\\u%04x".formatted(c));
          case Character.SURROGATE -> shown.append('\ufffd');
          default -> shown.appendCodePoint(c);
        }
      }
    }
  }
}
