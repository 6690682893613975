package dev.greenhouse.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.GreenhouseBuilder;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.time.VirtualClock;

/// Greenhouses on a virtual clock. After a run no timer is left on it.
public final class VirtualGreenhouse {
  private static final long SEED = 20261122;

  private VirtualGreenhouse() {}

  /// What a test does as main task.
  @FunctionalInterface
  public interface Body {
    /// Does it.
    void run(VirtualClock clock) throws Throwable;
  }

  /// {@return a greenhouse of a kind on a clock, to be closed by the test}
  public static OpenGreenhouse build(Kind kind, VirtualClock clock) {
    GreenhouseBuilder builder = Greenhouse.builder().clock(clock);
    switch (kind) {
      case LOOP -> builder.singleThreaded();
      case POOL -> builder.parallelism(2);
      case SEEDED -> builder.seeded(SEED);
    }
    return NothingLeft.watch(builder.build());
  }

  /// Runs a test as main task, on a clock that jumps when all tasks wait.
  public static void jumping(Kind kind, Body body) throws Throwable {
    run(kind, new VirtualClock().autojump(true), body);
  }

  /// Runs a test as main task, on a clock that only the test moves.
  public static void still(Kind kind, Body body) throws Throwable {
    run(kind, new VirtualClock(), body);
  }

  private static void run(Kind kind, VirtualClock clock, Body body) throws Throwable {
    try (OpenGreenhouse greenhouse = build(kind, clock)) {
      greenhouse.run(() -> body.run(clock));
    } finally {
      assertThat(Thread.interrupted()).as("stray interrupt of the test's thread").isFalse();
    }
    assertThat(clock.pendingTimers()).as("timers left").isZero();
  }
}
