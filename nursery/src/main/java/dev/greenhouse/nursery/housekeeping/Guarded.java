package dev.greenhouse.nursery.housekeeping;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// An object with a spin word of its own that guards a few of its fields.
///
/// Carriers and tasks share such fields, so the guard can't be a monitor or a
/// `java.util.concurrent` lock: a virtual thread that waits for one unmounts, and if its carrier
/// then wants the same one, both wait for ever. Inside there are a few instructions: no user code,
/// nothing that blocks or unmounts, no second spin word.
public abstract class Guarded {
  private static final VarHandle WORD =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "word", VarHandle.class, Guarded.class, int.class);

  @SuppressWarnings("UnusedVariable") // accessed by WORD
  private volatile int word;

  /// Nothing to set up.
  protected Guarded() {}

  /// Takes the spin word.
  public final void lock() {
    while (!WORD.compareAndSet(this, 0, 1)) {
      Thread.onSpinWait();
    }
  }

  /// Gives it back.
  public final void unlock() {
    WORD.setRelease(this, 0);
  }
}
