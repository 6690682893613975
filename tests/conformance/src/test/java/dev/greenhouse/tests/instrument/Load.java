package dev.greenhouse.tests.instrument;

import dev.greenhouse.instrumentation.Instrument;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.nursery.Task;
import java.io.IOException;
import java.io.Serial;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// What instruments are shown.
final class Load {
  /// Names that a line or a format could stumble over.
  static final List<String> ODD_NAMES =
      List.of(
          "it's \"quoted\"",
          "two\nlines\r\tand {} %s ${jndi:x} \\",
          "tomato \uD83C\uDF45 and half of one \uD83C",
          "\u001b[31mred\u2028",
          "long" + "\uD83C\uDF45".repeat(5_000));

  private Load() {}

  /// An exception that breaks whoever looks at it.
  static final class Unreadable extends Exception {
    @Serial private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new AssertionError("do not look");
    }
  }

  /// In nursery 'beds', a task that fails in a way that nobody can put into words.
  static void unreadableEnd() {
    try (var nursery = Nursery.open(NurseryOptions.named("beds").onFailure((t, e) -> {}))) {
      nursery.fork(
          "unreadable",
          () -> {
            throw new Unreadable();
          });
    }
  }

  /// In nursery 'beds', one task that succeeds, one that fails, and one that is cancelled.
  static void threeEnds() {
    try (var nursery = Nursery.open(NurseryOptions.named("beds").onFailure((t, e) -> {}))) {
      nursery.fork("good", () -> 1);
      nursery.fork(
          "bad",
          () -> {
            throw new IOException("blight");
          });
      Task<?> gone = nursery.fork("gone", () -> Task.sleepForever());
      nursery.fork("gardener", () -> Task.checkpoint()).join();
      gone.cancel("enough");
    }
  }

  /// So many tasks, of which at most a hundred live at once, each with a few steps.
  static void churn(int tasks) {
    Nursery.run(
        outer -> {
          for (int i = 0; i < 10; i++) {
            outer.fork(
                () -> {
                  for (int n = 0; n < tasks / 100; n++) {
                    try (var nursery = Nursery.open("round")) {
                      for (int k = 0; k < 10; k++) {
                        nursery.fork(() -> Task.checkpoint());
                      }
                    }
                  }
                });
          }
        });
  }

  /// Adds and removes an instrument so many times while tasks churn.
  static void addAndRemove(OpenGreenhouse greenhouse, Instrument instrument, int times) {
    var stop = new AtomicBoolean();
    greenhouse.run(
        () -> {
          try (var nursery = Nursery.open()) {
            nursery.fork(
                () -> {
                  while (!stop.get()) {
                    churn(100);
                  }
                });
            try {
              for (int i = 0; i < times; i++) {
                greenhouse.instruments().add(instrument);
                Task.checkpoint();
                greenhouse.instruments().remove(instrument);
                Task.checkpoint();
              }
            } finally {
              stop.set(true);
            }
          }
        });
  }
}
