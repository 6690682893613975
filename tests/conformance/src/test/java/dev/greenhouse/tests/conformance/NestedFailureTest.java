package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.NurseryFailureTest.fail;
import static dev.greenhouse.tests.conformance.NurseryFailureTest.failWhenCancelled;
import static dev.greenhouse.tests.conformance.NurseryFailureTest.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rules 2, 3 and 10 with nurseries in nurseries: no failure is lost on its way out.
@ExtendWith(NothingLeft.class)
class NestedFailureTest {
  private final IOException blight = new IOException("blight");

  // "Nothing is ever lost", D39: only Cancelled is stripped, the rest passes
  @OnEveryKind
  void aFailureInAnInnerTryFormNurseryOfACancelledTaskIsNotLost(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Throwable thrown =
              catchThrowable(
                  () -> {
                    try (var outer = Nursery.open("outer")) {
                      var ready = new CountDownLatch(1);
                      outer.fork(
                          () -> {
                            try (var inner = Nursery.open("inner")) {
                              failWhenCancelled(inner, blight);
                              ready.countDown();
                              Task.sleepForever();
                            }
                          });
                      ready.await();
                      outer.cancel("enough");
                    }
                  });
          assertThat(thrown).isNotNull();
          assertThat(thrown).hasStackTraceContaining("blight");
        });
  }

  // The same, both nurseries in one task
  @OnEveryKind
  void aFailureInATryFormNurseryInsideACancelledNurseryRunIsNotLost(Kind kind) throws Throwable {
    kind.run(
        () -> {
          Throwable thrown =
              catchThrowable(
                  () ->
                      Nursery.run(
                          outer -> {
                            try (var inner = Nursery.open("inner")) {
                              failWhenCancelled(inner, blight);
                              outer.cancel("enough");
                              Task.sleepForever();
                            }
                          }));
          assertThat(thrown).isNotNull();
          assertThat(thrown).hasStackTraceContaining("blight");
        });
  }

  // The same in the lambda form
  @OnEveryKind
  void aFailureInAnInnerLambdaFormNurseryOfACancelledTaskIsNotLost(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () ->
                      Nursery.run(
                          outer ->
                              Nursery.run(
                                  inner -> {
                                    failWhenCancelled(inner, blight);
                                    outer.cancel("enough");
                                    Task.sleepForever();
                                  })));
          assertThat(thrown.getCause()).isInstanceOf(NurseryFailedException.class);
          assertThat(thrown.getCause().getCause()).isSameAs(blight);
        });
  }

  // Rules 3 and 10: an inner lambda form lets the failure of the nursery around it pass
  @OnEveryKind
  void theFailureOfAnEnclosingTryFormNurseryPassesAnInnerNurseryRunAsItself(Kind kind)
      throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () -> {
                    try (var outer = Nursery.open("outer")) {
                      outer.fork(
                          () -> {
                            throw blight;
                          });
                      Nursery.run(inner -> Task.sleepForever());
                    }
                  });
          assertThat(thrown).hasMessageContaining("'outer'");
          assertThat(thrown.failures()).containsExactly(blight);
        });
  }

  // B11, through two levels
  @OnEveryKind
  void aGrandchildsFailureComesOutThroughBothNurseries(Kind kind) throws Throwable {
    kind.run(
        () -> {
          NurseryFailedException thrown =
              failing(
                  () ->
                      Nursery.run(
                          outer -> outer.fork(() -> Nursery.run(inner -> fail(inner, blight)))));
          assertThat(thrown.failures()).hasSize(1);
          assertThat(((NurseryFailedException) thrown.getCause()).failures())
              .isEqualTo(List.of(blight));
        });
  }
}
