package dev.greenhouse.instrumentation.dispatch;

/// Which threads are inside a hook, so that what must not be done there can be refused.
///
/// A thread-local would cost more, and each virtual thread a map. Here a thread writes its id into
/// a place that others may use, too: if two are in hooks at once and share it, one of them is
/// forgotten. So this can miss a hook, once in a long while, but never sees one where there is
/// none. Hooks of steps run on carriers, which are known anyway, and are not marked.
public final class InHook {
  private static final int PLACES = 256;
  private static final int APART = 8; // each in a cache line of its own

  /// Ids of threads. Each thread reads only whether its own is there, which nobody else writes.
  private static final long[] IDS = new long[PLACES * APART];

  private InHook() {}

  /// The current thread enters a hook.
  ///
  /// @return what to leave it with: negative if it is in a hook already, which it does not leave
  static int enter() {
    long id = Thread.currentThread().threadId();
    int place = place(id);
    if (IDS[place] == id) {
      return -1;
    }
    IDS[place] = id;
    return place;
  }

  static void leave(int place) {
    if (place >= 0) {
      IDS[place] = 0;
    }
  }

  /// {@return whether the current thread is in a hook that is not one of a step's}
  public static boolean isHere() {
    long id = Thread.currentThread().threadId();
    return IDS[place(id)] == id;
  }

  private static int place(long id) {
    return ((int) id & (PLACES - 1)) * APART;
  }
}
