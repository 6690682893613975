package dev.greenhouse.examples.linkcheck;

import java.net.URI;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/// What came of fetching an address.
sealed interface Fetched {
  /// It answered, perhaps after redirections.
  ///
  /// @param url where the answer came from in the end
  /// @param kind how it is to be read
  /// @param charset what the server says of its characters
  /// @param body the answer, or its beginning; empty if it is no page
  /// @param complete whether the body is all of it
  @SuppressWarnings("ArrayRecordComponent") // never compared, never shared
  record Document(URI url, Page.Kind kind, @Nullable Charset charset, byte[] body, boolean complete)
      implements Fetched {}

  /// It did not, or with an error.
  ///
  /// @param why for people
  /// @param notFound whether the server says that there is no such thing
  record Failed(String why, boolean notFound) implements Fetched {
    Failed(String why) {
      this(why, false);
    }
  }

  /// It redirected to an address that is not to be fetched.
  ///
  /// @param to that address
  record Left(URI to) implements Fetched {}
}
