package dev.greenhouse.instrumentation.dispatch;

import dev.greenhouse.instrumentation.Instrument;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// One registration of an instrument.
final class Entry {
  private static final VarHandle LIVE =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "live", VarHandle.class, Entry.class, boolean.class);

  final Instrument instrument;

  private final InstrumentSet set;

  /// Goes from true to false, once; written by whoever removes the instrument, read before each
  /// call.
  private volatile boolean live = true;

  Entry(InstrumentSet set, Instrument instrument) {
    this.set = set;
    this.instrument = instrument;
  }

  boolean isLive() {
    return live;
  }

  void kill() {
    live = false;
  }

  /// The instrument threw. Only the first of several carriers that see it throw reports it.
  void failed(String hook, Throwable error) {
    if (LIVE.compareAndSet(this, true, false)) {
      set.dropFailed(this, hook, error);
    }
  }
}
