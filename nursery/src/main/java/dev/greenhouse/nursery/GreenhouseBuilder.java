package dev.greenhouse.nursery;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.nursery.jdk.VirtualThreads;
import dev.greenhouse.nursery.scheduler.Guest;
import dev.greenhouse.nursery.scheduler.JdkThreads;
import dev.greenhouse.nursery.scheduler.Loop;
import dev.greenhouse.nursery.scheduler.Pool;
import dev.greenhouse.nursery.scheduler.Scheduler;
import dev.greenhouse.nursery.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Builds a [Greenhouse]. Of `parallelism`, `singleThreaded`, `on` and `seeded`, one at most;
/// without any it is a pool with as many carriers as there are processors. Not thread-safe.
public final class GreenhouseBuilder {
  private static final int MAX_PARALLELISM = 1024;
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private @Nullable String name;
  private Clock clock = Clock.system();
  private Duration reportStuckAfter = OpenGreenhouse.REPORT_STUCK_AFTER;
  private final List<Instrument> instruments = new ArrayList<>();
  private @Nullable String mode;
  private @Nullable Function<OpenGreenhouse, Scheduler> scheduler;

  GreenhouseBuilder() {}

  /// Names the greenhouse and, after it, its threads.
  ///
  /// @param name the name; "greenhouse-1" and so on if none is given
  /// @return this
  public GreenhouseBuilder name(String name) {
    this.name = Objects.requireNonNull(name, "name");
    return this;
  }

  /// Makes it a pool with so many carriers. Without the flag there are no carriers, and the JDK's
  /// scheduler runs the tasks.
  ///
  /// @param carriers 1 to 1024
  /// @return this
  /// @throws IllegalArgumentException if it is less or more
  /// @throws IllegalStateException if another kind was chosen before
  public GreenhouseBuilder parallelism(int carriers) {
    if (carriers < 1 || carriers > MAX_PARALLELISM) {
      throw new IllegalArgumentException(
          "A greenhouse can't have %d carriers. Give a parallelism from 1 to %d."
              .formatted(carriers, MAX_PARALLELISM));
    }
    choose("parallelism(%d)".formatted(carriers), g -> pool(g, carriers));
    return this;
  }

  /// Makes it a loop: one carrier, tasks run one at a time.
  ///
  /// @return this
  /// @throws IllegalStateException if another kind was chosen before
  public GreenhouseBuilder singleThreaded() {
    choose("singleThreaded()", g -> Loop.start(g, g.clock(), g.instrumentSet()));
    return this;
  }

  /// Makes it a loop that picks the next task by a seed, to find what depends on the order. The
  /// same seed gives the same order as long as everything that wakes tasks comes from the
  /// greenhouse itself.
  ///
  /// @param seed any number
  /// @return this
  /// @throws IllegalStateException if another kind was chosen before
  public GreenhouseBuilder seeded(long seed) {
    choose(
        "seeded(%d)".formatted(seed), g -> Loop.startSeeded(g, g.clock(), g.instrumentSet(), seed));
    return this;
  }

  /// Makes it a guest on somebody else's event loop, such as Swing's or Netty's. Start its tasks by
  /// [Greenhouse#launch].
  ///
  /// The executor must run commands one after the other, later and not inside `execute`, on a
  /// platform thread. If it does otherwise, rejects one or is shut down, the greenhouse is broken:
  /// its tasks are cancelled with source `BROKEN` and unwind on other threads.
  ///
  /// @param executor the event loop
  /// @return this
  /// @throws IllegalStateException if another kind was chosen before
  public GreenhouseBuilder on(Executor executor) {
    Objects.requireNonNull(executor, "executor");
    choose(
        "on(%s)".formatted(executor.getClass().getSimpleName()),
        g -> new Guest(g, executor, g.clock(), g.instrumentSet(), g::executorBroke));
    return this;
  }

  /// Sets the clock of its tasks' sleeps and deadlines.
  ///
  /// @param clock the clock; the system's if none is given
  /// @return this
  public GreenhouseBuilder clock(Clock clock) {
    this.clock = Objects.requireNonNull(clock, "clock");
    return this;
  }

  /// Sets how long a task may stay blocked after its cancellation, and the owner of a nursery in
  /// `close()`, before that is logged, once. In real time, whatever the clock.
  ///
  /// @param time more than zero; 10 s if none is given
  /// @return this
  /// @throws IllegalArgumentException if it is not positive
  public GreenhouseBuilder reportStuckAfter(Duration time) {
    if (!Objects.requireNonNull(time, "time").isPositive()) {
      throw new IllegalArgumentException(
          "A cancelled task can't be reported after %s. Give more than zero.".formatted(time));
    }
    this.reportStuckAfter = time;
    return this;
  }

  /// Adds an instrument, which will hear of everything.
  ///
  /// @param instrument the instrument
  /// @return this
  public GreenhouseBuilder instrument(Instrument instrument) {
    instruments.add(Objects.requireNonNull(instrument, "instrument"));
    return this;
  }

  /// {@return a new greenhouse, to be closed}
  ///
  /// @throws IllegalStateException if it is no pool and the JVM was started without the flag
  public OpenGreenhouse build() {
    Function<OpenGreenhouse, Scheduler> made = scheduler;
    if (made == null) {
      int processors = Runtime.getRuntime().availableProcessors();
      made = g -> pool(g, processors);
    }
    String n = name != null ? name : "greenhouse-" + NUMBER.incrementAndGet();
    return new OpenGreenhouse(n, clock, reportStuckAfter, List.copyOf(instruments), made);
  }

  private void choose(String what, Function<OpenGreenhouse, Scheduler> made) {
    if (mode != null) {
      throw new IllegalStateException(
          "The builder was told both %s and %s. Choose one.".formatted(mode, what));
    }
    mode = what;
    scheduler =
        what.startsWith("parallelism")
            ? made
            : g -> {
              if (!VirtualThreads.available()) {
                throw new IllegalStateException(
                    "A greenhouse that is built with %s needs threads on a scheduler of its own. %s"
                        .formatted(what, VirtualThreads.remedy()));
              }
              return made.apply(g);
            };
  }

  private static Scheduler pool(OpenGreenhouse g, int carriers) {
    return VirtualThreads.available()
        ? Pool.start(carriers, g, g.clock(), g.instrumentSet())
        : JdkThreads.warned(g, g.clock(), g.instrumentSet());
  }
}
