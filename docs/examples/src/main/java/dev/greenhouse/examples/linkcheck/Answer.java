package dev.greenhouse.examples.linkcheck;

import java.util.Set;

/// What is known of an address.
sealed interface Answer {
  /// A page.
  ///
  /// @param anchors what a link's fragment may name
  record WithAnchors(Set<String> anchors) implements Answer {}

  /// It is there, and fragments are not checked: no page, or not ours.
  record There() implements Answer {}

  /// It is not there.
  ///
  /// @param why for people
  record Broken(String why) implements Answer {}

  /// It is on another server, and nobody asked for those.
  record External() implements Answer {}
}
