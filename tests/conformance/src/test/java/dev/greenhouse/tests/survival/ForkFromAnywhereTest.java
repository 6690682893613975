package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.instrumentation.TaskState;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NothingLeft.class)
class ForkFromAnywhereTest {
  private static final ScopedValue<String> VALUE = ScopedValue.newInstance();

  @OnEveryKind
  void whileTheOwnerIsBlockedInAcceptAndEverybodySeesTheOpenersValues(Kind kind) throws Throwable {
    var seen = new ConcurrentHashMap<String, String>();
    kind.run(
        () ->
            ScopedValue.where(VALUE, "opener")
                .call(
                    () -> {
                      try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                          var outermost = Nursery.open("outermost")) {
                        outermost.fork(() -> forkAround(outermost, server, seen));
                        server.accept().close();
                      }
                      return null;
                    }));
    assertThat(seen)
        .containsOnly(
            java.util.Map.entry("child", "opener"),
            java.util.Map.entry("grandchild", "opener"),
            java.util.Map.entry("grandchild itself", "rebound"),
            java.util.Map.entry("plain thread", "opener"));
  }

  @NeedsFlag
  @OnEveryKind
  void aCarrierThatStartsAThreadKeepsNoneOfTheOpenersValues(Kind kind) throws Throwable {
    var steps = new AtomicInteger();
    var bound = new AtomicInteger();
    var values =
        new Instrument() {
          @Override
          public void beforeTaskStep(TaskView task) {
            steps.incrementAndGet();
            bound.addAndGet(VALUE.isBound() ? 1 : 0);
          }

          @Override
          public void afterTaskStep(TaskView task) {
            bound.addAndGet(VALUE.isBound() ? 1 : 0);
          }
        };
    try (var greenhouse = kind.build(values)) {
      greenhouse.run(
          () ->
              ScopedValue.where(VALUE, "opener")
                  .run(
                      () -> {
                        try (var nursery = Nursery.open()) {
                          for (int i = 0; i < 10; i++) {
                            nursery.fork(() -> assertThat(VALUE.get()).isEqualTo("opener"));
                          }
                        }
                      }));
    }
    assertThat(steps).hasValueGreaterThan(10);
    assertThat(bound).hasValue(0);
  }

  private static void forkAround(
      Nursery outermost, ServerSocket server, ConcurrentHashMap<String, String> seen)
      throws Exception {
    while (outermost.owner().state() != TaskState.WAITING) {
      Task.checkpoint();
    }
    var ran = new CountDownLatch(3);
    outermost.fork(() -> note(seen, "child", ran));
    try (var middle = Nursery.open("middle")) {
      middle.fork(
          () -> {
            try (var inner = Nursery.open("inner")) {
              inner.fork(
                  () ->
                      ScopedValue.where(VALUE, "rebound")
                          .run(
                              () -> {
                                outermost.fork(() -> note(seen, "grandchild", ran));
                                seen.put("grandchild itself", VALUE.get());
                              }));
            }
          });
    }
    var plain = new Thread(() -> outermost.fork(() -> note(seen, "plain thread", ran)));
    plain.start();
    plain.join();
    ran.await();
    assertThat(outermost.owner().state()).isEqualTo(TaskState.WAITING);
    new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort()).close();
  }

  private static void note(ConcurrentHashMap<String, String> seen, String who, CountDownLatch ran) {
    seen.put(who, VALUE.orElse("nothing"));
    ran.countDown();
  }

  @OnEveryKind
  void theFirstForkComesFromSomebodyElse(Kind kind) throws Throwable {
    kind.run(
        () ->
            ScopedValue.where(VALUE, "opener")
                .call(
                    () -> {
                      try (var nursery = Nursery.open()) {
                        var forked = new ArrayList<Task<String>>();
                        var plain = new Thread(() -> forked.add(nursery.fork(VALUE::get)));
                        plain.start();
                        plain.join();
                        assertThat(forked.getFirst().join()).isEqualTo("opener");
                        assertThat(nursery.fork(VALUE::get).join()).isEqualTo("opener");
                      }
                      return null;
                    }));
  }

  @OnEveryKind
  void theFirstForkComesFromTheOwnerUnderOtherBindings(Kind kind) throws Throwable {
    ScopedValue<String> other = ScopedValue.newInstance();
    kind.run(
        () ->
            ScopedValue.where(VALUE, "opener")
                .call(
                    () -> {
                      try (var nursery = Nursery.open()) {
                        List<Task<String>> tasks =
                            ScopedValue.where(VALUE, "rebound")
                                .where(other, "new")
                                .call(
                                    () -> {
                                      var first = nursery.fork(() -> VALUE.get());
                                      var second = nursery.fork(() -> other.orElse("unbound"));
                                      assertThat(VALUE.get()).isEqualTo("rebound");
                                      assertThat(other.get()).isEqualTo("new");
                                      return List.of(first, second);
                                    });
                        assertThat(tasks.get(0).join()).isEqualTo("opener");
                        assertThat(tasks.get(1).join()).isEqualTo("unbound");
                        assertThat(VALUE.get()).isEqualTo("opener");
                      }
                      return null;
                    }));
  }

  /// Without the flag the JDK refuses the task's thread, and it gets another one.
  @OnEveryKind
  void aTaskForkedUnderOtherBindingsIsTheSameFromItsForkToItsEnd(Kind kind) {
    var ids = new ConcurrentLinkedQueue<Long>();
    var instrument =
        new Instrument() {
          @Override
          public void taskSpawned(TaskView task) {
            note(task);
          }

          @Override
          public void taskEntered(TaskView task) {
            note(task);
          }

          @Override
          public void taskExited(TaskView task, Outcome<?> outcome) {
            note(task);
          }

          private void note(TaskView task) {
            if (task.parent().isPresent()) {
              ids.add(task.id());
            }
          }
        };
    try (OpenGreenhouse greenhouse = kind.build(instrument)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open("beds")) {
              ScopedValue.where(VALUE, "forker")
                  .run(
                      () -> {
                        namedLikeItsThread(nursery.fork("rose", () -> Task.current()), "rose");
                        assertThat(nursery.fork(() -> Thread.currentThread().getName()).join())
                            .isEqualTo("beds");
                        Task<Task<?>> unnamed = nursery.fork(() -> Task.current());
                        namedLikeItsThread(unnamed, "beds-" + unnamed.id());
                      });
            }
          });
    }
    assertThat(new HashSet<>(ids)).hasSize(3);
    assertThat(ids).hasSize(9);
  }

  private static void namedLikeItsThread(Task<? extends Task<?>> task, String name) {
    assertThat(task.join()).isSameAs(task);
    assertThat(task.name()).isEqualTo(name);
    assertThat(task.thread().getName()).isEqualTo(name);
  }

  @OnEveryKind
  void anOpenerWithoutValuesGivesNoneEvenIfTheForkerHasSome(Kind kind) throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Task<Boolean> task =
                ScopedValue.where(VALUE, "forker").call(() -> nursery.fork(VALUE::isBound));
            assertThat(task.join()).isFalse();
          }
        });
  }

  @OnEveryKind
  void aTaskThatIsForkedIntoAnOuterNurseryOutlivesTheForker(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var forkerIsGone = new CountDownLatch(1);
          var forked = new ArrayList<Task<String>>();
          try (var outer = Nursery.open("outer")) {
            try (var inner = Nursery.open("inner")) {
              inner.fork(
                  () ->
                      forked.add(
                          outer.fork(
                              () -> {
                                forkerIsGone.await();
                                return "ran";
                              })));
            }
            assertThat(outer.children()).hasSize(1);
            forkerIsGone.countDown();
          }
          assertThat(forked.getFirst().join()).isEqualTo("ran");
        });
  }

  @OnEveryKind
  void tenThousandForksFromFourThreadsAtOnceLoseNone(Kind kind) throws Throwable {
    int each = 2_500;
    var ran = new AtomicInteger();
    var forked = new AtomicInteger();
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Runnable forker =
                () -> {
                  for (int i = 0; i < each; i++) {
                    nursery.fork(() -> ran.incrementAndGet());
                    forked.incrementAndGet();
                  }
                };
            var plain = List.of(new Thread(forker), new Thread(forker));
            plain.forEach(Thread::start);
            nursery.fork(forker::run);
            nursery.fork(forker::run);
            for (Thread t : plain) {
              t.join();
            }
          }
          assertThat(forked).hasValue(4 * each);
          assertThat(ran).hasValue(4 * each);
        });
  }
}
