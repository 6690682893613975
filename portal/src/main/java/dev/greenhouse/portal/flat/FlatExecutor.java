package dev.greenhouse.portal.flat;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.Action;
import dev.greenhouse.nursery.lowlevel.EventLoop;
import dev.greenhouse.portal.AsyncCallable;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Tasks on one event loop, with no tree, no nursery and no hooks, and portals for them.
///
/// ```java
/// try (var flat = FlatExecutor.open()) {              // or FlatExecutor.on(nettyEventLoop)
///   FlatTask<String> report = flat.withPortalRunSync(() -> legacy.render(id)); // may await
///   report.thenAccept(this::show);                     // on the loop
/// }
/// ```
///
/// A task is a chain of steps; steps of all tasks run one after the other on the loop. Without a
/// portal a step runs directly on the loop's thread, and [dev.greenhouse.portal.Portal#await] there
/// throws. With one, the step runs on a virtual thread that the loop carries. When it awaits, or
/// blocks in anything of the JDK that unmounts virtual threads, the loop is free for other events,
/// and the step goes on later, on the loop again.
///
/// ## What a portal means for code that knows its loop
///
/// - `Thread.currentThread()` is the virtual thread of the step, a new one for each step, and not
///   the loop's. Its uncaught exceptions, priority and context class loader are its own, too.
/// - So checks such as Netty's `inEventLoop()`, Vert.x's `Context`, Swing's
///   `EventQueue.isDispatchThread()` and JavaFX's `isFxApplicationThread()` say **no**, although
///   nothing else runs on the loop at that moment. Code that insists on such a check, or finds its
///   context by it, belongs into a step without a portal: `Portal.await(flat.spawn(..))`.
/// - Thread-locals of the loop's thread are not seen, and what is set in the step is gone with it.
/// - Between two awaits nothing else runs on the loop, so its data can be used without locks. *At*
///   an await everything may change, as in any asynchronous code.
/// - A lock, or monitor, that is held across an await stays held while other steps run. If one of
///   them wants it in a portal, it waits, and the loop goes on. If it wants it directly on the
///   loop's thread, the loop stands still, and so the lock is never given back. Don't hold locks
///   across an await that direct steps want.
/// - That includes the lock of the loop's own queue, if it has one, as Swing's and those of
///   `java.util.concurrent` have: a step with a portal that hands the loop commands by itself,
///   while other threads do the same, can in rare cases stand in that lock's way. [#spawn] does
///   not.
/// - A thread that can't be unmounted, as in a class initialiser or under a native frame, keeps the
///   loop while it waits.
/// - An interrupt of the loop's own thread that comes while it carries a step is lost to the JDK.
///
/// Virtual threads that code starts inside a step inherit its scheduler from the JDK: they run on
/// the loop, too, and have no portal.
///
/// ## The loop
///
/// [#open()] starts a thread of its own. [#on(Executor)] uses somebody's: it must run commands one
/// after the other, later and not inside `execute`, on a platform thread, which it may replace. It
/// is given one command for each step, so its other events are served in between. Any thread may
/// hand it one, also the JDK's own, so its `execute` must be thread-safe and not block. A loop that
/// is run *inside* a step, as by a modal dialog, takes no further steps until that one has ended.
///
/// If it runs two steps at once, runs one inline or on a virtual thread, rejects one, or is an
/// `ExecutorService` that is shut down, the executor is **broken**: what has not begun does not
/// begin; what waits is cancelled and unwinds on other threads, one after the other; all of these
/// tasks fail with an `IllegalStateException` that says what happened; so does every later spawn.
/// Nothing hangs, and virtual threads elsewhere are not harmed.
///
/// Portals need one flag for `java`, `--add-opens java.base/java.lang=ALL-UNNAMED`; [#spawn] does
/// not. All methods may be called by any thread, and none but [#close] blocks.
///
/// The idea is [greenback](https://greenback.readthedocs.io)'s on asyncio.
public final class FlatExecutor implements AutoCloseable {
  static final String PORTAL = "A portal on an event loop";

  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final String name;
  private final EventLoop loop;
  private final Set<FlatTask<?>> live = ConcurrentHashMap.newKeySet();
  private final AtomicLong spawned = new AtomicLong();

  /// Why there are no new tasks. Set once, by who closes or breaks it; who adds a task reads it
  /// afterwards.
  private final AtomicReference<@Nullable CancelReason> refusal = new AtomicReference<>();

  private volatile @Nullable CancelReason broken; // set once, before steps are taken elsewhere

  private final CountDownLatch gone = new CountDownLatch(1); // closed or broken, and no task left

  private FlatExecutor(String name, @Nullable Executor given) {
    this.name = name;
    this.loop =
        given == null
            ? EventLoop.start("greenhouse-" + name)
            : EventLoop.on(given, () -> !live.isEmpty(), this::loopBroke);
  }

  /// {@return an executor with a loop thread of its own, a daemon; to be closed}
  public static FlatExecutor open() {
    return open("flat-" + NUMBER.incrementAndGet());
  }

  /// {@return an executor with a loop thread of its own, a daemon; to be closed}
  ///
  /// @param name its name, and what its thread and its tasks are named after
  public static FlatExecutor open(String name) {
    return new FlatExecutor(Objects.requireNonNull(name, "name"), null);
  }

  /// {@return an executor on somebody's event loop: see the class}
  ///
  /// @param loop Netty's, Vert.x's, Swing's `EventQueue::invokeLater`, JavaFX's
  ///   `Platform::runLater`, or any single-threaded executor. Never shut down here
  public static FlatExecutor on(Executor loop) {
    return new FlatExecutor(
        "flat-" + NUMBER.incrementAndGet(), Objects.requireNonNull(loop, "loop"));
  }

  /// {@return its name}
  public String name() {
    return name;
  }

  /// {@return its tasks that are not done}
  public List<FlatTask<?>> tasks() {
    return live.stream().filter(task -> !task.isDone()).toList();
  }

  // ---- starting tasks

  /// Starts a task without a portal: its first step runs directly on the loop. Works without the
  /// flag.
  ///
  /// @param <T> the type of its value
  /// @param body its first step, which must not wait; the task is done when the stage that it
  ///   returns is done
  /// @return the task
  /// @throws IllegalStateException if the executor is closed or broken
  public <T extends @Nullable Object> FlatTask<T> spawn(AsyncCallable<? extends T> body) {
    return startAsync(null, body, false);
  }

  /// Starts a named task, as [#spawn(AsyncCallable)] does.
  ///
  /// @param <T> the type of its value
  /// @param name the task's name
  /// @param body its first step
  /// @return the task
  /// @throws IllegalStateException if the executor is closed or broken
  public <T extends @Nullable Object> FlatTask<T> spawn(
      String name, AsyncCallable<? extends T> body) {
    return startAsync(Objects.requireNonNull(name, "name"), body, false);
  }

  /// Starts a task with a portal, for all its steps. A task that it spawns gets none.
  ///
  /// @param <T> the type of its value
  /// @param body its first step, which may await; the task is done when the stage that it returns
  ///   is done
  /// @return the task
  /// @throws IllegalStateException if the executor is closed or broken, or the JVM was started
  ///   without the flag
  public <T extends @Nullable Object> FlatTask<T> withPortalRun(AsyncCallable<? extends T> body) {
    return startAsync(null, body, true);
  }

  /// Starts a named task with a portal, as [#withPortalRun(AsyncCallable)] does.
  ///
  /// @param <T> the type of its value
  /// @param name the task's name
  /// @param body its first step
  /// @return the task
  /// @throws IllegalStateException if the executor is closed or broken, or the JVM was started
  ///   without the flag
  public <T extends @Nullable Object> FlatTask<T> withPortalRun(
      String name, AsyncCallable<? extends T> body) {
    return startAsync(Objects.requireNonNull(name, "name"), body, true);
  }

  /// Starts a task that runs a synchronous function with a portal. A task that it spawns gets none.
  ///
  /// @param <T> the type of its value
  /// @param body the function, which may await; its value is the task's
  /// @return the task
  /// @throws IllegalStateException if the executor is closed or broken, or the JVM was started
  ///   without the flag
  public <T extends @Nullable Object> FlatTask<T> withPortalRunSync(Callable<? extends T> body) {
    Objects.requireNonNull(body, "body");
    return startSync(null, body::call);
  }

  /// Starts a task that runs something without a value, as [#withPortalRunSync(Callable)] does.
  ///
  /// @param body what may await
  /// @return the task
  /// @throws IllegalStateException if the executor is closed or broken, or the JVM was started
  ///   without the flag
  public FlatTask<@Nullable Void> withPortalRunSync(Action body) {
    return startSync(null, asFunction(body));
  }

  /// Starts a named task that runs a synchronous function, as [#withPortalRunSync(Callable)] does.
  ///
  /// @param <T> the type of its value
  /// @param name the task's name
  /// @param body the function
  /// @return the task
  /// @throws IllegalStateException if the executor is closed or broken, or the JVM was started
  ///   without the flag
  public <T extends @Nullable Object> FlatTask<T> withPortalRunSync(
      String name, Callable<? extends T> body) {
    Objects.requireNonNull(body, "body");
    return startSync(Objects.requireNonNull(name, "name"), body::call);
  }

  /// Starts a named task that runs something without a value, as [#withPortalRunSync(Callable)]
  /// does.
  ///
  /// @param name the task's name
  /// @param body what may await
  /// @return the task
  /// @throws IllegalStateException if the executor is closed or broken, or the JVM was started
  ///   without the flag
  public FlatTask<@Nullable Void> withPortalRunSync(String name, Action body) {
    return startSync(Objects.requireNonNull(name, "name"), asFunction(body));
  }

  /// Always refused, as greenback refuses it on asyncio.
  ///
  /// @param <T> the type of its value
  /// @param body not used
  /// @return nothing
  /// @throws UnsupportedOperationException always: flat tasks are in no tree, and there is no hook
  ///   that would tell of a new one
  @SuppressWarnings("DoNotCallSuggester") // the annotation would be one more dependency
  public <T extends @Nullable Object> FlatTask<T> withPortalRunTree(
      AsyncCallable<? extends T> body) {
    throw new UnsupportedOperationException(
        "Flat executor '%s' has no tree of tasks, and no hook tells of new ones, so withPortalRunTree can't give them portals. Start each by withPortalRun(fn) or withPortalRunSync(fn), or fork them in nurseries of a greenhouse on the same loop: Greenhouse.builder().on(executor)."
            .formatted(name));
  }

  private <T extends @Nullable Object> FlatTask<T> startAsync(
      @Nullable String taskName, AsyncCallable<? extends T> body, boolean withPortal) {
    Objects.requireNonNull(body, "body");
    if (withPortal) {
      EventLoop.requireThreads(PORTAL);
    }
    FlatTask<T> task = add(taskName);
    task.startAsync(body, withPortal);
    return task;
  }

  private <T extends @Nullable Object> FlatTask<T> startSync(
      @Nullable String taskName, FlatTask.CallableOrNull<? extends T> body) {
    EventLoop.requireThreads(PORTAL);
    FlatTask<T> task = add(taskName);
    task.startSync(body);
    return task;
  }

  private static FlatTask.CallableOrNull<@Nullable Void> asFunction(Action body) {
    Objects.requireNonNull(body, "body");
    return () -> {
      body.run();
      return null;
    };
  }

  private <T extends @Nullable Object> FlatTask<T> add(@Nullable String taskName) {
    refuseIfEnded();
    var task = new FlatTask<T>(this, loop, spawned.incrementAndGet(), taskName);
    live.add(task);
    try {
      refuseIfEnded();
    } catch (IllegalStateException ended) {
      gone(task);
      throw ended;
    }
    return task;
  }

  private void refuseIfEnded() {
    CancelReason r = refusal.get();
    if (r != null) {
      throw new IllegalStateException(
          "%s. Open another one to run more tasks.".formatted(capitalised(r.text())), r.cause());
    }
  }

  private static String capitalised(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }

  // ---- what the tasks say

  void gone(FlatTask<?> task) {
    live.remove(task);
    lookWhetherGone();
  }

  private void lookWhetherGone() {
    if (refusal.get() != null && live.isEmpty()) {
      gone.countDown();
    }
  }

  @Nullable CancelReason brokenBy() {
    return broken;
  }

  /// On the loop; or elsewhere and not behind what is queued there, if the loop has broken.
  void runSoon(Runnable completion) {
    if (broken != null) {
      EventLoop.executeElsewhere(completion);
    } else {
      loop.execute(completion);
    }
  }

  // ---- ending

  private void loopBroke(String what, @Nullable Throwable cause) {
    var reason =
        new CancelReason(
            Source.BROKEN,
            "flat executor '%s' is broken: its loop %s".formatted(name, what),
            cause);
    refusal.set(reason);
    broken = reason;
    EventLoop.executeElsewhere(() -> cancelAll(reason)); // it may run users' code
  }

  private void cancelAll(CancelReason reason) {
    live.forEach(task -> task.cancel(reason));
  }

  /// Takes no more tasks, and waits until those that there are have ended. If the thread is
  /// interrupted meanwhile, the tasks are cancelled, the wait goes on, and the interrupt is set
  /// again. Then a loop thread of its own is ended; somebody's loop is left alone.
  ///
  /// It blocks the thread, and so must not be called on the loop: it is refused in a step, but an
  /// event of somebody's loop that is no step can't be told apart. Closing twice is fine.
  ///
  /// @throws IllegalStateException in a step of one of its tasks
  @Override
  public void close() {
    FlatTask<?> me = FlatTask.currentOrNull();
    if (loop.isHere() || (me != null && me.isOf(this))) {
      throw new IllegalStateException(
          "Flat executor '%s' is being closed in a step of its own loop, which would wait for itself. Close it outside; its tasks can be cancelled here."
              .formatted(name));
    }
    refusal.compareAndSet(
        null, new CancelReason(Source.SHUTDOWN, "flat executor '%s' is closed".formatted(name)));
    lookWhetherGone();
    awaitGone();
    loop.close();
  }

  private void awaitGone() {
    boolean interrupted = false;
    while (true) {
      try {
        gone.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
        cancelAll(
            new CancelReason(
                Source.SHUTDOWN,
                "flat executor '%s' is being closed by a thread that was interrupted"
                    .formatted(name)));
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// {@return its name, and whether it takes tasks}
  @Override
  public String toString() {
    CancelReason r = refusal.get();
    return "FlatExecutor[%s, %s]".formatted(name, r == null ? "open" : r);
  }
}
