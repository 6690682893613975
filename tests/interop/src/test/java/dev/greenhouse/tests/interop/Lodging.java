package dev.greenhouse.tests.interop;

import static dev.greenhouse.portal.Portal.withPortalRun;
import static org.assertj.core.api.Assertions.assertThat;

import dev.greenhouse.nursery.Greenhouse;
import dev.greenhouse.nursery.OpenGreenhouse;
import dev.greenhouse.portal.flat.FlatExecutor;
import dev.greenhouse.tests.NothingLeft;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/// A way for tasks to live on somebody else's event loop.
interface Lodging extends AutoCloseable {
  /// Starts a task that has a portal.
  <T> CompletableFuture<T> withPortal(Callable<T> body);

  /// Starts a task that has none.
  CompletableFuture<Void> withoutPortal(Runnable body);

  @Override
  default void close() {}

  /// The ways there are.
  enum Way {
    GUEST_GREENHOUSE {
      @Override
      Lodging open(Executor loop) {
        return new Guest(NothingLeft.watch(Greenhouse.builder().name("guest").on(loop).build()));
      }
    },

    FLAT_EXECUTOR {
      @Override
      Lodging open(Executor loop) {
        return new Flat(FlatExecutor.on(loop));
      }
    };

    /// {@return a lodging on a loop, to be closed before the loop}
    abstract Lodging open(Executor loop);
  }

  /// As main tasks of a greenhouse.
  record Guest(OpenGreenhouse greenhouse) implements Lodging {
    @Override
    public <T> CompletableFuture<T> withPortal(Callable<T> body) {
      return greenhouse.<T>launch(() -> withPortalRun(body::call)).toCompletableFuture();
    }

    @Override
    public CompletableFuture<Void> withoutPortal(Runnable body) {
      return greenhouse
          .<Void>launch(
              () -> {
                body.run();
                return null;
              })
          .toCompletableFuture();
    }

    @Override
    public void close() {
      greenhouse.close();
    }
  }

  /// As flat tasks.
  record Flat(FlatExecutor executor) implements Lodging {
    @Override
    public <T> CompletableFuture<T> withPortal(Callable<T> body) {
      return executor.<T>withPortalRunSync(body).toCompletableFuture();
    }

    @Override
    public CompletableFuture<Void> withoutPortal(Runnable body) {
      return executor
          .<Void>spawn(
              () -> {
                body.run();
                return CompletableFuture.completedFuture(null);
              })
          .toCompletableFuture();
    }

    @Override
    public void close() {
      executor.close();
      assertThat(executor.tasks()).isEmpty();
    }
  }
}
