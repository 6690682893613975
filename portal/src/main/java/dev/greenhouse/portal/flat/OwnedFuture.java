package dev.greenhouse.portal.flat;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A future that only its owner completes, that can't be waited for where that would be in vain,
/// and whose failure is logged if nobody ever looks at it.
///
/// Whoever looks writes `looked` and then reads `unseen`; the owner writes `unseen`, completes, and
/// then reads `looked`.
abstract class OwnedFuture<T extends @Nullable Object> extends CompletableFuture<T> {
  private volatile boolean looked; // to true, by whoever asks for the result or depends on it
  private volatile @Nullable UnseenFailure unseen; // once, by the owner

  /// {@return its name}
  public abstract String name();

  /// Does nothing, or throws an `IllegalStateException` that tells why nobody must wait here.
  abstract void refuseToWait(String how);

  final void completeAsOwner(T value) {
    super.complete(value);
  }

  final void cancelAsOwner(CancellationException how) {
    super.completeExceptionally(how);
  }

  final void failAsOwner(Throwable error) {
    if (!looked && getNumberOfDependents() == 0) { // allOf and the like depend without asking
      unseen = UnseenFailure.of(this, error);
    }
    super.completeExceptionally(error);
    if (looked) {
      look();
    }
  }

  private void look() {
    looked = true;
    UnseenFailure failure = unseen;
    if (failure != null) {
      failure.see();
    }
  }

  /// Waits for the value, and blocks the thread.
  ///
  /// @throws IllegalStateException where that would be for ever: on the loop's thread in a step, or
  ///   in a step of this task
  @Override
  public T join() {
    look();
    refuseToWait("join");
    return super.join();
  }

  /// Waits for the value, and blocks the thread.
  ///
  /// @throws IllegalStateException where that would be for ever: on the loop's thread in a step, or
  ///   in a step of this task
  @Override
  public T get() throws InterruptedException, ExecutionException {
    look();
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
    look();
    refuseToWait("get");
    return super.get(timeout, unit);
  }

  /// {@return the value if there is one, or else what is given}
  @Override
  public T getNow(T valueIfAbsent) {
    look();
    return super.getNow(valueIfAbsent);
  }

  /// {@return what it failed with}
  @Override
  public Throwable exceptionNow() {
    look();
    return super.exceptionNow();
  }

  /// {@return whether it has failed or was cancelled}
  @Override
  public boolean isCompletedExceptionally() {
    look();
    return super.isCompletedExceptionally();
  }

  /// {@return this}
  @Override
  public CompletableFuture<T> toCompletableFuture() {
    look();
    return this;
  }

  /// {@return a stage that ends as this does}
  @Override
  public CompletionStage<T> minimalCompletionStage() {
    look();
    return super.minimalCompletionStage();
  }

  /// {@return an ordinary incomplete future: what depends on a flat task is none}
  @Override
  public <U extends @Nullable Object> CompletableFuture<U> newIncompleteFuture() {
    look(); // whoever makes a stage that depends on this asks for one
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
