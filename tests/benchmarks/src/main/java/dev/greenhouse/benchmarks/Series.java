package dev.greenhouse.benchmarks;

import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A number for each round, in the order of the rounds.
///
/// @param values the numbers
record Series(List<Double> values) {
  static Series empty() {
    return new Series(List.of());
  }

  Series plus(double value) {
    return new Series(Stream.concat(values.stream(), Stream.of(value)).toList());
  }

  /// {@return the ratios, round by round}
  Series dividedBy(Series other) {
    return with(other, (a, b) -> a / b);
  }

  /// {@return the differences, round by round}
  Series minus(Series other) {
    return with(other, (a, b) -> a - b);
  }

  private Series with(Series other, DoubleBinaryOperator operator) {
    return new Series(
        IntStream.range(0, values.size())
            .mapToObj(i -> operator.applyAsDouble(values.get(i), other.values.get(i)))
            .toList());
  }

  double median() {
    var sorted = sorted();
    int size = sorted.size();
    return (sorted.get((size - 1) / 2) + sorted.get(size / 2)) / 2;
  }

  /// {@return the least and the greatest}
  String range(String format) {
    var sorted = sorted();
    return (format + " - " + format).formatted(sorted.getFirst(), sorted.getLast());
  }

  private List<Double> sorted() {
    return values.stream().sorted().toList();
  }
}
