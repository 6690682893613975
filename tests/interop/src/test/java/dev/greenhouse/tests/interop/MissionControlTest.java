package dev.greenhouse.tests.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.greenhouse.instrumentation.jfr.JfrEvents;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmc.common.item.Attribute;
import org.openjdk.jmc.common.item.IItem;
import org.openjdk.jmc.common.item.IType;
import org.openjdk.jmc.common.unit.UnitLookup;
import org.openjdk.jmc.flightrecorder.JfrAttributes;
import org.openjdk.jmc.flightrecorder.JfrLoaderToolkit;

/// A recording as JDK Mission Control reads it, by that program's own parser: its event browser
/// shows the types by their labels, and of each event the fields that are asked for here.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MissionControlTest {
  @TempDir Path folder;

  private record Event(IType<IItem> type, IItem item) {
    String text(String field) {
      return Attribute.attr(field, UnitLookup.PLAIN_TEXT).getAccessor(type).getMember(item);
    }

    long nanos() {
      return JfrAttributes.DURATION
          .getAccessor(type)
          .getMember(item)
          .clampedLongValueIn(UnitLookup.NANOSECOND);
    }
  }

  /// {@return our events, by the labels of their types}
  private Map<String, List<Event>> read(Recording recording) throws Exception {
    recording.stop();
    Path file = folder.resolve("recording.jfr");
    recording.dump(file);
    return JfrLoaderToolkit.loadEvents(file.toFile()).stream()
        .filter(events -> events.getType().getIdentifier().startsWith("dev.greenhouse."))
        .flatMap(events -> events.stream().map(item -> new Event(events.getType(), item)))
        .collect(Collectors.groupingBy(event -> event.type().getName()));
  }

  @OnEveryKind
  void eventsHaveTheirLabelsTimesAndFields(Kind kind) throws Exception {
    Map<String, List<Event>> events;
    try (var recording = new Recording()) {
      recording.enable("dev.greenhouse.TaskStep").withoutThreshold();
      recording.start();
      try (OpenGreenhouse greenhouse = kind.build(JfrEvents.create())) {
        greenhouse.run(
            () -> {
              try (var nursery = Nursery.open("beds")) {
                Task<?> gone = nursery.fork("gone", () -> Task.sleepForever());
                nursery.fork("good", () -> Task.checkpoint());
                Task.checkpoint();
                gone.cancel("enough");
              }
            });
      }
      events = read(recording);
    }
    assertThat(events.get("Task Spawned"))
        .extracting(e -> e.text("task"), e -> e.text("parent"))
        .contains(tuple("good", "main"), tuple("gone", "main"));
    assertThat(events.get("Task Exited"))
        .extracting(e -> e.text("task"), e -> e.text("outcome"))
        .containsExactlyInAnyOrder(
            tuple("main", "succeeded"), tuple("good", "succeeded"), tuple("gone", "cancelled"));
    assertThat(events.get("Task Exited")).allMatch(e -> e.nanos() > 0);
    assertThat(events.get("Task Step"))
        .extracting(e -> e.text("task"))
        .contains("main", "good", "gone");
    assertThat(events.get("Cancel Requested"))
        .extracting(e -> e.text("reason"))
        .containsExactly("enough");
    assertThat(events.get("Nursery"))
        .singleElement()
        .satisfies(
            nursery -> {
              assertThat(nursery.text("nursery")).isEqualTo("beds");
              assertThat(nursery.nanos()).isPositive();
            });
  }
}
