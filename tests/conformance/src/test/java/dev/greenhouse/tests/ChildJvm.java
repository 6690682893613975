package dev.greenhouse.tests;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Runs a main class in a JVM of its own, with this one's class path and flag.
public final class ChildJvm {
  private static final long LIMIT_SECONDS = 60;

  /// How it ended, and what it wrote to both of its streams.
  public record Result(int exitCode, String output) {}

  private ChildJvm() {}

  /// Runs it and waits for its end.
  public static Result run(Class<?> main, String... args) throws IOException, InterruptedException {
    return run(List.of(), main, args);
  }

  /// Runs it with further options for `java` and waits for its end.
  public static Result run(List<String> options, Class<?> main, String... args)
      throws IOException, InterruptedException {
    return run(options, System.getProperty("java.class.path"), main, args);
  }

  /// Runs it without some libraries on its class path and waits for its end.
  ///
  /// @param libraries how the names of their files begin
  public static Result runWithout(
      String libraries, List<String> options, Class<?> main, String... args)
      throws IOException, InterruptedException {
    String rest =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !Path.of(entry).getFileName().toString().startsWith(libraries))
            .collect(Collectors.joining(File.pathSeparator));
    return run(options, rest, main, args);
  }

  /// Runs it with Greenhouse and what that needs on the module path, and the tests' own classes on
  /// the class path, and waits for its end. It has no flag but those that are given.
  public static Result runOnModulePath(List<String> options, Class<?> main, String... args)
      throws IOException, InterruptedException {
    var all = new ArrayList<>(options);
    String modules =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(ChildJvm::isNamedModule)
            .collect(Collectors.joining(File.pathSeparator));
    all.addAll(List.of("-p", modules, "--add-modules", "dev.greenhouse.nursery"));
    String tests = main.getProtectionDomain().getCodeSource().getLocation().getPath();
    return run(all, false, tests, main, args);
  }

  private static boolean isNamedModule(String entry) {
    return Files.exists(Path.of(entry))
        && ModuleFinder.of(Path.of(entry)).findAll().stream()
            .anyMatch(module -> !module.descriptor().isAutomatic());
  }

  private static Result run(List<String> options, String classPath, Class<?> main, String... args)
      throws IOException, InterruptedException {
    return run(options, Kind.FLAG, classPath, main, args);
  }

  private static Result run(
      List<String> options, boolean flag, String classPath, Class<?> main, String... args)
      throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(options);
    if (flag) {
      command.addAll(List.of("--add-opens", "java.base/java.lang=ALL-UNNAMED"));
    }
    command.addAll(List.of("-cp", classPath, main.getName()));
    command.addAll(List.of(args));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    Thread killer =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                      process.destroyForcibly();
                    }
                  } catch (InterruptedException e) {
                    // It ended in time.
                  }
                });
    try {
      var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Result(process.waitFor(), output);
    } finally {
      killer.interrupt();
    }
  }
}
