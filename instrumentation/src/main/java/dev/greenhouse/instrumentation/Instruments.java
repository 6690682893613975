package dev.greenhouse.instrumentation;

import java.util.List;

/// The instruments of one greenhouse. Any thread may call it at any time, hooks included; no call
/// blocks.
public interface Instruments {
  /// Adds an instrument. It is told of what happens from now on. Adding one that is there already
  /// does nothing.
  ///
  /// @param instrument the instrument
  void add(Instrument instrument);

  /// Removes an instrument. Calls to it that have begun may still be running; none begins
  /// afterwards.
  ///
  /// @param instrument the instrument
  /// @throws IllegalArgumentException if it is not registered, unless it was removed because it
  ///   threw
  void remove(Instrument instrument);

  /// {@return the registered instruments, in the order they were added}
  List<Instrument> list();
}
