package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.GreenhouseView;
import java.util.Objects;
import java.util.function.Consumer;

/// Prints a [TaskTree] with stacks whenever the process gets a signal, until it is closed.
///
/// ```
/// try (var _ = TreeDump.onSignal("USR1", greenhouse)) {
///   serve();                                     // kill -USR1 <pid> shows what it does
/// }
/// ```
///
/// **Where.** On Linux and macOS with JDKs built on HotSpot: `USR1`, on macOS also `INFO`, which
/// Ctrl-T sends. `QUIT` is the JVM's own, and shows all threads; `USR2` is used by the JVM. Windows
/// has no such signals, and `jcmd` on no platform a place for commands of others: there a program
/// calls [TaskTree#of] itself, for instance when its health page is asked.
///
/// The tree is taken and printed by a thread that the JVM makes for the signal. It works while all
/// carriers are stuck.
public final class TreeDump implements AutoCloseable {
  private final String name;
  private final GreenhouseView greenhouse;
  private final Consumer<? super TaskTree> use;
  private final Object before;
  private boolean closed; // under the monitor

  private TreeDump(String name, GreenhouseView greenhouse, Consumer<? super TaskTree> use) {
    this.name = name;
    this.greenhouse = greenhouse;
    this.use = use;
    this.before = Signals.handle(name, Signals.handler(this::print));
  }

  /// Installs a dump to `System.err`.
  ///
  /// @param signal the signal's name without `SIG`, such as "USR1"
  /// @param greenhouse whose tree
  /// @return the dump; closing it restores what the signal did before
  /// @throws IllegalArgumentException if this platform or JVM has no such signal to give
  /// @throws UnsupportedOperationException if this JVM lets nobody handle signals
  public static TreeDump onSignal(String signal, GreenhouseView greenhouse) {
    return onSignal(signal, greenhouse, System.err::print);
  }

  /// Installs a dump to somewhere else.
  ///
  /// @param signal the signal's name without `SIG`, such as "USR1"
  /// @param greenhouse whose tree
  /// @param use what is done with each tree, in the thread of the signal, one after the other
  /// @return the dump; closing it restores what the signal did before
  /// @throws IllegalArgumentException if this platform or JVM has no such signal to give
  /// @throws UnsupportedOperationException if this JVM lets nobody handle signals
  public static TreeDump onSignal(
      String signal, GreenhouseView greenhouse, Consumer<? super TaskTree> use) {
    return new TreeDump(
        Objects.requireNonNull(signal, "signal"),
        Objects.requireNonNull(greenhouse, "greenhouse"),
        Objects.requireNonNull(use, "use"));
  }

  private synchronized void print() {
    use.accept(TaskTree.withStacks(greenhouse));
  }

  /// Restores what the signal did before. Any thread may call it, more than once.
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Signals.handle(name, before);
    }
  }
}
