package dev.greenhouse.examples.linkcheck;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import com.sun.net.httpserver.SimpleFileServer.OutputLevel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// A folder that we serve ourselves, on the loopback address.
final class FolderSite implements Site {
  private static final List<String> START_PAGES = List.of("index.html", "README.md", "index.md");
  private static final List<String> INDEXES = List.of("index.html", "index.htm");

  private final Path root;
  private final String title;
  private final HttpServer server;
  private final ExecutorService handlers = Executors.newVirtualThreadPerTaskExecutor();
  private final URI address;
  private final List<URI> starts;
  private final Scope scope;

  private FolderSite(Path root, String title, List<Path> starts, List<String> followed)
      throws IOException {
    this.root = root;
    this.title = title;
    var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server = SimpleFileServer.createFileServer(loopback, root, OutputLevel.NONE);
    server.setExecutor(handlers); // its own is one thread
    server.start();
    String host = server.getAddress().getAddress().getHostAddress();
    address =
        URI.create(
            "http://%s:%d/"
                .formatted(
                    host.contains(":") ? "[" + host + "]" : host, server.getAddress().getPort()));
    this.starts = starts.stream().map(this::addressOf).toList();
    this.scope = new Scope(address, followed);
  }

  /// The README and the docs of a repository. All of the repository is served, so that links from
  /// there to other files can be checked.
  static FolderSite ofRepository(Path currentFolder) throws BadInput {
    Path root = real(currentFolder, currentFolder.toString());
    Path readme = root.resolve("README.md");
    var starts = new ArrayList<Path>();
    if (Files.isRegularFile(readme)) {
      starts.add(readme);
    }
    starts.addAll(PageFiles.below(root.resolve("docs")));
    if (starts.isEmpty()) {
      throw new BadInput(
          "Folder '%s' has neither a README.md nor pages in docs. Name a folder or a URL to check."
              .formatted(root));
    }
    return serve(root, "README.md and docs of " + root, starts, List.of("/README.md", "/docs/"));
  }

  /// A folder or a file.
  static FolderSite of(String name, Path currentFolder) throws BadInput {
    Path path;
    try {
      path = real(currentFolder.resolve(name), name);
    } catch (InvalidPathException e) {
      throw new BadInput("'%s' can't be read: it is no file name.".formatted(name));
    }
    if (Files.isDirectory(path)) {
      return serve(path, path.toString(), startsIn(path), List.of("/"));
    }
    Path parent = path.getParent();
    if (parent == null || Page.Kind.ofName(path.toString()) == Page.Kind.NONE) {
      throw new BadInput(
          "'%s' is no page. Name a .html or .md file, a folder or a URL.".formatted(name));
    }
    return serve(parent, path.toString(), List.of(path), List.of("/"));
  }

  private static FolderSite serve(Path root, String title, List<Path> starts, List<String> followed)
      throws BadInput {
    try {
      return new FolderSite(root, title, starts, followed);
    } catch (IOException | IllegalArgumentException e) {
      throw new BadInput("Folder '%s' can't be served: %s.".formatted(root, e.getMessage()));
    }
  }

  private static Path real(Path path, String name) throws BadInput {
    if (!Files.exists(path)) {
      throw new BadInput("'%s' can't be read: there is no such file or folder.".formatted(name));
    }
    if (!Files.isReadable(path)) {
      throw new BadInput("'%s' can't be read: access is denied.".formatted(name));
    }
    try {
      return path.toRealPath(); // the server hides what is behind a symbolic link
    } catch (IOException e) {
      throw new BadInput("'%s' can't be read: %s.".formatted(name, e.getMessage()));
    }
  }

  private static List<Path> startsIn(Path folder) throws BadInput {
    for (String name : START_PAGES) {
      Path page = folder.resolve(name);
      if (Files.isRegularFile(page)) {
        return List.of(page);
      }
    }
    List<Path> pages = PageFiles.below(folder);
    if (pages.isEmpty()) {
      throw new BadInput(
          "Folder '%s' has no pages. Name one with .html or .md files.".formatted(folder));
    }
    return pages;
  }

  private URI addressOf(Path file) {
    var path = new StringBuilder();
    for (Path name : root.relativize(file)) {
      // A name may hold what means something in a URL.
      path.append('/').append(UrlSyntax.escapeSegment(name.toString()));
    }
    return address.resolve(path.toString());
  }

  private Path fileOf(URI url) {
    return root.resolve(UrlSyntax.decode(url.getRawPath().substring(1))).normalize();
  }

  @Override
  public List<URI> starts() {
    return starts;
  }

  @Override
  public Scope scope(URI startedAt) {
    return scope;
  }

  /// In a folder, unlike on a web site, `..` does lead out of the root: to files that we don't
  /// serve.
  @Override
  public Destination destination(URI base, String href) {
    Destination destination = Destination.of(base, href);
    return destination instanceof Destination.Place place && place.aboveRoot()
        ? new Destination.Elsewhere("outside the folder")
        : destination;
  }

  @Override
  public boolean isListing(URI url) {
    Path folder = fileOf(url);
    return Files.isDirectory(folder)
        && INDEXES.stream().noneMatch(name -> Files.exists(folder.resolve(name)));
  }

  /// The JDK's server hides files such as `.gitignore`, and what is behind symbolic links.
  @Override
  public boolean hidesFile(URI url) {
    try {
      Path file = fileOf(url);
      if (!file.startsWith(root) || !Files.isReadable(file)) {
        return false;
      }
      Path step = root;
      for (Path name : root.relativize(file)) {
        step = step.resolve(name);
        if (Files.isHidden(step) || Files.isSymbolicLink(step)) {
          return true;
        }
      }
      return false;
    } catch (InvalidPathException | IOException _) {
      return false;
    }
  }

  @Override
  public String show(URI url) {
    if (scope.zone(url) == Scope.Zone.EXTERNAL) {
      return url.toString();
    }
    String query = url.getRawQuery();
    String path = UrlSyntax.decode(url.getRawPath().substring(1));
    return (path.isEmpty() ? "." : path) + (query == null ? "" : "?" + query);
  }

  @Override
  public String title() {
    return title;
  }

  @Override
  public void close() {
    server.stop(0);
    handlers.close();
  }
}
