package dev.greenhouse.benchmarks;

import kotlin.coroutines.CoroutineContext;
import kotlinx.coroutines.BuildersKt;
import kotlinx.coroutines.TimeoutKt;
import org.openjdk.jmh.infra.Blackhole;

/// Kotlin's `withTimeoutOrNull`, called from Java.
///
/// The Kotlin compiler would give a suspending function one more parameter, the continuation; here
/// it is written out. A function that has not suspended returns its value. Otherwise it returns a
/// mark that says so, and would have to be entered again later, which a Java lambda can't be.
final class KotlinTimeouts {
  private static final String VALUE = "value";

  private KotlinTimeouts() {}

  /// Gets a value so many times, each time in a time limit of its own, in one coroutine.
  static void callMany(int times, long millis, CoroutineContext context, Blackhole sink)
      throws InterruptedException {
    BuildersKt.<String>runBlocking(
        context,
        (scope, continuation) -> {
          for (int i = 0; i < times; i++) {
            Object value =
                TimeoutKt.<String>withTimeoutOrNull(millis, (inner, _) -> VALUE, continuation);
            if (value != VALUE) {
              throw new AssertionError("withTimeoutOrNull suspended or was cut off: " + value);
            }
            sink.consume(value);
          }
          return VALUE;
        });
  }
}
