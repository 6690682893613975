package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.GreenhouseView;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
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
/// It needs the JDK's module `jdk.unsupported`. On the class path it is there; a modular
/// application says `requires jdk.unsupported`.
///
/// The tree is taken and printed by a thread that the JVM makes for the signal. It works while all
/// carriers are stuck. Several dumps may share a signal, which then shows all their greenhouses.
///
/// **A signal that nobody handles ends the process**: `kill -USR1` before the first dump is
/// installed, or after the last one is closed, does what it does to any program.
public final class TreeDump implements AutoCloseable {
  /// What one signal does while somebody has a dump on it.
  private static final class Handler {
    final Object before;
    final List<TreeDump> dumps = new CopyOnWriteArrayList<>();

    Handler(String signal) {
      before = Signals.handle(signal, Signals.handler(this::print));
    }

    /// Two signals in a row don't mix their trees.
    private synchronized void print() {
      dumps.forEach(TreeDump::print);
    }
  }

  /// By their signals; under its own monitor.
  private static final Map<String, Handler> HANDLERS = new HashMap<>();

  private final String signal;
  private final GreenhouseView greenhouse;
  private final Consumer<? super TaskTree> use;

  private TreeDump(String signal, GreenhouseView greenhouse, Consumer<? super TaskTree> use) {
    this.signal = Objects.requireNonNull(signal, "signal");
    this.greenhouse = Objects.requireNonNull(greenhouse, "greenhouse");
    this.use = Objects.requireNonNull(use, "use");
  }

  /// Installs a dump to `System.err`. Any thread may call it; it does not block.
  ///
  /// @param signal the signal's name without `SIG`, such as "USR1"
  /// @param greenhouse whose tree
  /// @return the dump, to be closed
  /// @throws IllegalArgumentException if this platform or JVM has no such signal to give
  /// @throws UnsupportedOperationException if this JVM lets nobody handle signals
  public static TreeDump onSignal(String signal, GreenhouseView greenhouse) {
    return onSignal(signal, greenhouse, System.err::print);
  }

  /// Installs a dump to somewhere else. Any thread may call it; it does not block.
  ///
  /// @param signal the signal's name without `SIG`, such as "USR1"
  /// @param greenhouse whose tree
  /// @param use what is done with each tree, in the thread of the signal, one after the other. What
  ///   it throws goes to that thread's uncaught exception handler
  /// @return the dump, to be closed
  /// @throws IllegalArgumentException if this platform or JVM has no such signal to give
  /// @throws UnsupportedOperationException if this JVM lets nobody handle signals
  public static TreeDump onSignal(
      String signal, GreenhouseView greenhouse, Consumer<? super TaskTree> use) {
    var dump = new TreeDump(signal, greenhouse, use);
    synchronized (HANDLERS) {
      HANDLERS.computeIfAbsent(signal, Handler::new).dumps.add(dump);
    }
    return dump;
  }

  private void print() {
    try {
      use.accept(TaskTree.withStacks(greenhouse));
    } catch (RuntimeException | Error e) { // the others are shown all the same
      Thread me = Thread.currentThread();
      me.getUncaughtExceptionHandler().uncaughtException(me, e);
    }
  }

  /// Ends it. The last one on a signal restores what that did before. Any thread may call it, more
  /// than once; it does not wait for a tree that is being shown.
  @Override
  public void close() {
    synchronized (HANDLERS) {
      Handler handler = HANDLERS.get(signal);
      if (handler != null && handler.dumps.remove(this) && handler.dumps.isEmpty()) {
        HANDLERS.remove(signal);
        Signals.handle(signal, handler.before);
      }
    }
  }
}
