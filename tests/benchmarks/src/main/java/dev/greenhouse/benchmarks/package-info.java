/// What Greenhouse costs, beside the JDK's own `StructuredTaskScope`, `Thread.yield` and
/// `LockSupport` on the same scheduler and on the JDK's, and beside Kotlin's coroutines where the
/// JDK has nothing to compare with.
///
/// JMH calls a benchmark on a platform thread, but what is measured happens in tasks. So each call
/// runs *one* main task, on a greenhouse that stays open, and the operation is repeated in there
/// until the way in and out (some 30 microseconds) is less than a hundredth of the whole. Whatever
/// is compared with a task is brought to its place in the same way: see
/// [dev.greenhouse.benchmarks.OnLoop], [dev.greenhouse.benchmarks.OnPool] and
/// [dev.greenhouse.benchmarks.OnJdk].
///
/// Two numbers may be compared only if they come from one run on one machine.
/// [dev.greenhouse.benchmarks.Ratios] measures those that belong together one after the other, in
/// several rounds, and tells whether what we promise is kept.
@org.jspecify.annotations.NullMarked
package dev.greenhouse.benchmarks;
