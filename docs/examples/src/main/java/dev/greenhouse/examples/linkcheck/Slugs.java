package dev.greenhouse.examples.linkcheck;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// The anchors that GitHub makes of a page's headings: `What's new?` becomes `whats-new`, and a
/// second one `whats-new-1`.
final class Slugs {
  private static final Pattern DROPPED =
      Pattern.compile("[^\\p{L}\\p{M}\\p{N}\\p{Pc}\\- ]", Pattern.UNICODE_CHARACTER_CLASS);

  private final Set<String> used = new HashSet<>();

  /// {@return the anchor of the page's next heading}
  String next(String heading) {
    String slug =
        DROPPED.matcher(heading.strip().toLowerCase(Locale.ROOT)).replaceAll("").replace(' ', '-');
    String unique = slug;
    for (int n = 1; !used.add(unique); n++) {
      unique = slug + "-" + n;
    }
    return unique;
  }
}
