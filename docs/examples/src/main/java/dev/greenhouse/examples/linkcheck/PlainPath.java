package dev.greenhouse.examples.linkcheck;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The path of a URL without its `.` and `..`.
final class PlainPath {
  private final List<String> segments = new ArrayList<>();
  private boolean aboveRoot;

  /// @param path as it stands in a URL: empty, or beginning with a slash
  PlainPath(String path) {
    String[] parts = path.split("/", -1);
    for (int i = 1; i < parts.length; i++) {
      add(parts[i], i == parts.length - 1);
    }
  }

  private void add(String part, boolean last) {
    String plain = part.toLowerCase(Locale.ROOT).replace("%2e", ".");
    boolean up = plain.equals("..");
    if (up) {
      if (segments.isEmpty()) {
        aboveRoot = true;
      } else {
        segments.removeLast();
      }
    }
    if (!up && !plain.equals(".")) {
      segments.add(part);
    } else if (last) {
      segments.add(""); // "a/.." is a folder, whose name ends in a slash
    }
  }

  /// {@return the path; a `..` that would leave the root is dropped, as browsers do}
  String text() {
    return "/" + String.join("/", segments);
  }

  /// {@return whether a `..` was dropped}
  boolean isAboveRoot() {
    return aboveRoot;
  }
}
