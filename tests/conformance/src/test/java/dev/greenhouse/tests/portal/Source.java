package dev.greenhouse.tests.portal;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// A publisher of numbers from 0 on, for one subscriber, which does what a test tells it, and
/// counts what it is told.
final class Source implements Flow.Publisher<Integer>, Flow.Subscription {
  /// What it does when items are requested, besides counting them.
  @FunctionalInterface
  interface Behaviour {
    void onRequest(Source source, long n);
  }

  private final Behaviour behaviour;
  final AtomicInteger subscriptions = new AtomicInteger();
  final AtomicInteger cancellations = new AtomicInteger();
  final AtomicLong requested = new AtomicLong();
  final AtomicInteger published = new AtomicInteger();
  volatile Flow.Subscriber<? super Integer> subscriber;

  Source(Behaviour behaviour) {
    this.behaviour = behaviour;
  }

  /// {@return one that only counts, and publishes when it is told}
  static Source byHand() {
    return new Source((source, n) -> {});
  }

  /// {@return one that publishes at once what is requested, without end}
  static Source endless() {
    return new Source(Source::publish);
  }

  /// {@return one that publishes at once what is requested, some items in all, and completes}
  static Source of(int items) {
    return new Source(
        (source, n) -> {
          for (long i = 0; i < n && source.published.get() < items; i++) {
            source.publish(1);
            if (source.published.get() == items) {
              source.subscriber.onComplete();
            }
          }
        });
  }

  /// Publishes some more items, unless it was cancelled.
  void publish(long n) {
    for (long i = 0; i < n && cancellations.get() == 0; i++) {
      subscriber.onNext(published.getAndIncrement());
    }
  }

  @Override
  public void subscribe(Flow.Subscriber<? super Integer> given) {
    subscriptions.incrementAndGet();
    subscriber = given;
    given.onSubscribe(this);
  }

  @Override
  public void request(long n) {
    requested.addAndGet(n);
    behaviour.onRequest(this, n);
  }

  @Override
  public void cancel() {
    cancellations.incrementAndGet();
  }

  @Override
  public String toString() {
    return "Source";
  }
}
