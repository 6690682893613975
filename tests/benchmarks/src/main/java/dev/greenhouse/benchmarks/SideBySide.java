package dev.greenhouse.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/// Measures pairs by turns: a batch of the one and a batch of the other, each of about a
/// millisecond, 2,000 times in one JVM; and that in several JVMs. It prints, as Markdown, what each
/// ratio is.
///
/// JMH, and so [Ratios], gives each side a JVM of its own. Its compiled code differs from that of
/// the next JVM by more than the few per cent that some limits leave, and so do the machine's other
/// loads. Here both sides meet the same of all that. A JVM's ratio is that of the two medians,
/// which leave out the batches in which garbage is collected; of the JVMs' ratios it is the median
/// again.
public final class SideBySide {
  private static final int JVMS = 5;
  private static final int WARM_UP = 1_000;
  private static final int TURNS = 2_000;
  private static final String CHILD = "--measure";

  private SideBySide() {}

  /// Measures and prints.
  ///
  /// @param args the number of JVMs, 5 if there is none; then, for a part of the pairs, a regular
  ///   expression that is found in their names, such as `nursery.of.10.on`: Maven splits at spaces
  public static void main(String[] args) throws Exception {
    if (args.length == 2 && args[0].equals(CHILD)) {
      System.out.println(ratio(pair(args[1])));
    } else if (args.length > 2) {
      throw new IllegalArgumentException(
          "There are more than two arguments: %s. Write a dot for each space in a regular expression."
              .formatted(List.of(args)));
    } else {
      int jvms = args.length > 0 ? Integer.parseInt(args[0]) : JVMS;
      measureAll(jvms, Pattern.compile(args.length > 1 ? args[1] : ""));
    }
    System.exit(0); // loops and pools are still there
  }

  private static Pair pair(String name) {
    return Pair.all().stream().filter(p -> p.name().equals(name)).findAny().orElseThrow();
  }

  private static double ratio(Pair pair) throws Exception {
    for (int i = 0; i < WARM_UP; i++) {
      pair.ours().nanos();
      pair.theirs().nanos();
    }
    var ours = new long[TURNS];
    var theirs = new long[TURNS];
    for (int i = 0; i < TURNS; i++) {
      boolean oursFirst = (i & 1) == 0; // nobody always comes after the other's garbage
      if (oursFirst) {
        ours[i] = pair.ours().nanos();
      }
      theirs[i] = pair.theirs().nanos();
      if (!oursFirst) {
        ours[i] = pair.ours().nanos();
      }
    }
    return (double) median(ours) / median(theirs);
  }

  private static long median(long[] nanos) {
    Arrays.sort(nanos);
    return nanos[nanos.length / 2];
  }

  private static void measureAll(int jvms, Pattern wanted)
      throws IOException, InterruptedException {
    System.out.printf(
        "%nJava %s, %s %s, %d processors.%n%n",
        Runtime.version(),
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        Runtime.getRuntime().availableProcessors());
    System.out.println("| side by side | ratio | range | limit | |");
    System.out.println("|---|---|---|---|---|");
    for (Pair pair : Pair.all()) {
      if (wanted.matcher(pair.name()).find()) {
        Series ratios = Series.empty();
        for (int i = 0; i < jvms; i++) {
          ratios = ratios.plus(ratioInAnotherJvm(pair));
        }
        print(pair, ratios);
      }
    }
  }

  private static void print(Pair pair, Series ratios) {
    System.out.printf(
        "| %s | %.3f | %s | %.2f | %s |%n",
        pair.name(),
        ratios.median(),
        ratios.range("%.3f"),
        pair.limit(),
        ratios.median() <= pair.limit() ? "met" : "**missed**");
  }

  private static double ratioInAnotherJvm(Pair pair) throws IOException, InterruptedException {
    Process jvm =
        new ProcessBuilder(command(pair)).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String printed = new String(jvm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (jvm.waitFor() != 0) {
      throw new IOException("The JVM that measures '%s' failed.".formatted(pair.name()));
    }
    return Double.parseDouble(printed.strip());
  }

  private static List<String> command(Pair pair) {
    var command = new ArrayList<String>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-classpath", System.getProperty("java.class.path")));
    command.addAll(List.of(SideBySide.class.getName(), CHILD, pair.name()));
    return command;
  }
}
