package dev.greenhouse.tests.survival;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import java.io.Serial;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;

/// Try statements around nurseries, in many shapes. Those that throw must cancel what would never
/// end; those that don't must let what takes a while end by itself.
@SuppressWarnings({"Finally", "UnnecessaryMethodReference", "UnusedVariable", "try"})
final class TryShapes {
  /// What the bodies throw.
  static final class Boom extends RuntimeException {
    @Serial private static final long serialVersionUID = 1;
  }

  /// What a shape does with the tasks that it is given.
  interface Shape {
    void run(Beds beds) throws Exception;
  }

  /// The tasks that a shape has planted.
  static final class Beds {
    /// Longer than `close` waits before it looks.
    private static final Duration A_WHILE = Duration.ofMillis(60);

    final List<Task<?>> tasks = new CopyOnWriteArrayList<>();

    void forever(Nursery nursery) {
      tasks.add(nursery.fork(() -> Task.sleepForever()));
    }

    void aWhile(Nursery nursery) {
      tasks.add(
          nursery.fork(
              () -> {
                Task.sleep(A_WHILE);
                return "slept";
              }));
    }
  }

  /// A resource of somebody else.
  private record Other(boolean throwing) implements AutoCloseable {
    @Override
    public void close() {
      if (throwing) {
        throw new Boom();
      }
    }
  }

  private TryShapes() {}

  private static void boom() {
    throw new Boom();
  }

  private static Other plantThenFail(Beds beds, Nursery nursery) {
    beds.forever(nursery);
    throw new Boom();
  }

  // ---- throwing

  static Map<String, Shape> throwing() {
    var all = new LinkedHashMap<String, Shape>();
    all.put("plain", TryShapes::plain);
    all.put("from a call", TryShapes::fromACall);
    all.put("nested, inner throws", TryShapes::nestedInner);
    all.put("nested, both have tasks", TryShapes::nestedBoth);
    all.put("three resources", TryShapes::threeResources);
    all.put("second resource can't be had", TryShapes::secondResourceFails);
    all.put("inner resource's close throws", TryShapes::innerCloseThrows);
    all.put("resource after another kind", TryShapes::afterAnother);
    all.put("variable declared before", TryShapes::declaredBefore);
    all.put("field of a record", b -> new Holder(Nursery.open()).run(b));
    all.put("lambda", TryShapes::lambda);
    all.put("lambda in a lambda", TryShapes::lambdaInLambda);
    all.put("anonymous class", TryShapes::anonymous);
    all.put("beside return", b -> besideReturn(b, 0));
    all.put("beside break and continue", TryShapes::besideBreakAndContinue);
    all.put("with catch", TryShapes::withCatch);
    all.put("with finally", TryShapes::withFinally);
    all.put("with catch and finally", TryShapes::withCatchAndFinally);
    all.put("own try inside", TryShapes::ownTryInside);
    all.put("in catch", TryShapes::inCatch);
    all.put("in finally", TryShapes::inFinally);
    all.put("in synchronized", TryShapes::inSynchronized);
    all.put("in a switch", b -> inSwitch(b, 1));
    all.put("in a constructor", InConstructor::new);
    all.put("in a generic overload", b -> overload(b, "x"));
    all.put("many locals", TryShapes::manyLocals);
    all.put("in a loop, third time", TryShapes::inALoop);
    all.put("method reference as resource", TryShapes::methodReference);
    all.put("empty catch of another type", TryShapes::catchOfAnotherType);
    return all;
  }

  private static void plain(Beds beds) {
    try (var n = Nursery.open()) {
      beds.forever(n);
      throw new Boom();
    }
  }

  private static void fromACall(Beds beds) {
    try (var n = Nursery.open()) {
      beds.forever(n);
      boom();
    }
  }

  private static void nestedInner(Beds beds) {
    try (var a = Nursery.open()) {
      try (var b = Nursery.open()) {
        beds.forever(b);
        boom();
      }
    }
  }

  private static void nestedBoth(Beds beds) {
    try (var a = Nursery.open()) {
      beds.forever(a);
      try (var b = Nursery.open()) {
        beds.forever(b);
        boom();
      }
    }
  }

  private static void threeResources(Beds beds) {
    try (var a = Nursery.open("a");
        var b = Nursery.open("b");
        var c = Nursery.open("c")) {
      beds.forever(a);
      beds.forever(b);
      beds.forever(c);
      boom();
    }
  }

  private static void secondResourceFails(Beds beds) {
    try (var a = Nursery.open();
        var b = plantThenFail(beds, a)) {
      throw new AssertionError();
    }
  }

  private static void innerCloseThrows(Beds beds) {
    try (var a = Nursery.open();
        var b = new Other(true)) {
      beds.forever(a);
    }
  }

  private static void afterAnother(Beds beds) {
    try (var other = new Other(false);
        var n = Nursery.open();
        var another = new Other(false)) {
      beds.forever(n);
      boom();
    }
  }

  private static void declaredBefore(Beds beds) {
    Nursery n = Nursery.open();
    try (n) {
      beds.forever(n);
      boom();
    }
  }

  private record Holder(Nursery nursery) {
    void run(Beds beds) {
      try (this.nursery) {
        beds.forever(nursery);
        boom();
      }
    }
  }

  private static void lambda(Beds beds) {
    Runnable r =
        () -> {
          try (var n = Nursery.open()) {
            beds.forever(n);
            boom();
          }
        };
    r.run();
  }

  private static void lambdaInLambda(Beds beds) {
    Runnable r =
        () -> {
          try (var a = Nursery.open()) {
            Runnable inner =
                () -> {
                  try (var b = Nursery.open()) {
                    beds.forever(a);
                    beds.forever(b);
                    boom();
                  }
                };
            inner.run();
          }
        };
    r.run();
  }

  private static void anonymous(Beds beds) throws Exception {
    new Callable<Integer>() {
      @Override
      public Integer call() {
        try (var n = Nursery.open()) {
          beds.forever(n);
          boom();
          return 1;
        }
      }
    }.call();
  }

  private static int besideReturn(Beds beds, int x) {
    try (var n = Nursery.open()) {
      beds.forever(n);
      if (x == 1) {
        return 1;
      }
      if (x == 2) {
        return 2;
      }
      throw new Boom();
    }
  }

  private static void besideBreakAndContinue(Beds beds) {
    outer:
    for (int i = 0; ; i++) {
      try (var n = Nursery.open()) {
        if (i == 0) {
          continue;
        }
        if (i == 1) {
          continue outer;
        }
        beds.forever(n);
        if (i == 7) {
          break outer;
        }
        boom();
      }
    }
  }

  private static void withCatch(Beds beds) {
    try (var n = Nursery.open()) {
      beds.forever(n);
      boom();
    } catch (Boom e) {
      throw e;
    }
  }

  private static void withFinally(Beds beds) {
    int x = 0;
    try (var n = Nursery.open()) {
      beds.forever(n);
      boom();
    } finally {
      x++;
    }
  }

  private static void withCatchAndFinally(Beds beds) {
    int x = 0;
    try (var n = Nursery.open()) {
      beds.forever(n);
      boom();
    } catch (IllegalStateException | Boom e) {
      throw e;
    } finally {
      x++;
    }
  }

  private static void ownTryInside(Beds beds) {
    try (var n = Nursery.open()) {
      try {
        beds.forever(n);
        boom();
      } catch (IllegalStateException e) {
        throw new AssertionError(e);
      } finally {
        Thread.onSpinWait();
      }
    }
  }

  private static void inCatch(Beds beds) {
    try {
      boom();
    } catch (Boom first) {
      try (var n = Nursery.open()) {
        beds.forever(n);
        throw first;
      }
    }
  }

  private static void inFinally(Beds beds) {
    try {
      boom();
    } finally {
      try (var n = Nursery.open()) {
        beds.forever(n);
        boom();
      }
    }
  }

  private static void inSynchronized(Beds beds) {
    var lock = new Object();
    synchronized (lock) {
      try (var n = Nursery.open()) {
        beds.forever(n);
        boom();
      }
    }
  }

  private static int inSwitch(Beds beds, int x) {
    return switch (x) {
      case 0 -> 1;
      default -> {
        try (var n = Nursery.open()) {
          beds.forever(n);
          boom();
          yield 2;
        }
      }
    };
  }

  private static final class InConstructor {
    InConstructor(Beds beds) {
      try (var n = Nursery.open()) {
        beds.forever(n);
        boom();
      }
    }
  }

  private static <T> T overload(Beds beds, T value) {
    try (var n = Nursery.open()) {
      beds.forever(n);
      boom();
    }
    return value;
  }

  @SuppressWarnings("EffectivelyPrivate")
  static String overload(Beds beds, Integer value) {
    try (var n = Nursery.open()) {
      beds.aWhile(n);
    }
    return "" + value;
  }

  private static long manyLocals(Beds beds) {
    long a0 = 0, a1 = 1, a2 = 2, a3 = 3, a4 = 4, a5 = 5, a6 = 6, a7 = 7, a8 = 8, a9 = 9;
    long b0 = 0, b1 = 1, b2 = 2, b3 = 3, b4 = 4, b5 = 5, b6 = 6, b7 = 7, b8 = 8, b9 = 9;
    try (var n = Nursery.open()) {
      long c = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9;
      long d = b0 + b1 + b2 + b3 + b4 + b5 + b6 + b7 + b8 + b9;
      beds.forever(n);
      if (c == d) {
        boom();
      }
      return c + d;
    }
  }

  private static void inALoop(Beds beds) {
    for (int i = 0; i < 3; i++) {
      try (var n = Nursery.open()) {
        if (i == 2) {
          beds.forever(n);
          boom();
        }
      }
    }
  }

  private static void methodReference(Beds beds) throws Exception {
    Nursery n = Nursery.open();
    try (AutoCloseable resource = n::close) {
      beds.forever(n);
      boom();
    }
  }

  private static void catchOfAnotherType(Beds beds) {
    try {
      try (var n = Nursery.open()) {
        beds.forever(n);
        boom();
      }
    } catch (IllegalStateException e) {
      throw new AssertionError(e);
    }
  }

  // ---- ending

  static Map<String, Shape> ending() {
    var all = new LinkedHashMap<String, Shape>();
    all.put("normal", TryShapes::normal);
    all.put("return", b -> returns(b, 0));
    all.put("return of a value", b -> returns(b, 1));
    all.put("return in a condition", b -> returns(b, 2));
    all.put("break", TryShapes::breaks);
    all.put("continue", TryShapes::continues);
    all.put("labelled", TryShapes::labelled);
    all.put("nested", TryShapes::nestedNormally);
    all.put("three resources", TryShapes::threeNormally);
    all.put("lambda", TryShapes::lambdaNormally);
    all.put("exception caught inside", TryShapes::caughtInside);
    all.put("with catch and finally", TryShapes::catchAndFinallyNormally);
    all.put("in catch", TryShapes::inCatchNormally);
    all.put("in finally of a throwing try", TryShapes::inFinallyNormally);
    all.put("yield", b -> yields(b, 1));
    all.put("by hand", TryShapes::byHand);
    all.put("by hand in finally", TryShapes::byHandInFinally);
    all.put("the overload that does not throw", b -> overload(b, Integer.valueOf(3)));
    return all;
  }

  private static void normal(Beds beds) {
    try (var n = Nursery.open()) {
      beds.aWhile(n);
    }
  }

  private static int returns(Beds beds, int x) {
    try (var n = Nursery.open()) {
      beds.aWhile(n);
      if (x == 0) {
        return 0;
      }
      if (x == 1) {
        return beds.tasks.size();
      }
      return x > 5 ? x : -x;
    }
  }

  private static void breaks(Beds beds) {
    while (true) {
      try (var n = Nursery.open()) {
        beds.aWhile(n);
        break;
      }
    }
  }

  private static void continues(Beds beds) {
    for (int i = 0; i < 2; i++) {
      try (var n = Nursery.open()) {
        beds.aWhile(n);
        if (i == 0) {
          continue;
        }
        Thread.onSpinWait();
      }
    }
  }

  private static void labelled(Beds beds) {
    outer:
    for (int i = 0; i < 2; i++) {
      while (true) {
        try (var n = Nursery.open();
            var m = Nursery.open()) {
          beds.aWhile(n);
          beds.aWhile(m);
          if (i == 0) {
            continue outer;
          }
          break outer;
        }
      }
    }
  }

  private static void nestedNormally(Beds beds) {
    try (var a = Nursery.open()) {
      beds.aWhile(a);
      try (var b = Nursery.open()) {
        beds.aWhile(b);
      }
      beds.aWhile(a);
    }
  }

  private static void threeNormally(Beds beds) {
    try (var a = Nursery.open();
        var other = new Other(false);
        var b = Nursery.open()) {
      beds.aWhile(a);
      beds.aWhile(b);
    }
  }

  private static void lambdaNormally(Beds beds) {
    Runnable r =
        () -> {
          try (var n = Nursery.open()) {
            beds.aWhile(n);
          }
        };
    r.run();
  }

  private static void caughtInside(Beds beds) {
    try (var n = Nursery.open()) {
      beds.aWhile(n);
      try (var other = new Other(true)) {
        boom();
      } catch (Boom e) {
        Thread.onSpinWait();
      }
    }
  }

  private static void catchAndFinallyNormally(Beds beds) {
    try (var n = Nursery.open()) {
      beds.aWhile(n);
    } catch (RuntimeException e) {
      throw new AssertionError(e);
    } finally {
      Thread.onSpinWait();
    }
  }

  private static void inCatchNormally(Beds beds) {
    try {
      boom();
    } catch (Boom e) {
      try (var n = Nursery.open()) {
        beds.aWhile(n);
      }
    }
  }

  private static void inFinallyNormally(Beds beds) {
    try {
      try {
        boom();
      } finally {
        try (var n = Nursery.open()) {
          beds.aWhile(n);
        }
      }
    } catch (Boom expected) {
      Thread.onSpinWait();
    }
  }

  private static int yields(Beds beds, int x) {
    return switch (x) {
      case 0 -> 1;
      default -> {
        try (var n = Nursery.open()) {
          beds.aWhile(n);
          yield 2;
        }
      }
    };
  }

  private static void byHand(Beds beds) {
    Nursery n = Nursery.open();
    beds.aWhile(n);
    n.close();
  }

  private static void byHandInFinally(Beds beds) {
    Nursery n = Nursery.open();
    try {
      beds.aWhile(n);
    } finally {
      n.close();
    }
  }

  // ---- ending, where handlers around look like javac's

  static Map<String, Shape> endingInCollectingHandlers() {
    var all = new LinkedHashMap<String, Shape>();
    all.put("catch clause that collects", TryShapes::collects);
    all.put("catch of Throwable that collects", TryShapes::collectsThrowable);
    all.put("clean-up in a handler", TryShapes::cleansUp);
    all.put("clean-up in a handler of Throwable", TryShapes::cleansUpAfterThrowable);
    all.put("clean-up in a resource", TryShapes::cleansUpInAResource);
    return all;
  }

  private static void collects(Beds beds) {
    var all = new Exception("all");
    for (int i = 0; i < 2; i++) {
      try (var n = Nursery.open()) {
        beds.aWhile(n);
      } catch (RuntimeException e) {
        all.addSuppressed(e);
      }
    }
  }

  private static void collectsThrowable(Beds beds) {
    Throwable all = new Exception("all");
    try (var n = Nursery.open()) {
      beds.aWhile(n);
    } catch (Throwable e) {
      all.addSuppressed(e);
    }
  }

  private static void cleansUp(Beds beds) {
    try {
      boom();
    } catch (Boom first) {
      try (var n = Nursery.open()) {
        beds.aWhile(n);
      } catch (Throwable e) {
        first.addSuppressed(e);
      }
    }
  }

  private static void cleansUpAfterThrowable(Beds beds) {
    try {
      boom();
    } catch (Throwable first) {
      try (var n = Nursery.open()) {
        beds.aWhile(n);
      } catch (Throwable e) {
        first.addSuppressed(e);
      }
    }
  }

  /// The resource's close opens a nursery, and is itself called on the exceptional path.
  private static void cleansUpInAResource(Beds beds) {
    try (AutoCloseable resource =
        () -> {
          try (var n = Nursery.open()) {
            beds.aWhile(n);
          }
        }) {
      boom();
    } catch (Exception expected) {
      Thread.onSpinWait();
    }
  }
}
