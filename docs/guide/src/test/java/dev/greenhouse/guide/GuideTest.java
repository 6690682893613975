package dev.greenhouse.guide;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every Java block of the README and the guide is a region of a test in this module. A block is
/// introduced by a comment, `<!-- region: name -->`, and the region stands between `// region name`
/// and `// endregion`.
class GuideTest {
  static final Path ROOT = root();
  private static final Pattern BLOCK =
      Pattern.compile("(?:<!-- region: (\\S+) -->\\s*\\n)?```java\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern REGION =
      Pattern.compile(" *// region (\\S+)\\n(.*?) *// endregion", Pattern.DOTALL);

  record Block(String file, String region, String code) {
    @Override
    public String toString() {
      return file + ": " + region;
    }
  }

  static List<Block> blocks() throws IOException {
    var found = new ArrayList<Block>();
    try (Stream<Path> guide = Files.list(ROOT.resolve("docs/guide"))) {
      var pages = Stream.concat(Stream.of(ROOT.resolve("README.md")), guide);
      for (Path page : pages.filter(p -> p.toString().endsWith(".md")).toList()) {
        var matcher = BLOCK.matcher(Files.readString(page));
        while (matcher.find()) {
          String name = matcher.group(1) == null ? "(unnamed)" : matcher.group(1);
          found.add(new Block(ROOT.relativize(page).toString(), name, matcher.group(2)));
        }
      }
    }
    assertThat(found).hasSizeGreaterThan(8);
    return found;
  }

  @ParameterizedTest
  @MethodSource("blocks")
  void everyBlockIsARegionOfATest(Block block) throws IOException {
    assertThat(regions()).containsKey(block.region());
    assertThat(normalised(block.code())).isEqualTo(normalised(regions().get(block.region())));
  }

  private static Map<String, String> regions() throws IOException {
    var regions = new HashMap<String, String>();
    try (Stream<Path> files = Files.walk(ROOT.resolve("docs/guide/src/test/java"))) {
      for (Path file : files.filter(p -> p.toString().endsWith(".java")).toList()) {
        var matcher = REGION.matcher(Files.readString(file));
        while (matcher.find()) {
          regions.put(matcher.group(1), matcher.group(2));
        }
      }
    }
    return regions;
  }

  /// Without common indentation.
  private static String normalised(String code) {
    return code.stripTrailing().stripIndent();
  }

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.exists(here.resolve("LICENSE"))) {
      here = here.getParent();
    }
    return here;
  }
}
