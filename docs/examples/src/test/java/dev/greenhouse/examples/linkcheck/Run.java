package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/// How a run of the program ended and what it printed, with "\n" at the end of lines.
record Run(int status, String out, String err) {
  static Run of(String... args) {
    return in(Path.of("").toAbsolutePath(), args);
  }

  static Run in(Path currentFolder, String... args) {
    return in(currentFolder, false, args);
  }

  static Run onTerminal(String... args) {
    return in(Path.of("").toAbsolutePath(), true, args);
  }

  private static Run in(Path currentFolder, boolean terminal, String... args) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var program =
        new Main(
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            terminal,
            currentFolder);
    int status = program.run(List.of(args));
    return new Run(status, text(out), text(err));
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(UTF_8).replace(System.lineSeparator(), "\n");
  }
}
