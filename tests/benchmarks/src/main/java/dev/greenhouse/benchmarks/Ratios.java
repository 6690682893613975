package dev.greenhouse.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/// Runs the benchmarks and prints, as Markdown, what each costs and whether the promised ratios and
/// the bounds are kept.
///
/// A round measures each benchmark once, in a new JVM, those that are compared one soon after the
/// other, so that whatever else the machine does meets them alike. A cost is the median of the
/// rounds, where each round counts with the median of its iterations; a ratio is the median of the
/// rounds' ratios. Medians, because a disturbance is always to the slower side.
public final class Ratios {
  private static final int ROUNDS = 5;

  private final List<Comparison> comparisons;
  private final List<Addition> additions;
  private final List<Bound> bounds;
  private final Map<Case, Series> costs = new LinkedHashMap<>();

  /// @param wanted what the names of those that are measured contain; what is compared with them is
  ///   measured, too
  private Ratios(Pattern wanted) {
    comparisons = Comparison.all().stream().filter(c -> matches(wanted, c.measured())).toList();
    additions = Addition.all().stream().filter(a -> matches(wanted, a.measured())).toList();
    bounds = Bound.all().stream().filter(b -> matches(wanted, b.measured())).toList();
    Stream.of(
            comparisons.stream().flatMap(Comparison::cases),
            additions.stream().flatMap(Addition::cases),
            bounds.stream().map(Bound::measured))
        .flatMap(s -> s)
        .forEach(c -> costs.put(c, Series.empty()));
  }

  private static boolean matches(Pattern wanted, Case benchmark) {
    return wanted.matcher(benchmark.toString()).find();
  }

  /// Measures and prints.
  ///
  /// @param args the number of rounds, 5 if there is none; then, for a part of them, a regular
  ///   expression that is found in their names as they are printed, such as `Nursery|Fork`; then
  ///   options of JMH other than `-f` for every benchmark, such as `-wi 3 -i 3`
  public static void main(String[] args) throws RunnerException, CommandLineOptionException {
    var given = new ArrayList<>(Arrays.asList(args));
    int rounds = given.isEmpty() ? ROUNDS : Integer.parseInt(given.removeFirst());
    boolean part = !given.isEmpty() && !given.getFirst().startsWith("-");
    var ratios = new Ratios(Pattern.compile(part ? given.removeFirst() : ""));
    for (int round = 1; round <= rounds; round++) {
      ratios.measureAll("round %d of %d".formatted(round, rounds), given);
    }
    ratios.print();
  }

  private void measureAll(String round, List<String> options)
      throws RunnerException, CommandLineOptionException {
    for (var cost : costs.entrySet()) {
      double nanos = measure(cost.getKey(), options);
      System.err.printf("%s: %s: %.1f ns%n", round, cost.getKey(), nanos);
      cost.setValue(cost.getValue().plus(nanos));
    }
  }

  private static double measure(Case benchmark, List<String> options)
      throws RunnerException, CommandLineOptionException {
    var all = Stream.of("-f", "1", "-foe", "true", "-v", "SILENT");
    var arguments = Stream.of(all, options.stream(), benchmark.arguments()).flatMap(s -> s);
    return new Runner(new CommandLineOptions(arguments.toArray(String[]::new)))
        .runSingle()
        .getPrimaryResult()
        .getStatistics()
        .getPercentile(50);
  }

  private Series cost(Case benchmark) {
    return Objects.requireNonNull(costs.get(benchmark));
  }

  private void print() {
    System.out.printf(
        "%nJava %s, %s %s, %d processors.%n%n",
        Runtime.version(),
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        Runtime.getRuntime().availableProcessors());
    System.out.println("| measured | with | ratio | range | limit | |");
    System.out.println("|---|---|---|---|---|---|");
    comparisons.forEach(this::print);
    System.out.println();
    System.out.println("| measured | with | ns more | range | limit | |");
    System.out.println("|---|---|---|---|---|---|");
    additions.forEach(this::print);
    System.out.println();
    System.out.println("| measured | ns | range | limit | |");
    System.out.println("|---|---|---|---|---|");
    bounds.forEach(this::print);
    System.out.println();
    System.out.println("| benchmark | ns | range |");
    System.out.println("|---|---|---|");
    costs.forEach(
        (benchmark, cost) ->
            System.out.printf(
                "| %s | %.1f | %s |%n", benchmark, cost.median(), cost.range("%.1f")));
  }

  private void print(Comparison c) {
    Series ratio = cost(c.measured()).dividedBy(cost(c.with()));
    double median = ratio.median();
    System.out.printf(
        "| %s | %s | %.2f | %s | %s | %s |%n",
        c.measured(),
        c.with(),
        median,
        ratio.range("%.2f"),
        c.hasLimit() ? "%.2f".formatted(c.limit()) : "",
        c.hasLimit() ? verdict(median, c.limit()) : "");
  }

  private void print(Addition a) {
    Series more = cost(a.measured()).minus(cost(a.with()));
    double median = more.median();
    System.out.printf(
        "| %s | %s | %.1f | %s | %.0f | %s |%n",
        a.measured(), a.with(), median, more.range("%.1f"), a.limit(), verdict(median, a.limit()));
  }

  private void print(Bound b) {
    Series cost = cost(b.measured());
    double median = cost.median();
    System.out.printf(
        "| %s | %.1f | %s | %.0f | %s |%n",
        b.measured(), median, cost.range("%.1f"), b.limit(), verdict(median, b.limit()));
  }

  private static String verdict(double median, double limit) {
    return median <= limit ? "met" : "**missed**";
  }
}
