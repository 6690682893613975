package dev.greenhouse.examples.linkcheck;

import java.net.URI;

/// Told what stands on a page, in the middle of reading it. The readers are synchronous code of
/// others, which know nothing of tasks: what is called here may wait all the same.
interface PageVisitor {
  /// A link.
  ///
  /// @param base the address that it is relative to
  void link(URI base, Link link);

  /// Something that a link's fragment may name.
  void anchor(String name);
}
