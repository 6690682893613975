package dev.greenhouse.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.GreenhouseBuilder;
import dev.greenhouse.nursery.OpenGreenhouse;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// The kinds of greenhouse that a semantic test runs on.
public enum Kind {
  LOOP,
  POOL,
  SEEDED;

  private static final long SEED = 20261122;

  /// Whether this JVM was started with the flag.
  public static final boolean FLAG = Boolean.getBoolean("greenhouse.test.flag");

  /// {@return the kinds that work in this JVM: without the flag, pools only}
  public static List<Kind> available() {
    return FLAG ? List.of(values()) : List.of(POOL);
  }

  /// {@return a greenhouse of this kind, to be closed by the test}
  public OpenGreenhouse build(Instrument... instruments) {
    GreenhouseBuilder builder =
        Greenhouse.builder().name("test-" + name().toLowerCase(Locale.ROOT));
    switch (this) {
      case LOOP -> builder.singleThreaded();
      case POOL -> builder.parallelism(2);
      case SEEDED -> builder.seeded(SEED);
    }
    Stream.of(instruments).forEach(builder::instrument);
    return NothingLeft.watch(builder.build());
  }

  /// What a test does as main task.
  @FunctionalInterface
  public interface Body {
    /// Does it.
    void run() throws Throwable;
  }

  /// Runs a test as the main task of a greenhouse of this kind. What it throws comes out as it is.
  public void run(Body body) throws Throwable {
    try (OpenGreenhouse greenhouse = build()) {
      greenhouse.run(body::run);
    } finally {
      // Here and not in NothingLeft: a test with a timeout has a thread of its own.
      assertThat(Thread.interrupted()).as("stray interrupt of the test's thread").isFalse();
    }
  }
}
