package dev.greenhouse.examples.linkcheck;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What was told of a page.
final class Collected implements PageVisitor {
  private final List<Link> links = new ArrayList<>();
  private final Set<URI> bases = new HashSet<>();
  private final Set<String> anchors = new HashSet<>();

  @Override
  public void link(URI base, Link link) {
    bases.add(base);
    links.add(link);
  }

  @Override
  public void anchor(String name) {
    anchors.add(name);
  }

  List<Link> links() {
    return links;
  }

  Set<URI> bases() {
    return bases;
  }

  Set<String> anchors() {
    return anchors;
  }
}
