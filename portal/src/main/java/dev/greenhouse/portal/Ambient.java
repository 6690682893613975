package dev.greenhouse.portal;

import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.LoopStep;

/// Which world the current code is in, so that a library can decide how to wait or to start
/// something.
public enum Ambient {
  /// A task of a nursery: [dev.greenhouse.nursery.Task#current()] works.
  NURSERY_TASK,

  /// A step of a flat task: [dev.greenhouse.portal.flat.FlatTask#current()] works. If a nursery is
  /// open on the step's thread, it is a [#NURSERY_TASK].
  FLAT_TASK,

  /// Anything else: plain threads, callbacks on an event loop, virtual threads started by hand.
  NEITHER;

  /// {@return the world of the current thread} Any thread; never blocks. Whether anything can be
  /// awaited there tells [Portal#hasPortal()].
  public static Ambient current() {
    if (Task.currentIfAny().isPresent()) {
      return NURSERY_TASK;
    }
    return LoopStep.current() != null ? FLAT_TASK : NEITHER;
  }
}
