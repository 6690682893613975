package dev.greenhouse.tests.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.GreenhouseBuilder;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.time.VirtualClock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Where a stress test runs.
enum Bed {
  LOOP,
  POOL,
  ONE_CARRIER,
  SEEDED;

  private static final int SCALE = Integer.getInteger("greenhouse.stress.scale", 1);
  private static final long SECONDS = 60;
  private static final long SEED = 20261122;

  /// {@return so many rounds, times the scale}
  static int rounds(int atScaleOne) {
    return Math.multiplyExact(atScaleOne, SCALE);
  }

  OpenGreenhouse build(Instrument... instruments) {
    GreenhouseBuilder builder = builder();
    for (Instrument i : instruments) {
      builder.instrument(i);
    }
    return builder.build();
  }

  /// {@return a builder of a greenhouse of this kind}
  GreenhouseBuilder builder() {
    GreenhouseBuilder builder = Greenhouse.builder().name("stress-" + this);
    return switch (this) {
      case LOOP -> builder.singleThreaded();
      case POOL -> builder.parallelism(2);
      case ONE_CARRIER -> builder.parallelism(1);
      case SEEDED -> builder.seeded(SEED);
    };
  }

  /// What a main task does.
  interface Body {
    void run() throws Throwable;
  }

  /// Runs it as a main task, and fails if it does not end in time: with the stacks of all of its
  /// tasks.
  void run(Body body, Instrument... instruments) throws Exception {
    // Not closed if it hangs: that would hang, too.
    OpenGreenhouse greenhouse = build(instruments);
    runIn(greenhouse, body);
    greenhouse.close();
  }

  /// Runs it as a main task that sleeps by that clock.
  void runBy(VirtualClock clock, Body body) throws Exception {
    OpenGreenhouse greenhouse = builder().clock(clock).build();
    runIn(greenhouse, body);
    greenhouse.close();
  }

  static void runIn(OpenGreenhouse greenhouse, Body body) throws Exception {
    var done = new CompletableFuture<Void>();
    Thread caller =
        Thread.ofPlatform()
            .daemon()
            .name("caller")
            .start(
                () -> {
                  try {
                    greenhouse.run(body::run);
                    assertThat(Thread.currentThread().isInterrupted()).isFalse();
                    done.complete(null);
                  } catch (Throwable t) {
                    done.completeExceptionally(t);
                  }
                });
    try {
      done.get(SECONDS * SCALE, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("hangs: " + greenhouse + Dump.of(greenhouse), e);
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
    assertThat(caller.join(Duration.ofSeconds(10))).isTrue();
    assertThat(greenhouse.roots()).isEmpty();
  }
}
