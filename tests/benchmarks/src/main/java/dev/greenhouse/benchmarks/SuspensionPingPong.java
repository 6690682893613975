package dev.greenhouse.benchmarks;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.lowlevel.Suspension;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Two tasks that resume each other in turns: the one that runs this, and a child of it.
final class SuspensionPingPong {
  private final int roundTrips;

  // The wait that the other one ends next. Written by the task that waits, before it resumes the
  // other one.
  private volatile @Nullable Suspension<Integer> ping;
  private volatile @Nullable Suspension<Integer> pong;

  SuspensionPingPong(int roundTrips) {
    this.roundTrips = roundTrips;
  }

  void run() {
    try (var nursery = Nursery.open()) {
      nursery.start(
          status -> {
            var first = Suspension.<Integer>create();
            pong = first;
            status.started();
            first.await();
            playPong();
          });
      playPing();
    }
  }

  private void playPing() {
    for (int i = 0; i < roundTrips; i++) {
      var mine = Suspension.<Integer>create();
      ping = mine;
      Objects.requireNonNull(pong).resume(i);
      mine.await();
    }
  }

  private void playPong() {
    for (int i = 1; i < roundTrips; i++) {
      var mine = Suspension.<Integer>create();
      pong = mine;
      Objects.requireNonNull(ping).resume(i);
      mine.await();
    }
    Objects.requireNonNull(ping).resume(0);
  }
}
