package dev.greenhouse.portal;

import dev.greenhouse.nursery.Action;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.NurseryOptions;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.Suspension;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The task that keeps a nursery open for a [ThreadPortal], whose users are no tasks and can't own
/// one. A call that fails does not cancel this nursery: its caller is told.
final class PortalKeeper {
  private final String name;

  /// Completed by the task when the nursery is open, or failed when it could not be opened.
  private final CompletableFuture<Nursery> opened = new CompletableFuture<>();

  /// Made by the task before `opened`.
  private volatile @Nullable Suspension<@Nullable Void> end;

  private PortalKeeper(String name) {
    this.name = name;
  }

  /// A keeper at its work.
  ///
  /// @param task ends when the nursery is closed
  record Keeping(PortalKeeper keeper, Task<?> task, Nursery nursery) {
    /// The nursery takes no more than what it has, and closes. Does not wait.
    void end() {
      Objects.requireNonNull(keeper.end).resume(null);
    }
  }

  /// Starts one and waits until the nursery is open. In a task, too, that gives up the carrier.
  static Keeping start(String name, Function<Action, Task<?>> fork) {
    var keeper = new PortalKeeper(name);
    Task<?> task = fork.apply(keeper::keep);
    try {
      return new Keeping(keeper, task, keeper.opened.join());
    } catch (CompletionException e) {
      throw StageAwait.rethrow(StageAwait.unwrapped(e));
    }
  }

  private void keep() {
    try {
      Nursery.run(NurseryOptions.named(name).onFailure((task, error) -> {}), this::keepOpen);
    } finally {
      // If it never opened. What was wrong is the failure of the task.
      opened.completeExceptionally(
          new IllegalStateException(
              "The nursery of portal '%s' could not be opened. See what its keeper failed with."
                  .formatted(name)));
    }
  }

  private void keepOpen(Nursery nursery) {
    var wait = Suspension.<@Nullable Void>create("calls by portal '%s'".formatted(name));
    end = wait;
    opened.complete(nursery);
    wait.await();
  }
}
