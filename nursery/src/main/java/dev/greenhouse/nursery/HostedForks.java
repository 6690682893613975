package dev.greenhouse.nursery;

import dev.greenhouse.nursery.jdk.TaskScope;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/// How threads get into a nursery's JDK scope without the flag: only its owner may fork there, and
/// only under the scoped values of the opening. What others fork goes to a *host*, a thread that
/// was forked at the opening, has a scope of its own and forks it there.
final class HostedForks {
  private static final Thread END = new Thread();

  private final String name;
  private final TaskScope scope;
  private final BlockingQueue<Thread> mail = new LinkedBlockingQueue<>();
  private @Nullable Thread next; // owner only: what the factory shall return

  HostedForks(String name) {
    this.name = name;
    this.scope = TaskScope.open(name, body -> next());
    forkHere(Thread.ofVirtual().name(name + "-host").unstarted(this::host));
  }

  TaskScope scope() {
    return scope;
  }

  /// Starts a thread. Owner only.
  void forkHere(Thread thread) {
    next = thread;
    scope.fork();
  }

  /// Has a thread started by the host. Any thread, while the nursery is open.
  void forkThere(Thread thread) {
    mail.add(thread);
  }

  /// No more forks.
  void dismiss() {
    mail.add(END);
  }

  private Thread next() {
    Thread n = next;
    if (n == null) {
      throw new AssertionError("a fork without a thread");
    }
    next = null;
    return n;
  }

  private void host() {
    var starting = new Thread[1];
    TaskScope mine = TaskScope.open(name + "-host", body -> starting[0]);
    try {
      for (Thread t; (t = take()) != END; ) {
        starting[0] = t;
        mine.fork();
      }
    } finally {
      mine.joinAndClose();
    }
  }

  private Thread take() {
    while (true) {
      try {
        return mail.take();
      } catch (InterruptedException e) {
        // Nobody but the JDK interrupts a host, when it closes a scope that was left open; the end
        // still comes.
      }
    }
  }
}
