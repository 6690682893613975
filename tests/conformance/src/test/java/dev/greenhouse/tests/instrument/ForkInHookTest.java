package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.CancelReason;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.CapturedLog;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;

/// Hooks must not start tasks: that is refused, and everything goes on.
@ExtendWith(NothingLeft.class)
class ForkInHookTest {
  private static final Set<String> IDLE = Set.of("beforeIdle", "afterIdle"); // pools have none

  /// An instrument all of whose hooks do the same.
  private static Instrument inEachHook(Consumer<String> action) {
    return (Instrument)
        Proxy.newProxyInstance(
            Instrument.class.getClassLoader(),
            new Class<?>[] {Instrument.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "equals" -> proxy == arguments[0];
                  case "hashCode" -> System.identityHashCode(proxy);
                  case "toString" -> "an instrument that starts tasks";
                  default -> {
                    action.accept(method.getName());
                    yield null;
                  }
                });
  }

  private static void useAllHooks(OpenGreenhouse greenhouse) {
    greenhouse.run(
        () -> {
          Nursery.run(nursery -> nursery.fork(() -> Task.checkpoint()));
          assertThat(CancelScope.moveOnAfter(Duration.ofMillis(1), () -> Task.sleepForever()))
              .isFalse();
        });
  }

  private static Set<String> hooks(Kind kind) {
    return Arrays.stream(Instrument.class.getDeclaredMethods())
        .map(Method::getName)
        .filter(name -> kind != Kind.POOL || !IDLE.contains(name))
        .collect(Collectors.toSet());
  }

  @OnEveryKind
  void isRefusedInEachHook(Kind kind) {
    Map<String, String> refusals = new ConcurrentHashMap<>();
    var target = new AtomicReference<@Nullable OpenGreenhouse>();
    var started = new AtomicBoolean();
    Instrument starter =
        inEachHook(
            hook -> {
              OpenGreenhouse greenhouse = target.get();
              try {
                if (greenhouse != null) {
                  greenhouse.launch(
                      () -> {
                        started.set(true);
                        return 0;
                      });
                }
              } catch (IllegalStateException e) {
                refusals.put(hook, e.getMessage());
              }
            });
    try (OpenGreenhouse greenhouse = kind.build(starter)) {
      target.set(greenhouse);
      useAllHooks(greenhouse);
    }
    assertThat(refusals.keySet()).isEqualTo(hooks(kind));
    assertThat(refusals.values())
        .allSatisfy(
            message ->
                assertThat(message)
                    .startsWith("A hook of an instrument launched a task in greenhouse 'test-")
                    .contains("let a task or a thread of your own do the rest"));
    assertThat(started).isFalse();
  }

  /// It is refused where it is noticed, and harmless where not.
  @OnEveryKind
  void aTaskOfAnotherGreenhouseIsRefusedOrRuns(Kind kind) {
    var target = new AtomicReference<@Nullable OpenGreenhouse>();
    var launched = new ConcurrentLinkedQueue<Task<?>>();
    Set<String> called = ConcurrentHashMap.newKeySet();
    Instrument starter =
        inEachHook(
            hook -> {
              OpenGreenhouse other = target.get();
              if (other != null && called.add(hook)) {
                try {
                  launched.add(other.launch(() -> 1));
                } catch (IllegalStateException e) {
                  assertThat(e).hasMessageStartingWith("A hook of an instrument launched a task");
                }
              }
            });
    OpenGreenhouse greenhouse = kind.build(starter);
    try (OpenGreenhouse other = kind.build()) {
      target.set(other);
      try (greenhouse) {
        useAllHooks(greenhouse);
      }
      assertThat(greenhouse.instruments().list()).containsExactly(starter);
      assertThat(called).isEqualTo(hooks(kind));
      assertThat(launched).allSatisfy(task -> assertThat(task.join()).isEqualTo(1));
    }
  }

  @OnEveryKind
  void alsoIntoANursery(Kind kind) {
    var target = new AtomicReference<@Nullable Nursery>();
    var forker =
        new Instrument() {
          @Override
          public void taskSpawned(TaskView task) {
            Nursery nursery = target.get();
            if (nursery != null) {
              nursery.fork(() -> 1);
            }
          }
        };
    try (var log = CapturedLog.begin();
        OpenGreenhouse greenhouse = kind.build(forker)) {
      int ran =
          greenhouse.call(
              () -> {
                try (var nursery = Nursery.open("bed")) {
                  target.set(nursery);
                  Task<Integer> child = nursery.fork(() -> 12);
                  assertThat(nursery.children()).hasSizeLessThanOrEqualTo(1);
                  return child.join();
                }
              });
      assertThat(ran).isEqualTo(12);
      assertThat(greenhouse.instruments().list()).doesNotContain(forker);
      log.await("A hook of an instrument forked a task into nursery 'bed'.", "taskSpawned");
    }
  }

  /// On a loop it would wait for ever for itself.
  @OnEveryKind
  @NeedsFlag
  void soIsRunningAMainTaskInAHookOfASteps(Kind kind) {
    var refusal = new AtomicReference<@Nullable Throwable>();
    var target = new AtomicReference<@Nullable OpenGreenhouse>();
    var runner =
        new Instrument() {
          @Override
          public void beforeTaskStep(TaskView task) {
            OpenGreenhouse greenhouse = target.getAndSet(null);
            if (greenhouse != null) {
              try {
                greenhouse.run(() -> Task.checkpoint());
              } catch (IllegalStateException e) {
                refusal.set(e);
              }
            }
          }
        };
    try (OpenGreenhouse greenhouse = kind.build(runner)) {
      target.set(greenhouse);
      greenhouse.run(() -> Task.checkpoint());
    }
    assertThat(refusal.get())
        .hasMessageContaining("A hook of an instrument called run of greenhouse");
  }

  /// The inner hook's end is not the outer one's.
  @OnEveryKind
  void alsoAfterAHookInsideOfTheHook(Kind kind) {
    var refusal = new AtomicReference<@Nullable Throwable>();
    var target = new AtomicReference<@Nullable Nursery>();
    var canceller =
        new Instrument() {
          @Override
          public void taskEntered(TaskView task) {
            Nursery nursery = target.getAndSet(null);
            if (nursery != null) {
              nursery.cancel("by a hook"); // tells cancelRequested
              try {
                nursery.fork(() -> 1);
              } catch (IllegalStateException e) {
                refusal.set(e);
              }
            }
          }

          @Override
          public void cancelRequested(TaskView owner, String scope, CancelReason reason) {}
        };
    try (OpenGreenhouse greenhouse = kind.build(canceller)) {
      greenhouse.run(
          () ->
              Nursery.run(
                  nursery -> {
                    target.set(nursery);
                    nursery.fork(() -> 1);
                  }));
    }
    assertThat(refusal.get()).hasMessageContaining("A hook of an instrument forked a task");
  }

  @OnEveryKind
  void isAllowedAgainAfterwards(Kind kind) {
    try (OpenGreenhouse greenhouse = kind.build(inEachHook(hook -> {}))) {
      int sum =
          greenhouse.call(
              () -> {
                try (var nursery = Nursery.open()) {
                  return nursery.fork(() -> 1).join() + nursery.fork(() -> 2).join();
                }
              });
      assertThat(sum).isEqualTo(3);
    }
  }
}
