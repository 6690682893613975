package dev.greenhouse.instrumentation.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// The numbers of a [Metrics] instrument as meters of
/// [Micrometer](https://docs.micrometer.io/micrometer/reference/).
///
/// ```java
/// var metrics = Metrics.create();
/// greenhouse.instruments().add(metrics);
/// new GreenhouseMetrics(metrics, Tags.of("greenhouse", greenhouse.name())).bindTo(registry);
/// ```
///
/// | meter | type | what |
/// |---|---|---|
/// | `greenhouse.tasks.live` | gauge | tasks that live now |
/// | `greenhouse.tasks.spawned` | counter | tasks that were started |
/// | `greenhouse.tasks.ended` | counter, by `outcome`: `succeeded`, `failed`, `cancelled` | tasks that have ended |
/// | `greenhouse.cancellations.requested` | counter | scopes that were cancelled |
/// | `greenhouse.cancellations.delivered` | counter | how often cancellation was raised in a task |
/// | `greenhouse.queue.delay` | timer: count and total | how long tasks that could run waited for their turn |
/// | `greenhouse.step.time` | timer: count and total | how long steps took |
/// | `greenhouse.queue.delay.percentile`, `greenhouse.step.time.percentile` | time gauges, by `phi`: `0.5`, `0.95`, `0.99` | what so much of them did not exceed |
/// | `greenhouse.queue.delay.max`, `greenhouse.step.time.max` | time gauges | the longest of them |
///
/// Percentiles and maxima are those of the last minute or two, in the first two minutes since the
/// instrument was made, and if the registry is read less often, since it was read before; they are
/// at most 6.25 % too much and never too little.
///
/// The meters of a registry share a snapshot that is at most 100 ms old by the registry's clock. So
/// however many they are, no more than ten snapshots a second are taken, and none while nobody
/// reads. Reading doesn't block; any thread may do it, hooks excepted.
///
/// A registry holds the instrument as long as it has these meters. Whoever binds two instruments to
/// one registry gives them tags that tell them apart: of two meters with the same name and tags
/// Micrometer keeps the first. Greenhouses that come and go add their numbers up in one instrument.
///
/// It needs the library `micrometer-core`, which Greenhouse does not bring along: an application
/// that has a registry has it already. On the module path it says `requires micrometer.core`.
@SuppressWarnings("exports") // who has a registry to bind to reads that module
public final class GreenhouseMetrics implements MeterBinder {
  private static final String CANCELLATIONS = "cancellations";
  private static final String OUTCOME = "outcome";

  private final Metrics metrics;
  private final Tags tags;

  /// Makes a binder without tags of its own.
  ///
  /// @param metrics counts and measures
  public GreenhouseMetrics(Metrics metrics) {
    this(metrics, List.of());
  }

  /// Makes a binder.
  ///
  /// @param metrics counts and measures
  /// @param tags for all its meters
  public GreenhouseMetrics(Metrics metrics, Iterable<Tag> tags) {
    this.metrics = Objects.requireNonNull(metrics, "metrics");
    this.tags = Tags.of(tags);
  }

  /// Registers the meters.
  @Override
  public void bindTo(MeterRegistry registry) {
    new Binding(registry, new Readings(metrics, registry.config().clock()::monotonicTime), tags)
        .register();
  }

  /// The meters of one registry. It holds objects that it is given by weak references, so all that
  /// they read is held by their functions.
  private record Binding(MeterRegistry registry, Readings readings, Tags tags) {
    void register() {
      Gauge.builder("greenhouse.tasks.live", () -> readings.all().live())
          .tags(tags)
          .baseUnit(BaseUnits.TASKS)
          .description("The tasks that live now")
          .register(registry);
      counter("tasks.spawned", tags, MetricsSnapshot::spawned)
          .baseUnit(BaseUnits.TASKS)
          .description("The tasks that were started")
          .register(registry);
      ended("succeeded", MetricsSnapshot::succeeded);
      ended("failed", MetricsSnapshot::failed);
      ended("cancelled", MetricsSnapshot::cancelled);
      counter("cancellations.requested", tags, MetricsSnapshot::cancelRequests)
          .baseUnit(CANCELLATIONS)
          .description("The scopes that were cancelled")
          .register(registry);
      counter("cancellations.delivered", tags, MetricsSnapshot::cancelDeliveries)
          .baseUnit(CANCELLATIONS)
          .description("How often cancellation was raised in a task at a checkpoint")
          .register(registry);
      durations(
          "queue.delay",
          "How long tasks that could run waited for their turn",
          MetricsSnapshot::queueDelay,
          readings::recentQueueDelay);
      durations(
          "step.time",
          "How long steps took, which hold their carrier",
          MetricsSnapshot::stepTime,
          readings::recentStepTime);
    }

    private void ended(String outcome, ToDoubleFunction<MetricsSnapshot> count) {
      counter("tasks.ended", tags.and(OUTCOME, outcome), count)
          .baseUnit(BaseUnits.TASKS)
          .description("The tasks that have ended, by outcome")
          .register(registry);
    }

    private FunctionCounter.Builder<Readings> counter(
        String name, Tags all, ToDoubleFunction<MetricsSnapshot> count) {
      return FunctionCounter.builder(
              "greenhouse." + name, readings, weak -> count.applyAsDouble(readings.all()))
          .tags(all);
    }

    private void durations(
        String name,
        String description,
        Function<MetricsSnapshot, Histogram> all,
        Supplier<Histogram> recent) {
      FunctionTimer.builder(
              "greenhouse." + name,
              readings,
              weak -> all.apply(readings.all()).count(),
              weak -> all.apply(readings.all()).total(),
              TimeUnit.NANOSECONDS)
          .tags(tags)
          .description(description)
          .register(registry);
      gauge(name + ".max", tags, description + ": the longest of late", recent, 100);
      for (String phi : List.of("0.5", "0.95", "0.99")) {
        double percent = 100 * Double.parseDouble(phi);
        gauge(
            name + ".percentile",
            tags.and("phi", phi),
            description + ": what so much of it did not exceed of late",
            recent,
            percent);
      }
    }

    private void gauge(
        String name, Tags all, String description, Supplier<Histogram> recent, double percent) {
      TimeGauge.builder(
              "greenhouse." + name,
              () -> recent.get().percentile(percent).toNanos(),
              TimeUnit.NANOSECONDS)
          .tags(all)
          .description(description)
          .register(registry);
    }
  }
}
