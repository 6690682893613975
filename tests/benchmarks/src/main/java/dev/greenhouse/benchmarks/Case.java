package dev.greenhouse.benchmarks;

import java.util.regex.Pattern;
import java.util.stream.Stream;

/// One benchmark with one value of its parameter, if it has one.
///
/// @param type the benchmark's class
/// @param method its method
/// @param parameter as in `tasks=10`; empty if there is none
record Case(Class<?> type, String method, String parameter) {
  static Case of(Class<?> type, String method) {
    return new Case(type, method, "");
  }

  /// {@return the arguments by which JMH runs this and nothing else}
  Stream<String> arguments() {
    String regex = "^" + Pattern.quote(type.getName() + "." + method) + "$";
    return parameter.isEmpty() ? Stream.of(regex) : Stream.of("-p", parameter, regex);
  }

  /// {@return as in `Nursery.loop, tasks=10`}
  @Override
  public String toString() {
    String name = type.getSimpleName().replace("Benchmark", "") + "." + method;
    return parameter.isEmpty() ? name : name + ", " + parameter;
  }
}
