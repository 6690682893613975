package dev.greenhouse.portal.flat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A future that only its owner completes, and that can't be waited for where that would be in
/// vain.
abstract class OwnedFuture<T extends @Nullable Object> extends CompletableFuture<T> {
  /// {@return its name}
  public abstract String name();

  /// Does nothing, or throws an `IllegalStateException` that tells why nobody must wait here.
  abstract void refuseToWait(String how);

  final void completeAsOwner(T value) {
    super.complete(value);
  }

  final void failAsOwner(Throwable error) {
    super.completeExceptionally(error);
  }

  /// Waits for the value, and blocks the thread.
  ///
  /// @throws IllegalStateException where that would be for ever: on the loop's thread in a step, or
  ///   in a step of this task
  @Override
  public T join() {
    refuseToWait("join");
    return super.join();
  }

  /// Waits for the value, and blocks the thread.
  ///
  /// @throws IllegalStateException where that would be for ever: on the loop's thread in a step, or
  ///   in a step of this task
  @Override
  public T get() throws InterruptedException, ExecutionException {
    refuseToWait("get");
    return super.get();
  }

  /// Waits for the value for some time, and blocks the thread.
  ///
  /// @throws IllegalStateException where that would be in vain: on the loop's thread in a step, or
  ///   in a step of this task
  @Override
  public T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    refuseToWait("get");
    return super.get(timeout, unit);
  }

  /// {@return an ordinary incomplete future: what depends on a flat task is none}
  @Override
  public <U extends @Nullable Object> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }

  /// Refused.
  @Override
  public boolean complete(T value) {
    throw refusedToComplete();
  }

  /// Refused.
  @Override
  public boolean completeExceptionally(Throwable error) {
    throw refusedToComplete();
  }

  /// Refused.
  @Override
  public CompletableFuture<T> completeAsync(Supplier<? extends T> supplier, Executor on) {
    throw refusedToComplete();
  }

  /// Refused.
  @Override
  public CompletableFuture<T> completeAsync(Supplier<? extends T> supplier) {
    throw refusedToComplete();
  }

  /// Refused.
  @Override
  public CompletableFuture<T> orTimeout(long timeout, TimeUnit unit) {
    throw refusedToComplete();
  }

  /// Refused.
  @Override
  public CompletableFuture<T> completeOnTimeout(T value, long timeout, TimeUnit unit) {
    throw refusedToComplete();
  }

  /// Refused.
  @Override
  public void obtrudeValue(T value) {
    throw refusedToComplete();
  }

  /// Refused.
  @Override
  public void obtrudeException(Throwable error) {
    throw refusedToComplete();
  }

  private UnsupportedOperationException refusedToComplete() {
    return new UnsupportedOperationException(
        "Flat task '%s' is completed by its own steps only. Cancel it, or complete a copy: task.copy()."
            .formatted(name()));
  }
}
