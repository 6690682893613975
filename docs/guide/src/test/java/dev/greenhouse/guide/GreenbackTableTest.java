package dev.greenhouse.guide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.portal.Portal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every row of the guide's table from greenback's names to ours names methods that exist, and
/// tests that exist and run.
class GreenbackTableTest {
  private static final List<String> GREENBACKS =
      List.of(
          "ensure_portal",
          "bestow_portal",
          "has_portal",
          "with_portal_run",
          "with_portal_run_sync",
          "with_portal_run_tree",
          "await_",
          "autoawait",
          "decorate_as_sync",
          "async_context",
          "async_iter");

  private static final Pattern ROW =
      Pattern.compile("^\\| `(\\w+)\\([^|]*\\|([^|]*)\\|[^|]*\\|([^|]*)\\|$", Pattern.MULTILINE);
  private static final Pattern OURS = Pattern.compile("`(\\w+)\\(");
  private static final Pattern TEST = Pattern.compile("`(\\w+Test)\\.(\\w+)`");

  record Row(String greenbacks, String ours, String tests) {
    @Override
    public String toString() {
      return greenbacks;
    }
  }

  static List<Row> rows() throws IOException {
    String page = Files.readString(GuideTest.ROOT.resolve("docs/guide/portals.md"));
    String table = page.substring(page.indexOf("## From greenback"));
    return ROW.matcher(table)
        .results()
        .map(m -> new Row(m.group(1), m.group(2), m.group(3)))
        .toList();
  }

  @Test
  void tableHasAllOfGreenbacksNames() throws IOException {
    assertThat(rows().stream().map(Row::greenbacks)).containsExactlyElementsOf(GREENBACKS);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void methodsExist(Row row) {
    List<String> ours = OURS.matcher(row.ours()).results().map(m -> m.group(1)).toList();
    assertThat(ours).isNotEmpty();
    assertThat(Arrays.stream(Portal.class.getMethods()).map(m -> m.getName())).containsAll(ours);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void testsExist(Row row) throws IOException {
    List<MatchResult> tests = TEST.matcher(row.tests()).results().toList();
    assertThat(tests).isNotEmpty();
    for (MatchResult test : tests) {
      var method =
          Pattern.compile("@(?:Test|OnEveryKind)\\s(?:[^{}]*\\s)?void " + test.group(2) + "\\(");
      assertThat(method.matcher(Files.readString(source(test.group(1)))).find())
          .as(test.group())
          .isTrue();
    }
  }

  private static Path source(String testClass) throws IOException {
    var found = new ArrayList<Path>();
    try (Stream<Path> files = Files.walk(GuideTest.ROOT.resolve("tests/conformance/src/test"))) {
      files.filter(p -> p.endsWith(testClass + ".java")).forEach(found::add);
    }
    assertThat(found).as(testClass).hasSize(1);
    return found.getFirst();
  }
}
