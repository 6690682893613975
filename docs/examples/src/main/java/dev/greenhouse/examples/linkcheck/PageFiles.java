package dev.greenhouse.examples.linkcheck;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Finds the pages in a folder and all folders below, without those that are hidden or made by
/// tools.
final class PageFiles extends SimpleFileVisitor<Path> {
  /// Folders of what tools make: nobody mends links there.
  private static final Set<String> GENERATED = Set.of("target", "node_modules");

  private final Path folder;
  private final List<Path> pages = new ArrayList<>();

  private PageFiles(Path folder) {
    this.folder = folder;
  }

  /// {@return the pages in their order; none if there is no such folder}
  static List<Path> below(Path folder) throws BadInput {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    var finder = new PageFiles(folder);
    try {
      Files.walkFileTree(folder, finder);
    } catch (IOException e) {
      throw new BadInput("Folder '%s' can't be read: %s.".formatted(folder, e));
    }
    finder.pages.sort(null);
    return finder.pages;
  }

  @Override
  public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
    return dir.equals(folder) || !isSkipped(dir)
        ? FileVisitResult.CONTINUE
        : FileVisitResult.SKIP_SUBTREE;
  }

  @Override
  public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
    if (attributes.isRegularFile()
        && !isSkipped(file)
        && Page.Kind.ofName(file.toString()) != Page.Kind.NONE) {
      pages.add(file);
    }
    return FileVisitResult.CONTINUE;
  }

  private static boolean isSkipped(Path path) {
    Path name = path.getFileName();
    return name != null && (name.toString().startsWith(".") || GENERATED.contains(name.toString()));
  }
}
