package dev.greenhouse.instrumentation.stock;

/// Texts as JSON, which can also stand in an HTML page.
public final class Json {
  private static final String HEX = "0123456789abcdef";

  private Json() {}

  /// {@return a string literal}
  public static String quoted(String text) {
    var json = new StringBuilder(text.length() + 2);
    appendQuoted(json, text);
    return json.toString();
  }

  /// Besides what JSON wants escaped, the characters that could end a script or begin a tag, the
  /// line separators that older scripts choke on, and halves of characters, which UTF-8 has not.
  public static void appendQuoted(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        json.append(c).append(text.charAt(++i));
      } else if (c < ' '
          || c == '<'
          || c == '>'
          || c == '&'
          || c == '\u2028'
          || c == '\u2029'
          || c == '\u007f'
          || Character.isSurrogate(c)) {
        appendEscaped(json, c);
      } else {
        json.append(c);
      }
    }
    json.append('"');
  }

  private static void appendEscaped(StringBuilder json, char c) {
    json.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      json.append(HEX.charAt(c >> shift & 0xf));
    }
  }

  /// Nanoseconds as microseconds, exactly.
  public static void appendMicros(StringBuilder json, long nanos) {
    long fraction = nanos % 1000;
    json.append(nanos / 1000).append('.');
    if (fraction < 100) {
      json.append('0');
    }
    if (fraction < 10) {
      json.append('0');
    }
    json.append(fraction);
  }
}
