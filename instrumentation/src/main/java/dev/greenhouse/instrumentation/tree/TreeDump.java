package dev.greenhouse.instrumentation.tree;

import dev.greenhouse.instrumentation.GreenhouseView;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
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
  private static final String SIGNAL = "sun.misc.Signal";
  private static final String HANDLER = "sun.misc.SignalHandler";

  private final String name;
  private final GreenhouseView greenhouse;
  private final Consumer<? super TaskTree> use;
  private final Object before;
  private boolean closed; // under the monitor

  private TreeDump(String name, GreenhouseView greenhouse, Consumer<? super TaskTree> use) {
    this.name = name;
    this.greenhouse = greenhouse;
    this.use = use;
    this.before = handle(name, handler(this::print));
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
      handle(name, before);
    }
  }

  // sun.misc.Signal by reflection: javac warns of it, whatever is suppressed.

  private static Object handler(Runnable action) {
    try {
      Class<?> type = Class.forName(HANDLER);
      return Proxy.newProxyInstance(
          type.getClassLoader(),
          new Class<?>[] {type},
          (proxy, method, arguments) ->
              switch (method.getName()) {
                case "handle" -> {
                  action.run();
                  yield null;
                }
                case "equals" -> proxy == arguments[0];
                case "hashCode" -> System.identityHashCode(proxy);
                default -> "a dump of a task tree";
              });
    } catch (ReflectiveOperationException e) {
      throw noSignals(e);
    }
  }

  /// {@return what handled it before}
  private static Object handle(String name, Object handler) {
    try {
      Class<?> type = Class.forName(SIGNAL);
      Object signal = type.getConstructor(String.class).newInstance(name);
      return type.getMethod("handle", type, Class.forName(HANDLER)).invoke(null, signal, handler);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(
          "Signal '%s' can't be had here: %s. Use USR1 on Linux or macOS; elsewhere call TaskTree.of(greenhouse) yourself."
              .formatted(name, e.getCause() == null ? e : e.getCause().getMessage()),
          e.getCause());
    } catch (ReflectiveOperationException e) {
      throw noSignals(e);
    }
  }

  private static UnsupportedOperationException noSignals(ReflectiveOperationException e) {
    return new UnsupportedOperationException(
        "This JVM has no class sun.misc.Signal. Add module jdk.unsupported (--add-modules"
            + " jdk.unsupported), or call TaskTree.of(greenhouse) yourself.",
        e);
  }
}
