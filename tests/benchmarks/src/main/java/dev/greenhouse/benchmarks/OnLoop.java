package dev.greenhouse.benchmarks;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.VoidOp;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// A loop that lives as long as a benchmark does.
@State(Scope.Benchmark)
public class OnLoop {
  private final OpenGreenhouse greenhouse = Greenhouse.builder().singleThreaded().build();

  /// Runs a batch in a main task.
  <X extends Throwable> void run(VoidOp<X> batch) throws X {
    greenhouse.run(batch);
  }

  /// Measures a batch on the instrumented loop.
  long nanosWith(Instrument instrument, Pair.Batch batch) throws Exception {
    greenhouse.instruments().add(instrument);
    try {
      return batch.nanos();
    } finally {
      greenhouse.instruments().remove(instrument);
    }
  }

  /// Ends the loop.
  @TearDown(Level.Trial)
  public void close() {
    greenhouse.close();
  }
}
