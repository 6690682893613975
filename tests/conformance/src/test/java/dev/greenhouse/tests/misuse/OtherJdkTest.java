package dev.greenhouse.tests.misuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.VoidOp;
import dev.greenhouse.tests.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// On a JDK whose `StructuredTaskScope` has another shape, every use says so in the same words.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OtherJdkTest {
  private static final int USES = 4;

  @Test
  void eachUseSaysThatTheJdkDiffers(@TempDir Path folder) throws Exception {
    ChildJvm.Result result =
        ChildJvm.run(List.of("--patch-module", "java.base=" + patch(folder)), OpensNurseries.class);
    assertThat(result.output().lines().filter(line -> line.startsWith("told ")))
        .as(result.output())
        .hasSize(USES)
        .allSatisfy(
            line ->
                assertThat(line)
                    .startsWith("told java.lang.IllegalStateException: This JDK, ")
                    .contains(
                        Runtime.version()
                            + ", has no java.util.concurrent.StructuredTaskScope of the shape",
                        "NoSuchMethodException: no such method: ",
                        "awaitAll")
                    .endsWith("Run it on JDK 25."));
    assertThat(result.output()).contains("caused by java.lang.NoSuchMethodException");
    assertThat(result.exitCode()).isZero();
  }

  /// A `StructuredTaskScope` without the methods of today's.
  private static Path patch(Path folder) throws Exception {
    Path source = folder.resolve("java/util/concurrent/StructuredTaskScope.java");
    Files.createDirectories(source.getParent());
    Files.writeString(
        source,
        """
        package java.util.concurrent;

        public interface StructuredTaskScope<T, R> extends AutoCloseable {
          interface Joiner<T, R> {}

          interface Configuration {}

          interface Subtask<T> {}
        }
        """);
    Path classes = Files.createDirectory(folder.resolve("classes"));
    int status =
        ToolProvider.findFirst("javac")
            .orElseThrow()
            .run(
                System.out,
                System.err,
                "--patch-module",
                "java.base=" + folder,
                "-d",
                classes.toString(),
                source.toString());
    assertThat(status).isZero();
    return classes;
  }

  /// Tries, and tries again.
  static final class OpensNurseries {
    private OpensNurseries() {}

    public static void main(String[] args) {
      for (int i = 0; i < USES / 2; i++) {
        tries(() -> Nursery.open().close());
        tries(() -> Greenhouse.common().run(() -> {}));
      }
    }

    private static void tries(VoidOp<?> use) {
      try {
        use.run();
        System.out.println("worked");
      } catch (Throwable t) {
        System.out.println("told " + t);
        System.out.println("caused by " + t.getCause());
      }
    }
  }
}
