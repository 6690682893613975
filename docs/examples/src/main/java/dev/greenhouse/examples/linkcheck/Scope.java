package dev.greenhouse.examples.linkcheck;

import java.net.URI;
import java.util.List;
import java.util.Objects;

/// How far the crawl goes.
///
/// @param root an address on the server that the crawl started on
/// @param followed paths of pages whose links are followed; those that end in a slash mean all
///   below
record Scope(URI root, List<String> followed) {
  enum Zone {
    /// Fetched, and its links are followed.
    FOLLOWED,

    /// On the same server: fetched, but its links are not followed.
    CHECKED,

    /// On another server.
    EXTERNAL
  }

  Scope {
    followed = List.copyOf(followed);
  }

  /// {@return all that is below the folder of this address}
  static Scope below(URI url) {
    String path = url.getRawPath();
    return new Scope(url, List.of(path.substring(0, path.lastIndexOf('/') + 1)));
  }

  Zone zone(URI url) {
    if (!url.getScheme().equals(root.getScheme())
        || !Objects.equals(url.getRawAuthority(), root.getRawAuthority())) {
      return Zone.EXTERNAL;
    }
    String path = url.getRawPath();
    return followed.stream().anyMatch(f -> f.endsWith("/") ? path.startsWith(f) : path.equals(f))
        ? Zone.FOLLOWED
        : Zone.CHECKED;
  }
}
