package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.VoidOp;
import java.util.concurrent.FutureTask;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// The JDK's own scheduler of virtual threads, without anything of Greenhouse.
@State(Scope.Benchmark)
public class OnJdk {
  /// Runs a batch in a virtual thread.
  void run(VoidOp<?> batch) throws Exception {
    var result = new FutureTask<>(() -> call(batch));
    Thread.ofVirtual().start(result);
    result.get();
  }

  private static boolean call(VoidOp<?> batch) throws Exception {
    try {
      batch.run();
      return true;
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
