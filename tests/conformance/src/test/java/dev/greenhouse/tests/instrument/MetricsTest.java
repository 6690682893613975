package dev.greenhouse.tests.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.instrumentation.TaskView;
import dev.greenhouse.instrumentation.metrics.Histogram;
import dev.greenhouse.instrumentation.metrics.Histogram.Bucket;
import dev.greenhouse.instrumentation.metrics.Metrics;
import dev.greenhouse.instrumentation.metrics.MetricsSnapshot;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Counts and histograms.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MetricsTest {
  @OnEveryKind
  void spawnsEndsAndCancellationsAreCounted(Kind kind) {
    var metrics = Metrics.create();
    try (OpenGreenhouse greenhouse = kind.build(metrics)) {
      greenhouse.run(Load::threeEnds);
    }
    MetricsSnapshot seen = metrics.snapshot();
    assertThat(seen.spawned()).isEqualTo(5);
    assertThat(seen.succeeded()).isEqualTo(3);
    assertThat(seen.failed()).isEqualTo(1);
    assertThat(seen.cancelled()).isEqualTo(1);
    assertThat(seen.ended()).isEqualTo(5);
    assertThat(seen.cancelRequests()).isEqualTo(1);
    assertThat(seen.cancelDeliveries()).isEqualTo(1);
    assertThat(seen.live()).isZero();
    assertThat(seen.steps()).isGreaterThanOrEqualTo(5);
  }

  @OnEveryKind
  void livingTasksAreCountedAtAnyTime(Kind kind) throws InterruptedException {
    var metrics = Metrics.create();
    try (OpenGreenhouse greenhouse = kind.build()) {
      greenhouse.run(
          () -> {
            var inside = new CountDownLatch(100);
            try (var nursery = Nursery.open()) {
              nursery.fork("older than the instrument", () -> Task.sleepForever());
              Task.checkpoint();
              greenhouse.instruments().add(metrics);
              for (int i = 0; i < 100; i++) {
                nursery.fork(
                    () -> {
                      inside.countDown();
                      Task.sleepForever();
                    });
              }
              inside.await();
              // main may have taken no step since
              assertThat(metrics.snapshot().live()).isBetween(100L, 102L);
              nursery.cancel("seen");
            }
            Task.checkpoint();
            Task.checkpoint();
            assertThat(metrics.snapshot().live()).isEqualTo(1);
            greenhouse.instruments().remove(metrics);
          });
    }
    // It never heard of main's end.
    assertThat(metrics.snapshot().live()).isZero();
  }

  @OnEveryKind
  void snapshotsAreSoundWhileTenThousandTasksChurn(Kind kind) throws Exception {
    var metrics = Metrics.create();
    try (OpenGreenhouse greenhouse = kind.build(metrics)) {
      var failure = new AtomicReference<Throwable>();
      Thread reader = Thread.ofPlatform().unstarted(() -> read(metrics));
      reader.setUncaughtExceptionHandler((t, e) -> failure.set(e));
      reader.start();
      greenhouse.run(() -> Load.churn(10_000));
      reader.interrupt();
      reader.join();
      assertThat(failure).hasNullValue();
    }
    MetricsSnapshot seen = metrics.snapshot();
    assertThat(seen.spawned()).isEqualTo(10_011);
    assertThat(seen.succeeded()).isEqualTo(10_011);
    assertThat(seen.live()).isZero();
    assertThat(seen.steps()).isGreaterThan(20_000);
    assertThat(seen.queueDelay().count()).isGreaterThan(10_000);
    for (Histogram h : List.of(seen.queueDelay(), seen.stepTime())) {
      assertThat(h.buckets().stream().mapToLong(Bucket::count).sum()).isEqualTo(h.count());
      assertThat(h.buckets())
          .allMatch(b -> b.from() <= b.to() && 16 * (b.to() - b.from()) <= b.from());
      long least = h.buckets().stream().mapToLong(b -> b.from() * b.count()).sum();
      long most = h.buckets().stream().mapToLong(b -> b.to() * b.count()).sum();
      assertThat(h.total()).isBetween(least, most);
    }
  }

  private static void read(Metrics metrics) {
    long ended = 0;
    while (!Thread.currentThread().isInterrupted()) {
      MetricsSnapshot s = metrics.snapshot();
      assertThat(s.ended()).isGreaterThanOrEqualTo(ended).isLessThanOrEqualTo(s.spawned());
      assertThat(s.live()).isBetween(0L, 200L);
      ended = s.ended();
    }
  }

  private static void spin(Duration time) {
    long start = System.nanoTime();
    while (System.nanoTime() - start < time.toNanos()) {
      Thread.onSpinWait();
    }
  }

  @NeedsFlag
  @Test
  void whoWaitsBehindALongStepIsSeenInTheDelays() {
    var metrics = Metrics.create();
    Duration time = Duration.ofMillis(20);
    try (OpenGreenhouse greenhouse = Kind.LOOP.build(metrics)) {
      greenhouse.run(
          () -> {
            try (var nursery = Nursery.open()) {
              nursery.fork(() -> 1);
              assertThat(metrics.snapshot().queueDelay().count()).isEqualTo(1); // main's own
              spin(time);
            }
          });
    }
    MetricsSnapshot seen = metrics.snapshot();
    assertThat(seen.queueDelay().max()).isGreaterThanOrEqualTo(time);
    assertThat(seen.stepTime().max()).isGreaterThanOrEqualTo(time);
    assertThat(seen.stepTime().total()).isGreaterThanOrEqualTo(time.toNanos());
    assertThat(seen.stepTime().percentile(0)).isLessThan(seen.stepTime().max());
  }

  @OnEveryKind
  void itMayComeAndGoWhileTasksRun(Kind kind) {
    var metrics = Metrics.create();
    try (OpenGreenhouse greenhouse = kind.build()) {
      Load.addAndRemove(greenhouse, metrics, 1_000);
      assertThat(metrics.snapshot().live()).isZero();
      greenhouse.instruments().add(metrics);
      long before = metrics.snapshot().spawned();
      greenhouse.run(() -> Load.churn(100));
      assertThat(metrics.snapshot().spawned() - before).isEqualTo(111);
      assertThat(metrics.snapshot().live()).isZero();
    }
  }

  /// Remembers the carrier.
  private static final class CarrierSeen implements Instrument {
    volatile Thread carrier;

    @Override
    public void beforeTaskStep(TaskView task) {
      carrier = Thread.currentThread();
    }
  }

  @NeedsFlag
  @Test
  void stepsAllocateNothing() {
    int steps = 100_000;
    long without = allocated(steps, List.of());
    long with = allocated(steps, List.of(Metrics.create()));
    assertThat((with - without) / (double) steps).isLessThan(1);
  }

  /// {@return the bytes that the carrier allocated for so many steps}
  private static long allocated(int steps, List<Instrument> instruments) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    var seen = new CarrierSeen();
    var bytes = new long[1];
    try (OpenGreenhouse greenhouse = Kind.LOOP.build(seen)) {
      instruments.forEach(greenhouse.instruments()::add);
      greenhouse.run(
          () -> {
            for (int i = 0; i < 1_000; i++) {
              Task.checkpoint();
            }
            long before = threads.getThreadAllocatedBytes(seen.carrier.threadId());
            for (int i = 0; i < steps; i++) {
              Task.checkpoint();
            }
            bytes[0] = threads.getThreadAllocatedBytes(seen.carrier.threadId()) - before;
          });
    }
    return bytes[0];
  }

  @Test
  void percentilesAreReadFromTheBuckets() {
    var h =
        new Histogram(
            100,
            12_345,
            List.of(
                new Bucket(10, 10, 50),
                new Bucket(96, 101, 49),
                new Bucket(1 << 20, (1 << 20) + 65_535, 1)));
    assertThat(h.percentile(0)).isEqualTo(Duration.ofNanos(10));
    assertThat(h.percentile(50)).isEqualTo(Duration.ofNanos(10));
    assertThat(h.percentile(50.1)).isEqualTo(Duration.ofNanos(101));
    assertThat(h.percentile(99)).isEqualTo(Duration.ofNanos(101));
    assertThat(h.percentile(99.01)).isEqualTo(Duration.ofNanos((1 << 20) + 65_535));
    assertThat(h.max()).isEqualTo(Duration.ofNanos((1 << 20) + 65_535));
    assertThat(h.mean()).isEqualTo(Duration.ofNanos(123));
    assertThat(Histogram.EMPTY.percentile(50)).isZero();
    assertThat(Histogram.EMPTY.mean()).isZero();
    for (double p : new double[] {-1, 100.1, Double.NaN}) {
      assertThatThrownBy(() -> h.percentile(p))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("There is no percentile %s. Give a number from 0 to 100.".formatted(p));
    }
  }
}
