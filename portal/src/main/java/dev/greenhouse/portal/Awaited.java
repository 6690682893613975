package dev.greenhouse.portal;

/// What a task waits for when it awaits an object of some class, in words. One for each class, so
/// that an await allocates none.
final class Awaited {
  private static final ClassValue<Awaited> OF =
      new ClassValue<>() {
        @Override
        protected Awaited computeValue(Class<?> type) {
          return new Awaited("await " + name(type));
        }
      };

  private final String text;

  private Awaited(String text) {
    this.text = text;
  }

  static Awaited of(Object awaited) {
    return OF.get(awaited.getClass());
  }

  /// The JDK's client has futures of its own, whose names tell nobody anything.
  private static String name(Class<?> type) {
    if (type.getPackageName().startsWith("jdk.internal.net.http")) {
      return "HttpClient";
    }
    String simple = type.getSimpleName();
    return simple.isEmpty()
        ? type.getName().substring(type.getName().lastIndexOf('.') + 1)
        : simple;
  }

  @Override
  public String toString() {
    return text;
  }
}
