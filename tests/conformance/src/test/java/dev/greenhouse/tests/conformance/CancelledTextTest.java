package dev.greenhouse.tests.conformance;

import static dev.greenhouse.tests.conformance.DeadlineTest.HOUR;
import static dev.greenhouse.tests.conformance.DeadlineTest.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.greenhouse.instrumentation.CancelReason.Source;
import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Cancelled;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryFailedException;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import dev.greenhouse.tests.VirtualGreenhouse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.extension.ExtendWith;

/// Rule 12, `Cancelled` explains itself; and conformance D31, what a scope says of itself.
@ExtendWith(NothingLeft.class)
class CancelledTextTest {
  private static Cancelled cancelledNow() {
    Cancelled thrown = catchThrowableOfType(Cancelled.class, Task::sleepForever);
    assertThat(thrown).isNotNull();
    return thrown;
  }

  // Rule 12
  @OnEveryKind
  void aDeadlineTellsItsTimeItsScopeAndTheTask(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Duration[] times = {
            SECOND.multipliedBy(2),
            Duration.ofMillis(1_500),
            Duration.ofMillis(150),
            Duration.ofMinutes(200),
            Duration.ZERO,
            Duration.ofSeconds(-3)
          };
          String[] texts = {"2 s", "1.5 s", "150 ms", "3 h 20 min", "0 s", "-3 s"};
          for (int i = 0; i < times.length; i++) {
            String expected =
                "cancelled: deadline of %s passed, in scope 'fetch', seen by task 'main'"
                    .formatted(texts[i]);
            CancelScope fetch = CancelScope.named("fetch").deadline(times[i]);
            fetch.run(
                () -> {
                  Cancelled c = cancelledNow();
                  assertThat(c).hasMessage(expected);
                  assertThat(c.source()).isEqualTo(Source.DEADLINE);
                  assertThat(c.scopeName()).isEqualTo("fetch");
                  assertThat(c.taskName()).isEqualTo("main");
                });
          }
        });
  }

  // Rule 12
  @OnEveryKind
  void aDeadlineAtATimeOfDayTellsThat(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock ->
            CancelScope.moveOnAt(
                clock.instant().plusSeconds(90),
                () ->
                    assertThat(cancelledNow())
                        .hasMessageContainingAll(
                            "deadline at 2000-01-01T00:01:30Z passed", "'moveOnAt'")));
  }

  // Rule 12
  @OnEveryKind
  void aTimeoutTellsTheSame(Kind kind) throws Throwable {
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Throwable thrown =
              catchThrowable(() -> CancelScope.failAfter(SECOND, () -> Task.sleepForever()));
          assertThat(thrown)
              .isInstanceOf(TimeoutException.class)
              .hasMessage("deadline of 1 s passed, in scope 'failAfter' of task 'main'");
        });
  }

  // Rule 12
  @OnEveryKind
  void theFirstReasonWins(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock ->
            CancelScope.run(
                scope -> {
                  scope.cancel("frost");
                  scope.cancel("hail");
                  scope.cancel();
                  scope.deadline(Duration.ZERO);
                  assertThat(cancelledNow()).hasMessageContaining("cancelled: frost, in scope");
                  assertThat(scope.reason().orElseThrow().source()).isEqualTo(Source.EXPLICIT);
                }));
  }

  // Rule 12, with rule 10: of several scopes it is the outermost visible one that explains
  @OnEveryKind
  void theOutermostCancelledScopeExplains(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock ->
            CancelScope.run(
                outer -> {
                  CancelScope inner = CancelScope.named("inner");
                  inner.run(
                      () -> {
                        inner.cancel("frost");
                        outer.cancel("hail");
                        assertThat(cancelledNow()).hasMessageContaining("hail, in scope 'scope'");
                        inner.shielded(true);
                        assertThat(cancelledNow()).hasMessageContaining("frost, in scope 'inner'");
                      });
                }));
  }

  // Rule 12
  @OnEveryKind
  void withoutAReasonItSaysThatSomebodyCancelled(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          CancelScope scope = CancelScope.named("fetch");
          scope.cancel();
          scope.run(
              () ->
                  assertThat(cancelledNow())
                      .hasMessageContaining("cancelled: cancel() was called on 'fetch'"));
        });
  }

  // Rule 12
  @OnEveryKind
  void theFailureOfANurseryIsToldWithItsCause(Kind kind) throws Throwable {
    var reset = new IOException("reset");
    VirtualGreenhouse.jumping(
        kind,
        clock -> {
          Cancelled[] seen = new Cancelled[1];
          assertThatThrownBy(
                  () ->
                      Nursery.run(
                          NurseryOptions.named("crawl"),
                          nursery -> {
                            nursery.fork("sibling", () -> seen[0] = cancelledNow());
                            Task.sleep(SECOND);
                            throw reset;
                          }))
              .isInstanceOf(NurseryFailedException.class);
          assertThat(seen[0])
              .hasMessage(
                  "cancelled: nursery 'crawl' failed: java.io.IOException: reset, in scope 'crawl',"
                      + " seen by task 'sibling'");
          assertThat(seen[0].source()).isEqualTo(Source.NURSERY_FAILED);
          assertThat(seen[0].reason().cause()).isSameAs(reset);
        });
  }

  // D31
  @OnEveryKind
  void aScopeTellsItsStateBeforeDuringAndAfter(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          CancelScope scope = CancelScope.named("fetch");
          assertThat(scope.name()).isEqualTo("fetch");
          assertThat(scope).hasToString("CancelScope[fetch, not entered]");
          assertThat(scope.isCancelled()).isFalse();
          scope.run(() -> assertThat(scope).hasToString("CancelScope[fetch, active]"));
          assertThat(scope).hasToString("CancelScope[fetch, left]");
          assertThat(scope.isCancelled()).isFalse();
          assertThat(scope.reason()).isEmpty();
        });
  }

  // D31
  @OnEveryKind
  void aScopeTellsThatItIsCancelledAndStaysSo(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          CancelScope scope = CancelScope.named("fetch");
          scope.cancel("frost");
          assertThat(scope).hasToString("CancelScope[fetch, not entered, cancelled: frost]");
          scope.run(
              () -> {
                assertThat(scope).hasToString("CancelScope[fetch, active, cancelled: frost]");
                Task.checkpoint();
              });
          assertThat(scope).hasToString("CancelScope[fetch, left, cancelled: frost]");
          assertThat(scope.isCancelled()).isTrue();
        });
  }

  // D31: the time to, and since, the deadline
  @OnEveryKind
  void aScopeTellsTheTimeToItsDeadlineAndSince(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          CancelScope scope = CancelScope.named("fetch").deadline(SECOND.multipliedBy(5));
          assertThat(scope).hasToString("CancelScope[fetch, not entered, deadline after 5 s]");
          scope.run(
              () -> {
                clock.advance(SECOND);
                assertThat(scope).hasToString("CancelScope[fetch, active, deadline in 4 s]");
                clock.advance(HOUR);
                assertThat(scope.toString()).contains("deadline 59 min 56 s ago");
              });
          assertThat(scope.toString()).startsWith("CancelScope[fetch, left");
        });
  }

  // D31: also on a thread that is no task
  @OnEveryKind
  void anyThreadMayAskAScope(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          CancelScope scope = CancelScope.named("fetch").deadline(SECOND).shielded(true);
          String[] text = new String[1];
          scope.run(() -> Thread.ofPlatform().start(() -> text[0] = scope.toString()).join());
          assertThat(text[0]).isEqualTo("CancelScope[fetch, active, shielded, deadline in 1 s]");
        });
  }

  // D31
  @OnEveryKind
  void theScopeOfANurseryHasItsNameAndState(Kind kind) throws Throwable {
    VirtualGreenhouse.still(
        kind,
        clock -> {
          CancelScope scope;
          try (var nursery = Nursery.open("beds")) {
            scope = nursery.cancelScope();
            nursery.cancelAfter(HOUR);
            assertThat(scope)
                .hasToString("CancelScope[beds, active, winding down, deadline in 1 h]");
          }
          assertThat(scope).hasToString("CancelScope[beds, left, winding down]");
        });
  }
}
