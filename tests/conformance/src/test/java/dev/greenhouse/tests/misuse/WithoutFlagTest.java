package dev.greenhouse.tests.misuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.GreenhouseBuilder;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.tests.ChildJvm;
import dev.greenhouse.tests.NothingLeft;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/// What can't work without the flag says so, with the line that is missing.
@ExtendWith(NothingLeft.class)
@EnabledIfSystemProperty(named = "greenhouse.test.flag", matches = "false")
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WithoutFlagTest {
  private static final String LINE = "--add-opens java.base/java.lang=ALL-UNNAMED";

  @Test
  void aLoop() {
    namesTheLine("singleThreaded()", () -> Greenhouse.run(() -> {}));
    namesTheLine("singleThreaded()", () -> Greenhouse.call(() -> 1));
    namesTheLine("singleThreaded()", () -> Greenhouse.builder().singleThreaded().build());
  }

  @Test
  void aGuest() {
    namesTheLine("on(", () -> Greenhouse.builder().on(Runnable::run).build());
  }

  @Test
  void aSeededLoop() {
    namesTheLine("seeded(7)", () -> Greenhouse.builder().seeded(7).build());
  }

  private static void namesTheLine(String what, ThrowingCallable misuse) {
    assertThatThrownBy(misuse)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll(what, LINE, "Add-Opens: java.base/java.lang");
    Greenhouse.common().run(StillWorks::here);
  }

  @Test
  void aBuilderThatFailedCanBeAskedAgain() {
    GreenhouseBuilder builder = Greenhouse.builder().singleThreaded();
    namesTheLine("singleThreaded()", builder::build);
    namesTheLine("singleThreaded()", builder::build);
  }

  @Test
  void poolsWorkOnPlainVirtualThreads() {
    try (var pool = Greenhouse.builder().parallelism(2).build()) {
      pool.run(StillWorks::here);
      assertThat(pool.statistics().carriers()).isZero();
    }
    try (var nursery = Nursery.open()) {
      assertThat(nursery.fork(() -> Thread.currentThread().isVirtual()).join()).isTrue();
    }
  }

  @Test
  void oneWarningSaysWhatIsMissing() throws Exception {
    ChildJvm.Result result = ChildJvm.run(Opens.class);
    assertThat(result.exitCode()).isZero();
    assertThat(result.output()).containsOnlyOnce(LINE).containsOnlyOnce("WARN");
  }

  /// Opens two nurseries in a JVM of its own.
  static final class Opens {
    private Opens() {}

    public static void main(String[] args) throws Exception {
      for (int i = 0; i < 2; i++) {
        try (var nursery = Nursery.open()) {
          nursery.fork(() -> 1).join();
        }
      }
    }
  }
}
