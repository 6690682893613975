package dev.greenhouse.guide;

// region letters
import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.withPortalRunTree;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.greenhouse.nursery.Nursery;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;

public class Letters {
  private static final Pattern NAME = Pattern.compile("\\{(\\w+)}");

  /// An asynchronous client: each answer takes 100 ms, and no thread waits for it.
  static CompletionStage<String> lookUp(String name) {
    return CompletableFuture.supplyAsync(
        () -> name.toUpperCase(Locale.ROOT), CompletableFuture.delayedExecutor(100, MILLISECONDS));
  }

  /// Synchronous code. The JDK's `replaceAll` calls back, and the callback awaits.
  static String filledIn(String letter) {
    return NAME.matcher(letter).replaceAll(found -> await(lookUp(found.group(1))));
  }

  public static void main(String[] args) {
    try (var _ = Nursery.open()) {
      withPortalRunTree(
          () ->
              Nursery.run(
                  letters -> {
                    for (var who : List.of("ann", "bob", "eve")) {
                      letters.fork(() -> System.out.println(filledIn("Dear {" + who + "}!")));
                    }
                  }));
    }
  }
}
// endregion
