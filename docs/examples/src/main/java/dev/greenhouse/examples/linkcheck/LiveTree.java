package dev.greenhouse.examples.linkcheck;

import dev.greenhouse.instrumentation.GreenhouseView;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.tree.TaskAges;
import dev.greenhouse.instrumentation.tree.TaskTree;
import dev.greenhouse.instrumentation.tree.TreeDump;
import dev.greenhouse.instrumentation.watch.Stall;
import dev.greenhouse.instrumentation.watch.StallWatch;
import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Shows the run's task tree when somebody sends a signal, and when a task holds up all others.
final class LiveTree implements Instrument, AutoCloseable {
  private static final String SIGNAL = "USR1";

  private final PrintStream err;
  private final @Nullable StallWatch watch; // null if nobody asked for a tree
  private @Nullable TreeDump dump; // by the thread that runs the crawl

  private LiveTree(PrintStream err, boolean wanted) {
    this.err = err;
    this.watch = wanted ? StallWatch.builder().onStall(this::show).build() : null;
  }

  static LiveTree of(Options options, PrintStream err) {
    return new LiveTree(err, options.tree());
  }

  /// {@return who has to watch the run}
  List<Instrument> instruments() {
    return watch == null ? List.of() : List.of(watch, TaskAges.create(), this);
  }

  /// The run begins: from now on there is something to show.
  @Override
  public void beforeRun(GreenhouseView greenhouse) {
    try {
      dump = TreeDump.onSignal(SIGNAL, greenhouse, this::show);
      err.printf("kill -%s %d shows the task tree.%n", SIGNAL, ProcessHandle.current().pid());
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      err.println("linkcheck: The task tree is shown at stalls only. " + e.getMessage());
    }
  }

  private void show(TaskTree tree) {
    err.print(System.lineSeparator() + tree);
    err.flush();
  }

  private void show(Stall stall) {
    err.println(System.lineSeparator() + stall);
    show(TaskTree.withStacks(stall.task().greenhouse()));
  }

  @Override
  public void close() {
    if (dump != null) {
      dump.close();
    }
    if (watch != null) {
      watch.close();
    }
  }
}
