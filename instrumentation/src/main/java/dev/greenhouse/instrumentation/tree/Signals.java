package dev.greenhouse.instrumentation.tree;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/// Signals of the operating system, by `sun.misc.Signal` of module `jdk.unsupported`: there is
/// nothing else. By reflection, because javac warns of it, whatever is suppressed.
final class Signals {
  private static final String SIGNAL = "sun.misc.Signal";
  private static final String HANDLER = "sun.misc.SignalHandler";

  private Signals() {}

  /// {@return a handler of the JVM's that does this}
  static Object handler(Runnable action) {
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

  /// Handles a signal from now on.
  ///
  /// @return what handled it before
  static Object handle(String name, Object handler) {
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
