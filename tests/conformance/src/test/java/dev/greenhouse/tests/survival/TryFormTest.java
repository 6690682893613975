package dev.greenhouse.tests.survival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.instrumentation.Outcome;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.survival.TryShapes.Beds;
import dev.greenhouse.tests.survival.TryShapes.Boom;
import dev.greenhouse.tests.survival.TryShapes.Shape;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtendWith;

/// A body that throws cancels its tasks in the try form, too, in every shape that javac gives it;
/// and one that does not throw never does.
@ExtendWith(NothingLeft.class)
class TryFormTest {
  @OnEveryKind
  void aBodyThatThrowsCancelsATaskThatNeverEnds(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (Map.Entry<String, Shape> shape : TryShapes.throwing().entrySet()) {
            var beds = new Beds();
            Throwable thrown = catchThrowable(() -> shape.getValue().run(beds));
            assertThat(thrown).as(shape.getKey()).isInstanceOf(Boom.class);
            assertThat(beds.tasks).as(shape.getKey()).isNotEmpty();
            for (Task<?> task : beds.tasks) {
              assertThat(task.outcome().orElseThrow())
                  .as(shape.getKey())
                  .isInstanceOf(Outcome.WasCancelled.class);
            }
          }
        });
  }

  @OnEveryKind
  void aBodyThatEndsWithoutExceptionCancelsNothing(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (Map.Entry<String, Shape> shape : TryShapes.ending().entrySet()) {
            var beds = new Beds();
            shape.getValue().run(beds);
            assertUntouched(shape.getKey(), beds);
          }
        });
  }

  @OnEveryKind
  void aBodyThatEndsInsideAHandlerThatCollectsExceptionsCancelsNothing(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (Map.Entry<String, Shape> shape : TryShapes.endingInCollectingHandlers().entrySet()) {
            var beds = new Beds();
            shape.getValue().run(beds);
            assertUntouched(shape.getKey(), beds);
          }
        });
  }

  @OnEveryKind
  void whereItCannotBeToldCloseWaits(Kind kind) throws Throwable {
    kind.run(
        () -> {
          for (Map.Entry<String, Shape> shape : OtherCallers.throwing().entrySet()) {
            var beds = new Beds();
            Throwable thrown = catchThrowable(() -> shape.getValue().run(beds));
            assertThat(thrown).as(shape.getKey()).isInstanceOf(Boom.class);
            assertUntouched(shape.getKey(), beds);
          }
        });
  }

  private static void assertUntouched(String shape, Beds beds) {
    assertThat(beds.tasks).as(shape).isNotEmpty();
    for (Task<?> task : beds.tasks) {
      assertThat(task.outcome().orElseThrow())
          .as(shape)
          .isEqualTo(new Outcome.Succeeded<>("slept"));
    }
  }
}
