package dev.greenhouse.nursery.jdk;

/// Throws any exception as it is.
public final class Sneaky {
  private Sneaky() {}

  /// Throws the exception, whatever its type. Written `throw Sneaky.rethrow(x)` so that the
  /// compiler knows.
  public static <X extends Throwable> RuntimeException rethrow(Throwable x) throws X {
    @SuppressWarnings("unchecked")
    X unchecked = (X) x;
    throw unchecked;
  }
}
