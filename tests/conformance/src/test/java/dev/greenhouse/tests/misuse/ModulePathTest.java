package dev.greenhouse.tests.misuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.tests.ChildJvm;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// On the module path the flag names our module, and what is said of the flag does, too.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ModulePathTest {
  private static final String OPENS = "java.base/java.lang=";
  private static final String LINE = "--add-opens " + OPENS + "dev.greenhouse.nursery";

  @Test
  void whatIsMissingIsNamedForTheModule() throws Exception {
    ChildJvm.Result result = ChildJvm.runOnModulePath(List.of(), UsesALoop.class);
    assertThat(result.output())
        .contains("in dev.greenhouse.nursery", "singleThreaded()", "nursery works")
        .doesNotContain("ALL-UNNAMED", "loop works");
    assertThat(result.output().split(LINE, -1)).as("an error and a warning").hasSize(3);
    assertThat(result.exitCode()).isZero();
  }

  @Test
  void theLineForTheClassPathDoesNotHelp() throws Exception {
    ChildJvm.Result result =
        ChildJvm.runOnModulePath(List.of("--add-opens", OPENS + "ALL-UNNAMED"), UsesALoop.class);
    assertThat(result.output()).contains(LINE).doesNotContain("loop works");
    assertThat(result.exitCode()).isZero();
  }

  @Test
  void theLineThatIsNamedHelps() throws Exception {
    ChildJvm.Result result = ChildJvm.runOnModulePath(List.of(LINE.split(" ")), UsesALoop.class);
    assertThat(result.output())
        .contains("in dev.greenhouse.nursery", "loop works", "nursery works")
        .doesNotContain("add-opens");
    assertThat(result.exitCode()).isZero();
  }

  /// Tries what needs the flag and what does not.
  static final class UsesALoop {
    private UsesALoop() {}

    public static void main(String[] args) {
      System.out.println("in " + Greenhouse.class.getModule().getName());
      try {
        Greenhouse.run(() -> System.out.println("loop works"));
      } catch (IllegalStateException e) {
        System.out.println(e.getMessage());
      }
      try (var nursery = Nursery.open()) {
        nursery.fork(() -> System.out.println("nursery works"));
      }
    }
  }
}
