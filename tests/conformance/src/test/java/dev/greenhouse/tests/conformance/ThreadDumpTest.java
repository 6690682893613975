package dev.greenhouse.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Design, section 3: the JDK's thread dumps show each task in its nursery.
@ExtendWith(NothingLeft.class)
class ThreadDumpTest {
  private static JsonNode dump(Path directory) throws IOException {
    Path file = directory.resolve("dump.json");
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpThreads(file.toString(), ThreadDumpFormat.JSON);
    return new ObjectMapper().readTree(file.toFile()).at("/threadDump/threadContainers");
  }

  private static JsonNode container(JsonNode dump, String nursery) {
    var found = new ArrayList<JsonNode>();
    for (JsonNode container : dump) {
      if (container.get("container").asText().startsWith(nursery + "/")) {
        found.add(container);
      }
    }
    assertThat(found).as(dump.toPrettyString()).hasSize(1);
    return found.getFirst();
  }

  private static List<String> threads(JsonNode container) {
    return container.get("threads").findValuesAsText("name");
  }

  @OnEveryKind
  void eachNurseryIsAContainerOfItsTasks(Kind kind, @TempDir Path directory) throws Throwable {
    kind.run(
        () -> {
          var waits = new CountDownLatch(4);
          try (var garden = Nursery.open("garden")) {
            garden.fork("hedge", () -> waits(waits));
            garden.fork("gardener", () -> tendsBeds(waits));
            waits.await();
            JsonNode dump = dump(directory);
            JsonNode outer = container(dump, "garden");
            JsonNode inner = container(dump, "beds");
            assertThat(threads(outer)).contains("hedge", "gardener").doesNotContain("rose");
            assertThat(threads(inner)).contains("rose", "lily").doesNotContain("hedge");
            assertThat(outer.get("owner").asLong()).isEqualTo(Thread.currentThread().threadId());
            assertThat(inner.get("parent")).isEqualTo(outer.get("container"));
            garden.cancel("seen");
          }
        });
  }

  private static void waits(CountDownLatch waits) {
    waits.countDown();
    Task.sleepForever();
  }

  private static void tendsBeds(CountDownLatch waits) {
    try (var beds = Nursery.open("beds")) {
      beds.fork("rose", () -> waits(waits));
      beds.fork("lily", () -> waits(waits));
      waits(waits);
    }
  }
}
