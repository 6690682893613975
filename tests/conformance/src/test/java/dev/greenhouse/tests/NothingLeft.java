package dev.greenhouse.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.OpenGreenhouse;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// After each test: no task and no nursery is alive, and no instrument is left on the common
/// greenhouse.
public final class NothingLeft implements AfterEachCallback {
  private static final Queue<OpenGreenhouse> WATCHED = new ConcurrentLinkedQueue<>();

  /// Makes the check look at a greenhouse, too.
  public static OpenGreenhouse watch(OpenGreenhouse greenhouse) {
    WATCHED.add(greenhouse);
    return greenhouse;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    for (OpenGreenhouse g; (g = WATCHED.poll()) != null; ) {
      assertEmpty(g);
    }
    assertEmpty(Greenhouse.common());
    assertThat(Greenhouse.common().instruments().list()).as("instruments left").isEmpty();
  }

  private static void assertEmpty(OpenGreenhouse g) {
    assertThat(g.roots()).as("tasks left in " + g).isEmpty();
    assertThat(g.statistics().nurseries()).as("nurseries left in " + g).isZero();
  }
}
