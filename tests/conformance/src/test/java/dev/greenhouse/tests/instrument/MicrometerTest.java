package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.instrumentation.metrics.GreenhouseMetrics;
import dev.greenhouse.instrumentation.metrics.Histogram;
import dev.greenhouse.instrumentation.metrics.Metrics;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
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
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
      greenhouse.run(MicrometerTest::soThatAllNumbersDiffer);
    }
    clock.add(LATER);
    assertThat(gauge("tasks.live")).isZero();
    assertThat(count("tasks.spawned")).isEqualTo(6);
    assertThat(count("tasks.ended", "outcome", "succeeded")).isEqualTo(3);
    assertThat(count("tasks.ended", "outcome", "failed")).isEqualTo(2);
    assertThat(count("tasks.ended", "outcome", "cancelled")).isEqualTo(1);
    assertThat(count("cancellations.requested")).isEqualTo(4);
    assertThat(count("cancellations.delivered")).isEqualTo(7);
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

  private static void soThatAllNumbersDiffer() {
    Load.threeEnds();
    try (var nursery = Nursery.open(NurseryOptions.named("bed").onFailure((t, e) -> {}))) {
      nursery.fork(
          () -> {
            throw new IOException("blight");
          });
    }
    for (int i = 0; i < 3; i++) {
      CancelScope.run(
          scope -> {
            scope.cancel("enough");
            assertThatThrownBy(() -> Task.checkpoint()).isInstanceOf(Cancelled.class);
            assertThatThrownBy(() -> Task.checkpoint()).isInstanceOf(Cancelled.class);
          });
    }
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

  @ParameterizedTest
  @EnumSource(names = {"GAUGE", "COUNTER", "TIMER"})
  void theRegistryKeepsWhatItsMetersReadAlsoIfItHasOnlySomeOfThem(Meter.Type type) {
    registry.config().meterFilter(MeterFilter.denyUnless(id -> id.getType() == type));
    var gone = new WeakReference<>(bindAndForget());
    Eventually.holds(
        "the binder is collected",
        () -> {
          System.gc();
          return gone.get() == null;
        });
    clock.add(LATER);
    double read =
        switch (type) {
          case COUNTER -> count("tasks.spawned");
          case TIMER -> timer("step.time").count();
          default -> gauge("step.time.max");
        };
    assertThat(read).isPositive();
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

  /// Counts with and without Micrometer.
  static final class CountsInAnyCase {
    private CountsInAnyCase() {}

    public static void main(String[] args) {
      var metrics = Metrics.create();
      try (OpenGreenhouse greenhouse = Greenhouse.builder().instrument(metrics).build()) {
        greenhouse.run(() -> Nursery.run(nursery -> nursery.fork(() -> 12)));
      }
      System.out.println(
          "spawned %d in %s".formatted(metrics.snapshot().spawned(), Metrics.class.getModule()));
      try {
        Class<?> binder = new GreenhouseMetrics(metrics).getClass().getInterfaces()[0];
        System.out.println("with " + binder.getModule());
      } catch (NoClassDefFoundError e) {
        System.out.println("without " + e.getMessage());
      }
    }
  }

  @Test
  void withoutMicrometerAllElseWorks() throws Exception {
    assertPrints(
        ChildJvm.runWithout("micrometer-", List.of(), CountsInAnyCase.class),
        "spawned 2 in unnamed module",
        "without io/micrometer/core/instrument");
  }

  @Test
  void aModularApplicationSaysWhetherItHasMicrometer() throws Exception {
    assertPrints(
        ChildJvm.runWithout(
            "micrometer-", modular("dev.greenhouse.nursery"), CountsInAnyCase.class),
        "spawned 2 in module dev.greenhouse.instrumentation",
        "without io/micrometer/core/instrument");
    assertPrints(
        ChildJvm.run(modular("dev.greenhouse.nursery,micrometer.core"), CountsInAnyCase.class),
        "spawned 2 in module dev.greenhouse.instrumentation",
        "with module micrometer.core");
  }

  private static void assertPrints(ChildJvm.Result result, String... lines) {
    assertThat(result.output()).contains(lines);
    assertThat(result.exitCode()).isZero();
  }

  /// {@return options that put Greenhouse and what it may need on the module path}
  private static List<String> modular(String roots) throws Exception {
    var path = new ArrayList<String>();
    for (String type :
        List.of(
            "dev.greenhouse.instrumentation.metrics.Metrics",
            "dev.greenhouse.nursery.Nursery",
            "io.micrometer.core.instrument.Meter",
            "org.jctools.queues.MessagePassingQueue",
            "org.jspecify.annotations.NullMarked",
            "org.slf4j.Logger")) {
      var source = Class.forName(type).getProtectionDomain().getCodeSource();
      path.add(Path.of(source.getLocation().toURI()).toString());
    }
    return List.of("-p", String.join(File.pathSeparator, path), "--add-modules", roots);
  }
}
