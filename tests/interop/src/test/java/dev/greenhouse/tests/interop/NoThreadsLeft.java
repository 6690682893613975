package dev.greenhouse.tests.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.tests.Eventually;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/// After each test: no platform thread is alive that was not there before it, but those that a
/// library keeps for all of the JVM.
final class NoThreadsLeft implements BeforeEachCallback, AfterEachCallback {
  private static final Namespace HERE = Namespace.create(NoThreadsLeft.class);

  /// How the names of those begin.
  private static final List<String> SHARED =
      List.of(
          // ours
          "greenhouse-housekeeper",
          "greenhouse-reporter",
          "greenhouse-interrupter",
          "greenhouse-common-",
          "greenhouse-unseen-failures",
          // the JDK's, which carry virtual threads and wait for their sockets and timers
          "ForkJoinPool-1-",
          "ForkJoinPool.commonPool-",
          "VirtualThread-",
          "Read-Poller",
          "Write-Poller",
          "MasterPoller",
          // Swing's, which end by themselves when there are no events for a while
          "AWT-",
          "TimerQueue",
          // Netty's, for the end of its loops
          "globalEventExecutor",
          // OpenTelemetry's, which looks after scopes that nobody closes
          "weak-ref-cleaner-strictcontextstorage");

  @Override
  public void beforeEach(ExtensionContext context) {
    context.getStore(HERE).put("before", platformThreads());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Set<?> before = context.getStore(HERE).get("before", Set.class);
    Eventually.run(
        () ->
            assertThat(platformThreads())
                .filteredOn(thread -> !before.contains(thread))
                .as("threads left")
                .isEmpty());
  }

  private static Set<Thread> platformThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> SHARED.stream().noneMatch(thread.getName()::startsWith))
        .collect(Collectors.toSet());
  }
}
