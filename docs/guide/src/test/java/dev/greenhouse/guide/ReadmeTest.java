package dev.greenhouse.guide;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What the README promises to who pastes its program, and of the flag.
@Timeout(60)
class ReadmeTest {
  private static final String CLASS_PATH = System.getProperty("java.class.path");
  private static final String FLAG = "--add-opens java.base/java.lang=ALL-UNNAMED";

  @TempDir Path folder;

  /// Needs the flag: it runs on a loop.
  static final class OnALoop {
    private OnALoop() {}

    public static void main(String[] args) {
      Greenhouse.run(() -> System.out.println("on a loop"));
    }
  }

  private record Output(int status, String text) {}

  @Test
  void theProgramRunsAsItIsPastedWithoutAnyFlag() throws Exception {
    String program =
        GuideTest.blocks().stream()
            .filter(b -> b.file().equals("README.md") && b.region().equals("letters"))
            .findFirst()
            .orElseThrow()
            .code();
    Path source = Files.writeString(folder.resolve("Letters.java"), program);
    int compiled =
        Objects.requireNonNull(ToolProvider.getSystemJavaCompiler())
            .run(null, null, null, "-cp", CLASS_PATH, "-d", folder.toString(), source.toString());
    assertThat(compiled).isZero();

    Output output = java("-cp", folder + ":" + CLASS_PATH, "Letters");
    assertThat(output.text()).contains("Dear ANN!", "Dear BOB!", "Dear EVE!");
    assertThat(output.status()).isZero();
  }

  @Test
  void theFlagIsNeededForLoopsAndNamed() throws Exception {
    Output without = java("-cp", CLASS_PATH, OnALoop.class.getName());
    assertThat(without.status()).isNotZero();
    assertThat(without.text()).contains(FLAG);
    assertThat(Files.readString(GuideTest.ROOT.resolve("README.md"))).contains(FLAG);

    var line = new ArrayList<>(List.of(FLAG.split(" ")));
    line.addAll(List.of("-cp", CLASS_PATH, OnALoop.class.getName()));
    assertThat(java(line.toArray(String[]::new))).isEqualTo(new Output(0, "on a loop\n"));
  }

  @Test
  void anExecutableJarCarriesItInItsManifest() throws Exception {
    var manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.put(Attributes.Name.MAIN_CLASS, OnALoop.class.getName());
    attributes.put(Attributes.Name.CLASS_PATH, urls());
    attributes.putValue("Add-Opens", "java.base/java.lang");
    Path jar = folder.resolve("program.jar");
    new JarOutputStream(Files.newOutputStream(jar), manifest).close();

    assertThat(java("-jar", jar.toString())).isEqualTo(new Output(0, "on a loop\n"));
  }

  private static String urls() {
    return Arrays.stream(CLASS_PATH.split(":"))
        .map(entry -> Path.of(entry).toUri())
        .map(URI::toString)
        .collect(Collectors.joining(" "));
  }

  private static Output java(String... arguments) throws IOException, InterruptedException {
    var line = new ArrayList<String>();
    line.add(ProcessHandle.current().info().command().orElseThrow());
    line.addAll(List.of(arguments));
    Process program = new ProcessBuilder(line).redirectErrorStream(true).start();
    try {
      String text = new String(program.getInputStream().readAllBytes(), UTF_8);
      return new Output(program.waitFor(), text);
    } finally {
      program.destroyForcibly();
    }
  }
}
