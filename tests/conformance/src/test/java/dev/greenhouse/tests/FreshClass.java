package dev.greenhouse.tests;

import java.io.IOException;
import java.io.InputStream;

/// Defines one class itself and leaves the others to the loader of the tests, so that its
/// initialiser runs once more.
public final class FreshClass extends ClassLoader {
  private final String name;

  private FreshClass(Class<?> original) {
    super(original.getClassLoader());
    name = original.getName();
  }

  /// {@return one that is not initialised yet}
  public static FreshClass of(Class<?> original) {
    return new FreshClass(original);
  }

  /// Runs a class's initialiser, as if it were the first time.
  public static void initialise(Class<?> original) {
    of(original).initialise();
  }

  /// Runs the initialiser, or waits for who does.
  public void initialise() {
    try {
      Class.forName(name, true, this);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  protected Class<?> loadClass(String wanted, boolean resolve) throws ClassNotFoundException {
    if (!wanted.equals(name)) {
      return super.loadClass(wanted, resolve);
    }
    String file = name.replace('.', '/') + ".class";
    try (InputStream in = getParent().getResourceAsStream(file)) {
      byte[] code = in.readAllBytes();
      return defineClass(name, code, 0, code.length);
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }
}
