package dev.greenhouse.benchmarks;

import dev.greenhouse.portal.flat.FlatExecutor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// Flat executors that live as long as a benchmark does: on a loop of its own, and on somebody's.
@State(Scope.Benchmark)
public class OnFlat {
  private final ExecutorService given = Executors.newSingleThreadExecutor();

  final FlatExecutor own = FlatExecutor.open();
  final FlatExecutor onGiven = FlatExecutor.on(given);

  /// Ends the loops.
  @TearDown(Level.Trial)
  public void close() {
    own.close();
    onGiven.close();
    given.close();
  }
}
