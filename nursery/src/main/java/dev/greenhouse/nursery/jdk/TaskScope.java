package dev.greenhouse.nursery.jdk;

import java.io.Serial;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A `StructuredTaskScope`, used as a container of threads and for nothing else: it keeps threads
/// together for dumps, hands on the opener's scoped values, and checks the structure. It is reached
/// by method handles, so that no class file of ours is marked as using a preview API.
public final class TaskScope implements Function<Object, Object> {
  /// The JDK found that scoped values or scopes are not as they were at the opening.
  public static final class StructureViolation extends RuntimeException {
    @Serial private static final long serialVersionUID = 1;

    StructureViolation(Throwable cause) {
      super(cause.getMessage(), cause);
    }
  }

  private static final String VIOLATION = "java.util.concurrent.StructureViolationException";

  private static final String STS = "java.util.concurrent.StructuredTaskScope";

  /// The handles, or what they could not be made for: an initialiser that throws would be clear
  /// about that only once. A class of its own, so that its constants fold.
  private static final class Handles {
    static final @Nullable Throwable FAILURE;
    static final @Nullable MethodHandle OPEN;
    static final @Nullable MethodHandle FORK;
    static final @Nullable MethodHandle JOIN;
    static final @Nullable MethodHandle CLOSE;
    static final @Nullable MethodHandle WITH_FACTORY;
    static final @Nullable MethodHandle WITH_NAME;

    static {
      Throwable failure = null;
      MethodHandle open = null;
      MethodHandle fork = null;
      MethodHandle join = null;
      MethodHandle close = null;
      MethodHandle withFactory = null;
      MethodHandle withName = null;
      try {
        Class<?> scope = Class.forName(STS);
        Class<?> joiner = Class.forName(STS + "$Joiner");
        Class<?> configuration = Class.forName(STS + "$Configuration");
        Class<?> subtask = Class.forName(STS + "$Subtask");
        var lookup = MethodHandles.publicLookup();
        Object awaitAll =
            lookup.findStatic(joiner, "awaitAll", MethodType.methodType(joiner)).invoke();
        open =
            lookup
                .findStatic(scope, "open", MethodType.methodType(scope, joiner, Function.class))
                .bindTo(awaitAll)
                .asType(MethodType.methodType(Object.class, Function.class));
        fork =
            lookup
                .findVirtual(scope, "fork", MethodType.methodType(subtask, Callable.class))
                .asType(MethodType.methodType(void.class, Object.class, Callable.class));
        join =
            lookup
                .findVirtual(scope, "join", MethodType.methodType(Object.class))
                .asType(MethodType.methodType(void.class, Object.class));
        close =
            lookup
                .findVirtual(scope, "close", MethodType.methodType(void.class))
                .asType(MethodType.methodType(void.class, Object.class));
        var wither = MethodType.methodType(Object.class, Object.class, ThreadFactory.class);
        withFactory =
            lookup
                .findVirtual(
                    configuration,
                    "withThreadFactory",
                    MethodType.methodType(configuration, ThreadFactory.class))
                .asType(wither);
        withName =
            lookup
                .findVirtual(
                    configuration, "withName", MethodType.methodType(configuration, String.class))
                .asType(wither.changeParameterType(1, String.class));
      } catch (Throwable t) {
        failure = t;
      }
      FAILURE = failure;
      OPEN = open;
      FORK = fork;
      JOIN = join;
      CLOSE = close;
      WITH_FACTORY = withFactory;
      WITH_NAME = withName;
    }
  }

  private static MethodHandle require(@Nullable MethodHandle handle) {
    if (handle == null || Handles.FAILURE != null) {
      throw new IllegalStateException(
          "This JDK, %s, has no %s of the shape that Greenhouse uses (%s). Run it on JDK 25."
              .formatted(Runtime.version(), STS, Handles.FAILURE),
          Handles.FAILURE);
    }
    return handle;
  }

  /// The factory's threads bring their own.
  private static final Callable<?> NO_BODY =
      () -> {
        throw new AssertionError("the body of a thread that another one should run");
      };

  private final String name;
  private final @Nullable ThreadFactory factory;
  private final Object scope;

  // Both are null without the flag.
  private final @Nullable Object container;
  private final @Nullable Object bindings;

  /// It is itself the function that configures the JDK's scope, which saves an object for each
  /// nursery. A name is always given: the JDK makes one otherwise, and that costs more.
  private TaskScope(String name, @Nullable ThreadFactory factory) {
    this.name = name;
    this.factory = factory;
    try {
      this.scope = (Object) require(Handles.OPEN).invokeExact((Function<?, ?>) this);
    } catch (Throwable t) {
      throw Sneaky.rethrow(t);
    }
    boolean available = VirtualThreads.available();
    this.container = available ? VirtualThreads.innermostContainer() : null;
    this.bindings = available ? VirtualThreads.currentBindings() : null;
  }

  /// Opens a scope on the current thread, which becomes its owner.
  ///
  /// @param name seen in thread dumps
  /// @param factory makes the threads of [#fork]; null if only [#start] is used
  public static TaskScope open(String name, @Nullable ThreadFactory factory) {
    return new TaskScope(name, factory);
  }

  /// For the JDK, while the scope is opened.
  @Override
  public Object apply(Object configuration) {
    try {
      Object named = (Object) require(Handles.WITH_NAME).invokeExact(configuration, name);
      return factory == null
          ? named
          : (Object) require(Handles.WITH_FACTORY).invokeExact(named, factory);
    } catch (Throwable t) {
      throw Sneaky.rethrow(t);
    }
  }

  /// Starts a thread in the scope, from any thread; needs [VirtualThreads#available]. The caller
  /// makes sure that the scope stays open meanwhile.
  public void start(Thread thread) {
    if (container == null) {
      throw new IllegalStateException(VirtualThreads.remedy());
    }
    VirtualThreads.startIn(thread, container, bindings);
  }

  /// Forks as `StructuredTaskScope` does: by the owner only, under the scoped values of the
  /// opening. The thread is the factory's, which may ignore the body it is given.
  ///
  /// @throws StructureViolation if the scoped values are others
  public void fork() {
    try {
      require(Handles.FORK).invokeExact(scope, NO_BODY);
    } catch (Throwable t) {
      throw translated(t);
    }
  }

  /// Waits for the last threads, which have nothing to do any more, and closes the scope. Owner
  /// only.
  ///
  /// An interrupt that comes meanwhile is left in the thread's flag.
  ///
  /// @throws StructureViolation if scoped values were bound after the opening and still are, or
  ///   another scope is still open inside; the scope is closed nevertheless
  public void joinAndClose() {
    boolean interrupted = false;
    try {
      require(Handles.JOIN).invokeExact(scope);
    } catch (InterruptedException e) {
      interrupted = true;
    } catch (Throwable t) {
      throw Sneaky.rethrow(t);
    }
    try {
      require(Handles.CLOSE).invokeExact(scope);
    } catch (Throwable t) {
      throw translated(t);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// The JDK's exception is itself a preview API, which our class files must not mention.
  private static RuntimeException translated(Throwable t) {
    if (t.getClass().getName().equals(VIOLATION)) {
      return new StructureViolation(t);
    }
    throw Sneaky.rethrow(t);
  }
}
