package dev.greenhouse.portal;

import dev.greenhouse.nursery.lowlevel.Suspension;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The wait of a task for the one value of a publisher. It asks for two, to see whether there is a
/// second.
final class PublisherAwait<T extends @Nullable Object> implements Flow.Subscriber<T> {
  /// Stands for a subscription that is not wanted any more.
  private static final Flow.Subscription OVER =
      new Flow.Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
      };

  private final Suspension<@Nullable T> suspension;

  /// Null, then what the publisher gave, then OVER: by the publisher's signals, or by the task when
  /// it is cancelled.
  private final AtomicReference<Flow.@Nullable Subscription> subscription = new AtomicReference<>();

  private @Nullable T value; // by the publisher's signals, which come one after the other

  private PublisherAwait(Object publisher) {
    suspension = Suspension.create(Awaited.of(publisher));
  }

  @SuppressWarnings("NullAway") // T is nullable where there may be no value
  static <T extends @Nullable Object> T await(Flow.Publisher<? extends T> publisher) {
    var wait = new PublisherAwait<T>(publisher);
    publisher.subscribe(wait);
    try {
      return wait.suspension.awaitOrUndo(wait::end);
    } catch (Throwable t) {
      throw StageAwait.thrown(t);
    }
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    if (given == null) {
      throw refusedNull("subscription");
    }
    if (subscription.compareAndSet(null, given)) {
      given.request(2);
    } else {
      given.cancel(); // it subscribes twice, or too late
    }
  }

  @Override
  public void onNext(T item) {
    if (item == null) {
      throw refusedNull("item");
    }
    if (suspension.isDone()) {
      return;
    }
    if (value == null) {
      value = item;
    } else {
      suspension.resumeExceptionally(
          new IllegalStateException(
              "The publisher published a second value, %s after %s, and one was awaited. Take the first by an operator of the publisher's library."
                  .formatted(item, value)));
      end();
    }
  }

  @Override
  public void onError(Throwable error) {
    if (error == null) {
      throw refusedNull("error");
    }
    subscription.set(OVER);
    suspension.resumeExceptionally(StageAwait.unwrapped(error));
  }

  @Override
  public void onComplete() {
    subscription.set(OVER);
    suspension.resume(value);
  }

  /// The rules demand that the publisher is told; and whoever waits must not wait for ever.
  private NullPointerException refusedNull(String what) {
    suspension.resumeExceptionally(
        new IllegalStateException(
            "The publisher gave null as its %s, which the rules forbid.".formatted(what)));
    end();
    return new NullPointerException(what);
  }

  private void end() {
    Flow.Subscription s = subscription.getAndSet(OVER);
    if (s != null) {
      s.cancel();
    }
  }
}
