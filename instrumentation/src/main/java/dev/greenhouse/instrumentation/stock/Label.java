package dev.greenhouse.instrumentation.stock;

import org.jspecify.annotations.Nullable;

/// Names and messages of others, made fit for one line of ours.
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

  private static String text(@Nullable Object message) {
    try {
      String text = String.valueOf(message);
      return text == null ? "null" : text;
    } catch (RuntimeException
        | StackOverflowError e) { // exceptions may have a toString of their own
      return (message == null ? "null" : message.getClass().getName()) + " (its toString threw)";
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
