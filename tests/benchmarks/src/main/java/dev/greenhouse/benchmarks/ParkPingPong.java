package dev.greenhouse.benchmarks;

import java.util.concurrent.locks.LockSupport;

/// Two virtual threads that park and unpark each other in turns. They inherit the scheduler of
/// whoever runs this.
final class ParkPingPong {
  private final int roundTrips;
  private final Thread ping = Thread.ofVirtual().unstarted(() -> play(false));
  private final Thread pong = Thread.ofVirtual().unstarted(() -> play(true));

  private volatile boolean pongsTurn; // written by whose turn it is

  ParkPingPong(int roundTrips) {
    this.roundTrips = roundTrips;
  }

  void run() throws InterruptedException {
    pong.start();
    ping.start();
    ping.join();
    pong.join();
  }

  private void play(boolean asPong) {
    Thread other = asPong ? ping : pong;
    for (int i = 0; i < roundTrips; i++) {
      while (pongsTurn != asPong) {
        LockSupport.park();
      }
      pongsTurn = !asPong;
      LockSupport.unpark(other);
    }
  }
}
