package dev.greenhouse.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NothingLeft.class)
class FixtureTest {
  @OnEveryKind
  void aTestRunsAsAMainTask(Kind kind) throws Throwable {
    kind.run(
        () -> {
          assertThat(Task.current().name()).isEqualTo("main");
          try (var nursery = Nursery.open()) {
            assertThat(nursery.fork(() -> 42).join()).isEqualTo(42);
          }
        });
  }
}
