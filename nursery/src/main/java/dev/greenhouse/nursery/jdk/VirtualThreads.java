package dev.greenhouse.nursery.jdk;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// Virtual threads on a scheduler of our own, and threads started in a scope by anybody. All of it
/// needs `java.lang` to be open to us; [#available] tells.
public final class VirtualThreads {
  /// The handles, or what they could not be made for. A class of its own, so that its constants
  /// fold.
  private static final class Handles {
    static final @Nullable Throwable FAILURE;
    static final @Nullable MethodHandle NEW_THREAD;
    static final @Nullable MethodHandle CURRENT_CARRIER;
    static final @Nullable MethodHandle START_IN;
    static final @Nullable MethodHandle SCHEDULER;
    static final @Nullable VarHandle STATE;
    static final @Nullable VarHandle HEAD_SCOPE;
    static final @Nullable VarHandle BINDINGS;
    static final @Nullable VarHandle NIO_BLOCKER;
    static final @Nullable VarHandle CARRIER;
    static final @Nullable VarHandle NAME;

    static {
      Throwable failure = null;
      MethodHandle newThread = null;
      MethodHandle currentCarrier = null;
      MethodHandle startIn = null;
      MethodHandle scheduler = null;
      VarHandle state = null;
      VarHandle headScope = null;
      VarHandle bindings = null;
      VarHandle nioBlocker = null;
      VarHandle carrier = null;
      VarHandle name = null;
      try {
        var lookup = MethodHandles.lookup();
        Class<?> virtualThread = Class.forName("java.lang.VirtualThread");
        Class<?> builders = Class.forName("java.lang.ThreadBuilders");
        Class<?> container = Class.forName("jdk.internal.vm.ThreadContainer");
        Class<?> scope = Class.forName("jdk.internal.vm.StackableScope");
        Class<?> interruptible = Class.forName("sun.nio.ch.Interruptible");
        var inThread = MethodHandles.privateLookupIn(Thread.class, lookup);
        var inVirtual = MethodHandles.privateLookupIn(virtualThread, lookup);
        var inBuilders = MethodHandles.privateLookupIn(builders, lookup);
        newThread =
            inBuilders.findStatic(
                builders,
                "newVirtualThread",
                MethodType.methodType(
                    Thread.class, Executor.class, String.class, int.class, Runnable.class));
        currentCarrier =
            inThread.findStatic(
                Thread.class, "currentCarrierThread", MethodType.methodType(Thread.class));
        startIn =
            inThread
                .findVirtual(Thread.class, "start", MethodType.methodType(void.class, container))
                .asType(MethodType.methodType(void.class, Thread.class, Object.class));
        scheduler =
            inVirtual
                .findGetter(virtualThread, "scheduler", Executor.class)
                .asType(MethodType.methodType(Executor.class, Thread.class));
        state = inVirtual.findVarHandle(virtualThread, "state", int.class);
        headScope = inThread.findVarHandle(Thread.class, "headStackableScopes", scope);
        bindings = inThread.findVarHandle(Thread.class, "scopedValueBindings", Object.class);
        carrier = inVirtual.findVarHandle(virtualThread, "carrierThread", Thread.class);
        name = inThread.findVarHandle(Thread.class, "name", String.class);
        nioBlocker = inThread.findVarHandle(Thread.class, "nioBlocker", interruptible);
      } catch (ReflectiveOperationException | RuntimeException e) {
        failure = e;
      }
      FAILURE = failure;
      NEW_THREAD = newThread;
      CURRENT_CARRIER = currentCarrier;
      START_IN = startIn;
      SCHEDULER = scheduler;
      STATE = state;
      HEAD_SCOPE = headScope;
      BINDINGS = bindings;
      NIO_BLOCKER = nioBlocker;
      CARRIER = carrier;
      NAME = name;
    }
  }

  private static final boolean AVAILABLE = Handles.FAILURE == null;

  // VirtualThread.state of JDK 25; bit 8 says that somebody is taking its stack.
  private static final int STARTED = 1;
  private static final int RUNNING = 2;
  private static final int PARKED = 4;
  private static final int PINNED = 5;
  private static final int TIMED_PARKED = 7;
  private static final int TIMED_PINNED = 8;
  private static final int UNPARKED = 9;
  private static final int YIELDED = 11;
  private static final int BLOCKING = 12;
  private static final int BLOCKED = 13;
  private static final int UNBLOCKED = 14;
  private static final int WAITING = 15;
  private static final int WAIT = 16;
  private static final int TIMED_WAITING = 17;
  private static final int TIMED_WAIT = 18;
  private static final int TERMINATED = 99;
  private static final int SUSPENDED = 1 << 8;

  private VirtualThreads() {}

  /// {@return whether `java.lang` is open to us and looks as expected}
  public static boolean available() {
    return AVAILABLE;
  }

  /// {@return why it is not [#available], for a log}
  public static @Nullable Throwable failure() {
    return Handles.FAILURE;
  }

  /// {@return the line that makes it [#available]; it fits the way we were loaded}
  public static String flag() {
    Module module = VirtualThreads.class.getModule();
    return "--add-opens java.base/java.lang="
        + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
  }

  /// {@return a sentence about what is missing: the flag, or the JDK that it would be for}
  public static String remedy() {
    if (Handles.FAILURE instanceof IllegalAccessException
        || Handles.FAILURE instanceof java.lang.reflect.InaccessibleObjectException) {
      return "Start java with %s (in an executable jar's manifest: Add-Opens: java.base/java.lang)."
          .formatted(flag());
    }
    return "This JDK, %s, does not have what Greenhouse needs (%s); it is made for JDK 25."
        .formatted(Runtime.version(), Handles.FAILURE);
  }

  /// {@return a new, unstarted virtual thread whose continuation is handed to `scheduler` each time
  /// it may run}
  public static Thread create(Executor scheduler, @Nullable String name, Runnable body) {
    try {
      return (Thread) require(Handles.NEW_THREAD).invokeExact(scheduler, name, 0, body);
    } catch (Throwable t) {
      throw Sneaky.rethrow(t);
    }
  }

  /// {@return the platform thread under the current one}
  public static Thread currentCarrier() {
    try {
      return (Thread) require(Handles.CURRENT_CARRIER).invokeExact();
    } catch (Throwable t) {
      throw Sneaky.rethrow(t);
    }
  }

  /// {@return the scheduler of a virtual thread, as it was made with it or inherited it}
  public static Executor scheduler(Thread virtual) {
    try {
      return (Executor) require(Handles.SCHEDULER).invokeExact(virtual);
    } catch (Throwable t) {
      throw Sneaky.rethrow(t);
    }
  }

  /// {@return the container of the scope that the current thread opened last}
  static Object innermostContainer() {
    return require(Handles.HEAD_SCOPE).get(Thread.currentThread());
  }

  /// {@return the current thread's scoped values, as the JDK keeps them; right after a scope was
  /// opened these are the scope's}
  static @Nullable Object currentBindings() {
    return require(Handles.BINDINGS).get(Thread.currentThread());
  }

  /// Starts a thread in a container, from any thread. The JDK demands that the starter's scoped
  /// values are the container's, so the starter borrows them for the moment of the call.
  static void startIn(Thread thread, Object container, @Nullable Object bindings) {
    VarHandle field = require(Handles.BINDINGS);
    Thread me = Thread.currentThread();
    Object mine = field.get(me);
    if (mine == bindings) {
      startIn(thread, container);
      return;
    }
    field.set(me, bindings);
    try {
      startIn(thread, container);
    } finally {
      field.set(me, mine);
    }
  }

  private static void startIn(Thread thread, Object container) {
    try {
      require(Handles.START_IN).invokeExact(thread, container);
    } catch (Throwable t) {
      throw Sneaky.rethrow(t);
    }
  }

  /// {@return whether the thread would run if its continuation were run now}
  public static boolean isRunnable(Thread virtual) {
    int s = state(virtual);
    return s == STARTED || s == UNPARKED || s == YIELDED || s == UNBLOCKED;
  }

  /// {@return whether the thread waits for something that an interrupt may end}
  public static boolean isBlocked(Thread virtual) {
    int s = state(virtual) & ~SUSPENDED;
    return s == PARKED || s == TIMED_PARKED || s == WAIT || s == TIMED_WAIT || isPinnedState(s);
  }

  /// {@return whether the thread waits, as [#isBlocked] says, or in one of the ways in which the
  /// JDK's state of it does not say so: it is about to unmount and was called off, or waits in a
  /// native frame}
  public static boolean seemsBlocked(Thread virtual) {
    return switch (state(virtual) & ~SUSPENDED) {
      case BLOCKING, BLOCKED, WAITING, TIMED_WAITING -> true;
      case RUNNING ->
          require(Handles.CARRIER).getVolatile(virtual) instanceof Thread carrier
              && switch (carrier.getState()) {
                case BLOCKED, WAITING, TIMED_WAITING -> true;
                case NEW, RUNNABLE, TERMINATED -> false;
              };
      default -> isBlocked(virtual);
    };
  }

  /// Names a virtual thread. `Thread.setName` would take the thread's monitor, which user code may
  /// hold while it waits, and hooks ask for names.
  public static void setName(Thread virtual, String name) {
    VarHandle field = Handles.NAME;
    if (field != null) {
      field.setVolatile(virtual, name);
    } else {
      virtual.setName(name);
    }
  }

  /// {@return whether the thread waits and can't leave its carrier meanwhile}
  public static boolean isPinned(Thread virtual) {
    return isPinnedState(state(virtual));
  }

  private static boolean isPinnedState(int s) {
    return s == PINNED || s == TIMED_PINNED;
  }

  /// {@return whether the thread has ended, its scopes included}
  public static boolean isTerminated(Thread virtual) {
    return state(virtual) == TERMINATED;
  }

  private static int state(Thread virtual) {
    return (int) require(Handles.STATE).getVolatile(virtual);
  }

  /// {@return whether an interrupt of the thread would close a channel, on the thread that
  /// interrupts}
  public static boolean isInChannel(Thread thread) {
    VarHandle field = Handles.NIO_BLOCKER;
    return field != null && field.getVolatile(thread) != null;
  }

  private static <H> H require(@Nullable H handle) {
    if (handle == null) {
      throw new IllegalStateException(remedy(), Handles.FAILURE);
    }
    return handle;
  }
}
