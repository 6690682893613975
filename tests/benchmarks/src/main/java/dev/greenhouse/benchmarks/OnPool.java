package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.VoidOp;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// A pool that lives as long as a benchmark does, with as many carriers as the JDK's scheduler has:
/// one for each processor.
@State(Scope.Benchmark)
public class OnPool {
  private final OpenGreenhouse greenhouse = Greenhouse.builder().build();

  /// Runs a batch in a main task.
  <X extends Throwable> void run(VoidOp<X> batch) throws X {
    greenhouse.run(batch);
  }

  /// Ends the pool.
  @TearDown(Level.Trial)
  public void close() {
    greenhouse.close();
  }
}
