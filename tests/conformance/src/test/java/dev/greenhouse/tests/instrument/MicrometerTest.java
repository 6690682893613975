package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.instrumentation.metrics.GreenhouseMetrics;
import dev.greenhouse.instrumentation.metrics.Histogram;
import dev.greenhouse.instrumentation.metrics.Metrics;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.ChildJvm;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Counts and histograms as Micrometer's meters.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MicrometerTest {
  private static final Duration LATER = Duration.ofSeconds(1);
  private static final Duration MUCH_LATER = Duration.ofMinutes(2);

  private final MockClock clock = new MockClock();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);

  private double count(String name, String... tags) {
    return registry.get("greenhouse." + name).tags(tags).functionCounter().count();
  }

  private double gauge(String name, String... tags) {
    return registry.get("greenhouse." + name).tags(tags).gauge().value();
  }

  private Duration timeGauge(String name, String... tags) {
    var gauge = registry.get("greenhouse." + name).tags(tags).timeGauge();
    return Duration.ofNanos(Math.round(gauge.value(TimeUnit.NANOSECONDS)));
  }

  private Histogram timer(String name) {
    FunctionTimer timer = registry.get("greenhouse." + name).functionTimer();
    return new Histogram(
        (long) timer.count(), Math.round(timer.totalTime(TimeUnit.NANOSECONDS)), List.of());
  }

  private static Histogram withoutBuckets(Histogram h) {
    return new Histogram(h.count(), h.total(), List.of());
  }

  @OnEveryKind
  void metersTellWhatTheInstrumentHasCounted(Kind kind) {
    var metrics = Metrics.create();
    new GreenhouseMetrics(metrics).bindTo(registry);
    try (OpenGreenhouse greenhouse = kind.build(metrics)) {
      greenhouse.run(Load::threeEnds);
    }
    clock.add(LATER);
    assertThat(gauge("tasks.live")).isZero();
    assertThat(count("tasks.spawned")).isEqualTo(5);
    assertThat(count("tasks.ended", "outcome", "succeeded")).isEqualTo(3);
    assertThat(count("tasks.ended", "outcome", "failed")).isEqualTo(1);
    assertThat(count("tasks.ended", "outcome", "cancelled")).isEqualTo(1);
    assertThat(count("cancellations.requested")).isEqualTo(1);
    assertThat(count("cancellations.delivered")).isEqualTo(1);
    var now = metrics.snapshot();
    assertThat(timer("queue.delay")).isEqualTo(withoutBuckets(now.queueDelay()));
    assertThat(timer("step.time")).isEqualTo(withoutBuckets(now.stepTime()));
    assertThat(timeGauge("step.time.max")).isEqualTo(now.stepTime().max());
    assertThat(timeGauge("queue.delay.max")).isEqualTo(now.queueDelay().max());
    assertThat(timeGauge("step.time.percentile", "phi", "0.5"))
        .isEqualTo(now.stepTime().percentile(50));
    assertThat(timeGauge("queue.delay.percentile", "phi", "0.95"))
        .isEqualTo(now.queueDelay().percentile(95));
    assertThat(timeGauge("queue.delay.percentile", "phi", "0.99"))
        .isEqualTo(now.queueDelay().percentile(99));
  }

  @OnEveryKind
  void livingTasksAreAGauge(Kind kind) {
    var metrics = Metrics.create();
    new GreenhouseMetrics(metrics).bindTo(registry);
    try (OpenGreenhouse greenhouse = kind.build(metrics)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork(() -> Task.sleepForever());
              clock.add(LATER);
              assertThat(gauge("tasks.live")).isEqualTo(2);
              nursery.cancel("seen");
            }
          });
    }
    clock.add(LATER);
    assertThat(gauge("tasks.live")).isZero();
  }

  @Test
  void metersAreNamedAsMicrometersOwnAndHaveTheUsersTags() {
    new GreenhouseMetrics(Metrics.create(), Tags.of("greenhouse", "garden")).bindTo(registry);
    Set<String> ids =
        registry.getMeters().stream()
            .map(Meter::getId)
            .peek(id -> assertThat(id.getTag("greenhouse")).as("%s", id).isEqualTo("garden"))
            .peek(id -> assertThat(id.getDescription()).as("%s", id).isNotBlank())
            .map(MicrometerTest::described)
            .collect(Collectors.toSet());
    assertThat(ids)
        .containsExactlyInAnyOrder(
            "greenhouse.tasks.live [] in tasks",
            "greenhouse.tasks.spawned [] in tasks",
            "greenhouse.tasks.ended [outcome=succeeded] in tasks",
            "greenhouse.tasks.ended [outcome=failed] in tasks",
            "greenhouse.tasks.ended [outcome=cancelled] in tasks",
            "greenhouse.cancellations.requested [] in cancellations",
            "greenhouse.cancellations.delivered [] in cancellations",
            "greenhouse.queue.delay [] in seconds",
            "greenhouse.queue.delay.max [] in seconds",
            "greenhouse.queue.delay.percentile [phi=0.5] in seconds",
            "greenhouse.queue.delay.percentile [phi=0.95] in seconds",
            "greenhouse.queue.delay.percentile [phi=0.99] in seconds",
            "greenhouse.step.time [] in seconds",
            "greenhouse.step.time.max [] in seconds",
            "greenhouse.step.time.percentile [phi=0.5] in seconds",
            "greenhouse.step.time.percentile [phi=0.95] in seconds",
            "greenhouse.step.time.percentile [phi=0.99] in seconds");
  }

  private static String described(Meter.Id id) {
    List<String> tags =
        id.getTags().stream()
            .filter(tag -> !tag.getKey().equals("greenhouse"))
            .map(tag -> tag.getKey() + "=" + tag.getValue())
            .toList();
    return "%s %s in %s".formatted(id.getName(), tags, id.getBaseUnit());
  }

  @Test
  void twoInstrumentsAreToldApartByTheirTags() {
    var first = Metrics.create();
    var second = Metrics.create();
    new GreenhouseMetrics(first, List.of(Tag.of("greenhouse", "first"))).bindTo(registry);
    new GreenhouseMetrics(second, List.of(Tag.of("greenhouse", "second"))).bindTo(registry);
    try (OpenGreenhouse greenhouse = Kind.POOL.build(second)) {
      greenhouse.run(() -> {});
    }
    clock.add(LATER);
    assertThat(count("tasks.spawned", "greenhouse", "first")).isZero();
    assertThat(count("tasks.spawned", "greenhouse", "second")).isEqualTo(1);
  }

  @Test
  void metersThatAreReadTogetherShareASnapshot() {
    var metrics = Metrics.create();
    new GreenhouseMetrics(metrics).bindTo(registry);
    clock.add(LATER);
    assertThat(count("tasks.spawned")).isZero();
    try (OpenGreenhouse greenhouse = Kind.POOL.build(metrics)) {
      greenhouse.run(() -> {});
    }
    clock.add(Duration.ofMillis(99));
    assertThat(count("tasks.spawned")).isZero();
    assertThat(timer("step.time").count()).isZero();
    clock.add(Duration.ofMillis(1));
    assertThat(timer("step.time").count()).isPositive();
    assertThat(count("tasks.spawned")).isEqualTo(1);
  }

  @Test
  void percentilesForgetWhatIsLongAgoAndCountsDoNot() {
    var metrics = Metrics.create();
    new GreenhouseMetrics(metrics).bindTo(registry);
    try (OpenGreenhouse greenhouse = Kind.POOL.build(metrics)) {
      greenhouse.run(() -> {});
    }
    clock.add(LATER);
    assertThat(timeGauge("step.time.max")).isPositive();
    long steps = timer("step.time").count();
    clock.add(MUCH_LATER);
    assertThat(timeGauge("step.time.max")).as("since it was read before").isPositive();
    clock.add(MUCH_LATER);
    assertThat(timeGauge("step.time.max")).isZero();
    assertThat(timeGauge("step.time.percentile", "phi", "0.99")).isZero();
    assertThat(timer("step.time").count()).isEqualTo(steps);
  }

  @Test
  void theRegistryKeepsWhatItsMetersRead() {
    var gone = new WeakReference<>(bindAndForget());
    Eventually.holds(
        "the binder is collected",
        () -> {
          System.gc();
          return gone.get() == null;
        });
    clock.add(LATER);
    assertThat(count("tasks.spawned")).isEqualTo(1);
    assertThat(gauge("tasks.live")).isZero();
    assertThat(timer("step.time").count()).isPositive();
  }

  private Object bindAndForget() {
    var metrics = Metrics.create();
    var binder = new GreenhouseMetrics(metrics);
    binder.bindTo(registry);
    try (OpenGreenhouse greenhouse = Kind.POOL.build(metrics)) {
      greenhouse.run(() -> {});
    }
    return binder;
  }

  @OnEveryKind
  void countsNeverGoBackWhileTasksChurn(Kind kind) throws Exception {
    var ticking = new SimpleMeterRegistry();
    var metrics = Metrics.create();
    new GreenhouseMetrics(metrics).bindTo(ticking);
    var spawned = ticking.get("greenhouse.tasks.spawned").functionCounter();
    var steps = ticking.get("greenhouse.step.time").functionTimer();
    try (OpenGreenhouse greenhouse = kind.build(metrics)) {
      Task<?> churn = greenhouse.launch(() -> churned());
      double before = 0;
      double stepsBefore = 0;
      while (churn.outcome().isEmpty()) {
        assertThat(spawned.count()).isGreaterThanOrEqualTo(before);
        before = spawned.count();
        assertThat(steps.count()).isGreaterThanOrEqualTo(stepsBefore);
        stepsBefore = steps.count();
      }
    }
  }

  private static int churned() {
    Load.churn(10_000);
    return 0;
  }

  /// Counts where there is no Micrometer.
  static final class WithoutMicrometer {
    private WithoutMicrometer() {}

    public static void main(String[] args) {
      var metrics = Metrics.create();
      try (OpenGreenhouse greenhouse = Greenhouse.builder().instrument(metrics).build()) {
        greenhouse.run(() -> Nursery.run(nursery -> nursery.fork(() -> 12)));
      }
      System.out.println("spawned " + metrics.snapshot().spawned());
      try {
        System.out.println(new GreenhouseMetrics(metrics).getClass());
      } catch (NoClassDefFoundError e) {
        System.out.println("without " + e.getMessage());
      }
    }
  }

  @Test
  void withoutMicrometerAllElseWorks() throws Exception {
    ChildJvm.Result result = ChildJvm.runWithout("micrometer-", WithoutMicrometer.class);
    assertThat(result.output()).contains("spawned 2", "without io/micrometer/core/instrument");
    assertThat(result.exitCode()).isZero();
  }
}
