import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/// Checks or applies google-java-format on every Java file of the project. Run by the root POM as a
/// source file, on the JDK of the build, with google-java-format on the class path.
final class Format {
  private Format() {}

  public static void main(String[] args) throws IOException {
    var mode = args[0];
    var options =
        switch (mode) {
          case "check" -> List.of("--dry-run", "--set-exit-if-changed");
          case "apply" -> List.of("--replace");
          default ->
              throw new IllegalArgumentException(
                  "-Dformat=" + mode + " is unknown. Use -Dformat=check or -Dformat=apply.");
        };
    var formatter =
        ToolProvider.findFirst("google-java-format")
            .orElseThrow(() -> new AssertionError("google-java-format is not on the class path"));
    var status =
        formatter.run(
            System.out,
            System.err,
            Stream.concat(options.stream(), javaFiles().stream().map(Path::toString))
                .toArray(String[]::new));
    if (status != 0 && mode.equals("check")) {
      System.out.println("Not formatted. Run: mvn -q -N verify -Dformat=apply");
    }
    System.exit(status);
  }

  private static List<Path> javaFiles() throws IOException {
    try (var paths = Files.walk(Path.of(""))) {
      return paths.filter(Format::isOurs).sorted().toList();
    }
  }

  private static boolean isOurs(Path path) {
    if (!path.toString().endsWith(".java")) {
      return false;
    }
    for (var name : path) {
      if (name.toString().equals("target") || name.toString().startsWith(".")) {
        return false;
      }
    }
    return true;
  }
}
