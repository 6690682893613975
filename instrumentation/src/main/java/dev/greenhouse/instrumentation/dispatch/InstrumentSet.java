package dev.greenhouse.instrumentation.dispatch;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.Instruments;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The registered instruments of a greenhouse, as one immutable snapshot that is replaced by
/// compare-and-set.
///
/// There is no lock on purpose: hooks run on carriers, and a carrier that waits for a lock held by
/// a task it carries itself waits for ever.
@SuppressWarnings("ReferenceEquality") // an instrument is itself, whatever its equals says
public final class InstrumentSet implements Instruments {
  /// Told of an instrument that threw. Runs where the hook ran, so it must not block or log.
  @FunctionalInterface
  public interface FaultHandler {
    /// An instrument threw and was removed.
    ///
    /// @param instrument the instrument
    /// @param hook the hook's name
    /// @param error what it threw
    void instrumentFailed(Instrument instrument, String hook, Throwable error);
  }

  /// The snapshot: who is registered, and who was removed because it threw (so that its owner's
  /// later `remove` is no error).
  private record Registered(List<Entry> entries, List<Instrument> failed) {}

  private final String owner;
  private final FaultHandler onFault;
  private final AtomicReference<Registered> registered =
      new AtomicReference<>(new Registered(List.of(), List.of()));

  /// Derived from `registered` after each change, by whoever made it; read by every dispatch.
  private volatile Hooks hooks = Hooks.NONE;

  /// Makes an empty set.
  ///
  /// @param owner the greenhouse's name, for messages
  /// @param onFault told of instruments that throw
  public InstrumentSet(String owner, FaultHandler onFault) {
    this.owner = owner;
    this.onFault = onFault;
  }

  /// {@return the fan-out for the instruments that are registered now}
  public Hooks hooks() {
    return hooks;
  }

  @Override
  public void add(Instrument instrument) {
    Objects.requireNonNull(instrument, "instrument");
    var entry = new Entry(this, instrument);
    update(
        r ->
            find(r, instrument) != null
                ? r
                : new Registered(append(r.entries, entry), without(r.failed, instrument)));
  }

  @Override
  public void remove(Instrument instrument) {
    Objects.requireNonNull(instrument, "instrument");
    for (; ; ) {
      Registered old = registered.get();
      Entry entry = find(old, instrument);
      if (entry == null && !containsSame(old.failed, instrument)) {
        throw new IllegalArgumentException(
            "Instrument %s is not registered with greenhouse '%s'. Remove an instrument once for each time it was added."
                .formatted(instrument, owner));
      }
      if (entry != null) {
        entry.kill();
      }
      var rest = old.entries.stream().filter(e -> e != entry).toList();
      if (registered.compareAndSet(old, new Registered(rest, without(old.failed, instrument)))) {
        publish();
        return;
      }
    }
  }

  @Override
  public List<Instrument> list() {
    return registered.get().entries.stream().map(e -> e.instrument).toList();
  }

  void dropFailed(Entry entry, String hook, Throwable error) {
    update(
        r ->
            r.entries.contains(entry)
                ? new Registered(
                    r.entries.stream().filter(e -> e != entry).toList(),
                    append(r.failed, entry.instrument))
                : r);
    onFault.instrumentFailed(entry.instrument, hook, error);
  }

  private void update(UnaryOperator<Registered> change) {
    registered.updateAndGet(change);
    publish();
  }

  /// Whoever publishes a stale list finds that out by reading again, so the last one always leaves
  /// the newest.
  private void publish() {
    Registered seen;
    do {
      seen = registered.get();
      hooks = Hooks.of(seen.entries);
    } while (seen != registered.get());
  }

  private static @Nullable Entry find(Registered r, Instrument instrument) {
    for (Entry e : r.entries) {
      if (e.instrument == instrument) {
        return e;
      }
    }
    return null;
  }

  private static boolean containsSame(List<Instrument> list, Instrument instrument) {
    return list.stream().anyMatch(i -> i == instrument);
  }

  private static List<Instrument> without(List<Instrument> list, Instrument instrument) {
    return list.stream().filter(i -> i != instrument).toList();
  }

  private static <E> List<E> append(List<E> list, E element) {
    return Stream.concat(list.stream(), Stream.of(element)).toList();
  }
}
