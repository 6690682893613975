package dev.greenhouse.tests.interop;

import java.awt.EventQueue;
import javax.swing.Timer;

/// Swing's event thread.
final class SwingLoop implements HostLoop {
  @Override
  public void execute(Runnable command) {
    EventQueue.invokeLater(command);
  }

  @Override
  public boolean isHere() {
    return EventQueue.isDispatchThread();
  }

  @Override
  public Runnable every(int millis, Runnable beat) {
    var timer = new Timer(millis, event -> beat.run());
    timer.start();
    return timer::stop;
  }

  @Override
  public void close() {
    // It is the JVM's.
  }
}
