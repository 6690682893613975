package dev.greenhouse.portal;

import dev.greenhouse.nursery.Cancelled;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Queue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/// A subscriber on the one side, an iterator on the other. The publisher's signals may come from
/// any thread, and from a publisher that breaks the rules from several at once.
///
/// A signal writes `items` or `end`, and then wakes who is in `waiting`. The task writes `waiting`,
/// and then reads `items` and `end` again. So one of them sees the other.
final class PublisherIteration<T> implements PublishedItems<T>, Flow.Subscriber<T> {
  private static final CompletableFuture<@Nullable Void> NOTHING_TO_WAIT_FOR =
      CompletableFuture.completedFuture(null);

  /// Stands for a subscription that is not wanted any more.
  private static final Flow.Subscription OVER =
      new Flow.Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
      };

  /// How it ended: with an exception, or without.
  private record End(@Nullable Throwable error) {}

  private final Flow.Publisher<? extends T> publisher;
  private final int window;
  private final int batch; // so many are consumed before more are requested

  private final AtomicBoolean iterated = new AtomicBoolean(); // by the first who iterates

  /// Null, then what the publisher gave, then OVER: by signals, by the task or by who closes.
  private final AtomicReference<Flow.@Nullable Subscription> subscription = new AtomicReference<>();

  private final Queue<T> items = new ConcurrentLinkedQueue<>(); // signals add, the task takes
  private final AtomicLong allowed = new AtomicLong(); // signals take; who requests adds, before
  private final AtomicReference<@Nullable End> end = new AtomicReference<>(); // once, by a signal

  /// What the task waits for: set by the task, taken by the signal that wakes it.
  private final AtomicReference<@Nullable CompletableFuture<@Nullable Void>> waiting =
      new AtomicReference<>();

  private volatile @Nullable String closed; // why, by who closes or by the task

  private boolean subscribed; // the iterating task only
  private @Nullable T next; // the iterating task only
  private int consumed; // the iterating task only: since the last request

  PublisherIteration(Flow.Publisher<? extends T> publisher, int window) {
    this.publisher = Objects.requireNonNull(publisher, "publisher");
    if (window < 1) {
      throw new IllegalArgumentException(
          "A window of %d lets nothing through. Give at least 1.".formatted(window));
    }
    this.window = window;
    this.batch = window - window / 2;
  }

  // ---- the task's side

  @Override
  public Iterator<T> iterator() {
    requireOpen();
    if (!iterated.compareAndSet(false, true)) {
      throw new IllegalStateException(
          "The items of %s are being iterated already, and can be only once. Call asyncIter again for a new subscription."
              .formatted(publisher));
    }
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return awaitNext();
      }

      @Override
      public T next() {
        return takeNext();
      }
    };
  }

  @Override
  public Stream<T> stream() {
    Iterator<T> iterator = iterator();
    int kind = Spliterator.ORDERED | Spliterator.NONNULL;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator, kind), false)
        .onClose(this::close);
  }

  private boolean awaitNext() {
    requireOpen();
    if (next != null) {
      return true;
    }
    try {
      next = look();
      return next != null;
    } catch (Throwable t) {
      giveUp(t);
      throw t;
    }
  }

  private T takeNext() {
    if (!awaitNext()) {
      throw new NoSuchElementException("The publisher has completed, and all items are consumed.");
    }
    T item = Objects.requireNonNull(next);
    next = null;
    if (++consumed == batch) {
      consumed = 0;
      request(Objects.requireNonNull(subscription.get()), batch);
    }
    return item;
  }

  /// {@return the next item; null if there is none}
  private @Nullable T look() {
    Portal.await(NOTHING_TO_WAIT_FOR); // a checkpoint, and whether there is a portal
    if (!subscribed) {
      subscribed = true;
      publisher.subscribe(this);
    }
    while (true) {
      requireOpen();
      End ended = end.get(); // before the items: those before the end come first
      T item = items.poll();
      if (item != null) {
        return item;
      }
      if (ended != null) {
        if (ended.error != null) {
          Portal.await(CompletableFuture.failedFuture(ended.error));
        }
        return null;
      }
      awaitSignal();
    }
  }

  private void awaitSignal() {
    var signal = new CompletableFuture<@Nullable Void>();
    if (!waiting.compareAndSet(null, signal)) {
      throw new IllegalStateException(
          "Two tasks wait for the next item of %s. Let one iterate, and hand the items on."
              .formatted(publisher));
    }
    try {
      if (items.isEmpty() && end.get() == null && closed == null) {
        Portal.await(signal);
      }
    } finally {
      waiting.compareAndSet(signal, null);
    }
  }

  private void requireOpen() {
    String why = closed;
    if (why != null) {
      throw new IllegalStateException(
          "The items of %s can't be iterated any more: %s. Call asyncIter again for a new subscription."
              .formatted(publisher, why));
    }
  }

  /// A failure of the publisher stays to be seen; without one there is nothing to go on with.
  private void giveUp(Throwable t) {
    End ended = end.get();
    if (ended == null || ended.error == null) {
      closed = t instanceof Cancelled ? "the task was cancelled" : "hasNext threw " + t;
    }
    cancelFor(t);
    items.clear();
    wake(); // another task may wait, against the rules
  }

  @Override
  public void close() {
    if (closed == null) {
      closed = "they were closed";
    }
    try {
      cancel();
    } finally {
      items.clear();
      wake();
    }
  }

  private void cancel() {
    Flow.Subscription given = subscription.getAndSet(OVER);
    if (given != null) {
      given.cancel();
    }
  }

  private void cancelFor(Throwable error) {
    try {
      cancel();
    } catch (Throwable fromCancel) {
      if (fromCancel != error) {
        error.addSuppressed(fromCancel);
      }
    }
  }

  // ---- the publisher's side

  @Override
  public void onSubscribe(Flow.Subscription given) {
    if (given == null) {
      failBroken("gave a subscription that is null");
      throw new NullPointerException("subscription");
    }
    if (subscription.compareAndSet(null, given)) {
      request(given, window);
    } else {
      given.cancel();
      failBroken("gave a second subscription");
    }
  }

  private void request(Flow.Subscription from, int n) {
    allowed.addAndGet(n);
    try {
      from.request(n);
    } catch (Throwable t) {
      fail(t);
    }
  }

  @Override
  public void onNext(T item) {
    if (item == null) {
      failBroken("published null");
      throw new NullPointerException("item");
    }
    if (subscription.get() == null) {
      failBroken("published %s before it gave a subscription".formatted(item));
    } else if (allowed.getAndDecrement() <= 0) {
      failBroken("published %s, which is more than was requested".formatted(item));
    } else if (end.get() == null && closed == null) {
      items.add(item);
      wake();
    }
  }

  @Override
  public void onError(Throwable error) {
    subscription.set(OVER);
    end(new End(error == null ? broken("failed with null") : error));
    Objects.requireNonNull(error, "error");
  }

  @Override
  public void onComplete() {
    boolean early = subscription.getAndSet(OVER) == null;
    end(new End(early ? broken("completed before it gave a subscription") : null));
  }

  private void failBroken(String how) {
    fail(broken(how));
  }

  private IllegalStateException broken(String how) {
    return new IllegalStateException(
        "The publisher %s %s, which the rules of Flow forbid. Report that to its makers."
            .formatted(publisher, how));
  }

  private void fail(Throwable error) {
    cancelFor(error);
    end(new End(error));
  }

  private void end(End how) {
    if (end.compareAndSet(null, how)) {
      wake();
    }
  }

  private void wake() {
    if (waiting.get() != null) {
      CompletableFuture<@Nullable Void> signal = waiting.getAndSet(null);
      if (signal != null) {
        signal.complete(null);
      }
    }
  }

  /// {@return of which publisher, and whether they are closed}
  @Override
  public String toString() {
    String why = closed;
    return "items of " + publisher + (why == null ? "" : ", over: " + why);
  }
}
