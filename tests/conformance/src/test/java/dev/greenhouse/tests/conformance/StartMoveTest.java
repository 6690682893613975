package dev.greenhouse.tests.conformance;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.StartStatus;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conformance C27: a started task moves, with all that it has forked, under the scopes of its
/// nursery.
@ExtendWith(NothingLeft.class)
class StartMoveTest {
  // C27: cancelled just before started
  @OnEveryKind
  void aChildMovedWithSleepingGrandchildrenIntoACancelledNurseryIsCancelled(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Nursery target = startNursery(nursery);
            target.start(status -> sleepingChildren(status, target::cancel));
          }
        });
  }

  // C27: cancelled right after the move
  @OnEveryKind
  void aChildMovedWithSleepingGrandchildrenIsCancelledWithItsNewNursery(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          try (var nursery = Nursery.open()) {
            Nursery target = startNursery(nursery);
            target.start(status -> sleepingChildren(status, () -> {}));
            target.cancel();
          }
        });
  }

  private static Nursery startNursery(Nursery nursery) {
    return nursery.<Nursery, RuntimeException>start(
        status ->
            Nursery.run(
                target -> {
                  status.started(target);
                  Task.sleepForever();
                }));
  }

  private static void sleepingChildren(StartStatus<?> status, Runnable beforeStarted)
      throws InterruptedException {
    try (var nursery = Nursery.open("grandchildren")) {
      var asleep = new CountDownLatch(2);
      for (int i = 0; i < 2; i++) {
        nursery.fork(
            () -> {
              asleep.countDown();
              Task.sleepForever();
            });
      }
      asleep.await();
      beforeStarted.run();
      status.started();
    }
  }
}
