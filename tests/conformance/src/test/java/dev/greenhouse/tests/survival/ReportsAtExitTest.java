package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.tests.ChildJvm;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What was reported before the JVM ends is in the log, unless the log is blocked.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReportsAtExitTest {
  @ParameterizedTest
  @ValueSource(strings = {"returns", "exits"})
  void whatWasReportedBeforeTheEndIsWritten(String end) throws Exception {
    ChildJvm.Result result = ChildJvm.run(FailsAndEnds.class, "slow", end);
    assertThat(result.output()).contains("A launched task of greenhouse 'bed' failed", "pot broke");
    assertThat(result.exitCode()).isZero();
  }

  @Test
  void aLogThatIsBlockedDoesNotKeepTheJvm() throws Exception {
    ChildJvm.Result result = ChildJvm.run(FailsAndEnds.class, "blocked", "returns");
    assertThat(result.output()).doesNotContain("pot broke");
    assertThat(result.exitCode()).isZero();
  }

  /// A launched task fails, nobody joins it, and the JVM ends.
  static final class FailsAndEnds {
    private FailsAndEnds() {}

    public static void main(String[] args) {
      BooleanSupplier passes = args[0].equals("slow") ? FailsAndEnds::isWaitedFor : () -> false;
      System.setErr(new PrintStream(new Held(System.err, passes), true, StandardCharsets.UTF_8));
      try (var greenhouse = Greenhouse.builder().name("bed").parallelism(1).build()) {
        greenhouse.launch(
            () -> {
              throw new IOException("pot broke");
            });
      }
      if (args[1].equals("exits")) {
        System.exit(0);
      }
    }

    /// The JVM is ending, and somebody sees to it that the log is written.
    private static boolean isWaitedFor() {
      return Thread.getAllStackTraces().keySet().stream()
          .anyMatch(t -> t.getName().equals("greenhouse-reporter-end"));
    }
  }

  /// Lets nothing be written before a condition holds.
  private static final class Held extends FilterOutputStream {
    private final BooleanSupplier passes;

    Held(OutputStream out, BooleanSupplier passes) {
      super(out);
      this.passes = passes;
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      while (!passes.getAsBoolean()) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
      out.write(bytes, from, count);
    }
  }
}
