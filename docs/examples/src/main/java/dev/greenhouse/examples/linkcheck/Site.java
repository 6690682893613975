package dev.greenhouse.examples.linkcheck;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Where the pages are.
sealed interface Site extends AutoCloseable permits FolderSite, WebSite {
  /// Opens what the user named.
  ///
  /// @param start a folder, a file or a URL; null for README and docs of the current folder
  /// @param currentFolder what relative names are relative to
  /// @throws BadInput if it can't be read
  static Site open(@Nullable String start, Path currentFolder) throws BadInput {
    if (start == null) {
      return FolderSite.ofRepository(currentFolder);
    }
    String lower = start.toLowerCase(Locale.ROOT);
    if (lower.startsWith("http://") || lower.startsWith("https://")) {
      return WebSite.of(start);
    }
    if (start.contains("://")) {
      throw new BadInput(
          "'%s' can't be read. Only http and https URLs, folders and files can.".formatted(start));
    }
    return FolderSite.of(start, currentFolder);
  }

  /// {@return the pages to start from}
  List<URI> starts();

  /// {@return how far to go}
  ///
  /// @param startedAt where a start page was found, after redirections
  Scope scope(URI startedAt);

  /// {@return where a link leads to, on this site}
  Destination destination(URI base, String href);

  /// {@return whether the server made up this page: a list of a folder's files}
  boolean isListing(URI url);

  /// {@return whether it is there though the server does not hand it out}
  boolean hidesFile(URI url);

  /// {@return an address as people call it}
  String show(URI url);

  /// {@return what is checked, for people}
  String title();

  @Override
  void close();
}
