package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.asyncIter;
import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.nursery.lowlevel.AwaitedHere;
import dev.greenhouse.portal.NoPortalException;
import dev.greenhouse.portal.PublishedItems;
import dev.greenhouse.tests.Eventually;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// The items of publishers, in loops and streams: greenback's test_async_iter. Sending values into
/// a generator is Python's.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AsyncIterTest {
  private static List<Integer> numbers(int n) {
    return IntStream.range(0, n).boxed().toList();
  }

  private static List<Integer> all(PublishedItems<Integer> items) {
    var all = new ArrayList<Integer>();
    for (int item : items) {
      all.add(item);
    }
    return all;
  }

  // ---- items, and the end of them

  // greenback: test_async_iter
  @OnEveryKind
  void loopsOverAllItems(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          for (int window : List.of(1, 2, 3, 7, 100)) {
            for (int n : List.of(1, 2, 10)) {
              var source = Source.of(n);
              assertThat(all(asyncIter(source, window))).isEqualTo(numbers(n));
              assertThat(source.cancellations).hasValue(0);
            }
          }
          var empty = new Source((s, n) -> s.subscriber.onComplete());
          assertThat(all(asyncIter(empty))).isEmpty();
          assertThat(all(asyncIter(Source.of(1000)))).isEqualTo(numbers(1000));
        });
  }

  @OnEveryKind
  void otherTasksRunWhileItWaitsForItems(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var source = Source.byHand();
          try (var nursery = Nursery.open();
              var items = asyncIter(source, 4)) {
            nursery.fork(
                () -> {
                  while (source.requested.get() == 0) {
                    Task.checkpoint();
                  }
                  for (int i = 0; i < 3; i++) {
                    Task.checkpoint();
                    source.publish(1);
                  }
                  source.subscriber.onComplete();
                });
            assertThat(all(items)).isEqualTo(numbers(3));
          }
        });
  }

  @OnEveryKind
  void streamsAwaitInTheirTerminalOperation(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var source = Source.of(10);
          var stream = asyncIter(source, 4).stream().filter(i -> i % 2 == 1);
          assertThat(source.subscriptions).hasValue(0);
          assertThat(stream.toList()).containsExactly(1, 3, 5, 7, 9);

          var endless = Source.endless();
          try (var cut = asyncIter(endless, 4).stream()) {
            assertThat(cut.limit(5).toList()).isEqualTo(numbers(5));
            assertThat(endless.cancellations).hasValue(0);
          }
          assertThat(endless.cancellations).hasValue(1);
        });
  }

  @OnEveryKind
  void nextBehindTheEndSaysSo(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          Iterator<Integer> iterator = asyncIter(Source.of(1), 2).iterator();
          assertThat(iterator.next()).isZero();
          assertThat(iterator.hasNext()).isFalse();
          assertThat(iterator.hasNext()).isFalse();
          assertThatThrownBy(iterator::next).isInstanceOf(NoSuchElementException.class);
        });
  }

  @OnEveryKind
  void itemsOfOtherThreadsArriveInOrder(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          int many = 20_000;
          try (var threads = Executors.newSingleThreadExecutor()) {
            var publisher = new SubmissionPublisher<Integer>(threads, 16);
            var items = asyncIter(publisher, 8);
            Thread submitter =
                Thread.ofPlatform()
                    .start(
                        () -> {
                          Eventually.holds("subscribed", publisher::hasSubscribers);
                          numbers(many).forEach(publisher::submit);
                          publisher.close();
                        });
            int expected = 0;
            for (int item : items) {
              assertThat(item).isEqualTo(expected++);
            }
            assertThat(expected).isEqualTo(many);
            submitter.join();
          }
        });
  }

  // ---- back-pressure

  @OnEveryKind
  void neverMoreThanTheWindowIsOutstanding(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          for (int window : List.of(1, 2, 3, 8)) {
            var source = Source.endless();
            try (var items = asyncIter(source, window)) {
              Iterator<Integer> iterator = items.iterator();
              assertThat(source.requested).hasValue(0);
              for (int consumed = 0; consumed < 50; consumed++) {
                assertThat(iterator.hasNext()).isTrue();
                long outstanding = source.requested.get() - consumed;
                assertThat(outstanding).isPositive().isLessThanOrEqualTo(window);
                assertThat(iterator.next()).isEqualTo(consumed);
              }
            }
          }
        });
  }

  @OnEveryKind
  void windowIsRequestedFirstAndMoreWhenHalfIsConsumed(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var source = Source.endless();
          try (var items = asyncIter(source, 4)) {
            Iterator<Integer> iterator = items.iterator();
            iterator.next();
            assertThat(source.requested).hasValue(4);
            iterator.next();
            assertThat(source.requested).hasValue(6);
          }
          var plain = Source.endless();
          try (var items = asyncIter(plain)) {
            items.iterator().next();
            assertThat(plain.requested).hasValue(Flow.defaultBufferSize());
          }
        });
  }

  // ---- portals, cancellation, checkpoints

  @OnEveryKind
  void withoutAPortalNothingIsSubscribedTo(Kind kind) throws Throwable {
    kind.run(
        () -> {
          var source = Source.of(1);
          PublishedItems<Integer> items = asyncIter(source, 1);
          assertThatThrownBy(() -> items.iterator().hasNext())
              .isInstanceOf(NoPortalException.class);
          assertThat(source.subscriptions).hasValue(0);
          Iterator<Integer> lost =
              withPortalRun(
                  () -> {
                    Iterator<Integer> iterator = asyncIter(source, 1).iterator();
                    iterator.next();
                    return iterator;
                  });
          assertThatThrownBy(lost::hasNext).isInstanceOf(NoPortalException.class);
        });
  }

  @OnEveryKind
  void cancellationWhileItWaitsCancelsTheSubscription(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var source = Source.byHand();
          PublishedItems<Integer> items = asyncIter(source, 4);
          Iterator<Integer> iterator = items.iterator();
          assertThat(
                  CancelScope.run(
                      scope -> {
                        try (var nursery = Nursery.open()) {
                          nursery.fork(
                              () -> {
                                while (source.requested.get() == 0) {
                                  Task.checkpoint();
                                }
                                scope.cancel("enough");
                              });
                          assertThat(iterator.hasNext()).isTrue();
                        }
                      }))
              .isFalse();
          assertThat(source.cancellations).hasValue(1);
          assertThatThrownBy(iterator::hasNext)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("the task was cancelled");
          source.subscriber.onNext(1); // too late, and dropped
        });
  }

  @OnEveryKind
  void hasNextIsACheckpointEvenIfItemsAreThere(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var source = Source.endless();
          assertThat(
                  CancelScope.run(
                      scope -> {
                        for (int item : asyncIter(source, 8)) {
                          if (item == 3) {
                            scope.cancel("enough");
                          }
                          assertThat(item).isLessThan(4);
                        }
                      }))
              .isFalse();
          assertThat(source.cancellations).hasValue(1);
        });
  }

  // ---- ending early

  @OnEveryKind
  void leavingTheTryStatementCancelsTheSubscription(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var left = Source.endless();
          assertThat(firstAbove(2, left)).isEqualTo(3);
          assertThat(left.cancellations).hasValue(1);
          var thrown = Source.endless();
          assertThatThrownBy(
                  () -> {
                    try (var items = asyncIter(thrown, 4)) {
                      for (int item : items) {
                        throw new IOException("at " + item);
                      }
                    }
                  })
              .isInstanceOf(IOException.class)
              .hasNoSuppressedExceptions();
          assertThat(thrown.cancellations).hasValue(1);
        });
  }

  private static int firstAbove(int least, Source source) {
    try (var items = asyncIter(source, 4)) {
      for (int item : items) {
        if (item > least) {
          return item;
        }
      }
      return -1;
    }
  }

  @OnEveryKind
  void closeIsIdempotentAndDoesNothingAfterTheEnd(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var whole = Source.of(3);
          var items = asyncIter(whole, 4);
          all(items);
          items.close();
          assertThat(whole.cancellations).hasValue(0);
          var unused = Source.of(3);
          var never = asyncIter(unused, 4);
          never.close();
          never.close();
          assertThat(unused.subscriptions).hasValue(0);
          assertThatThrownBy(never::iterator)
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("they were closed");
          var open = Source.endless();
          var used = asyncIter(open, 4);
          Iterator<Integer> iterator = used.iterator();
          iterator.next();
          used.close();
          used.close();
          assertThat(open.cancellations).hasValue(1);
          assertThatThrownBy(iterator::hasNext).hasMessageContaining("they were closed");
          assertThat(used).hasToString("items of Source, over: they were closed");
        });
  }

  @OnEveryKind
  void closeByAnotherTaskEndsTheWait(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var source = Source.byHand();
          var items = asyncIter(source, 4);
          try (var nursery = Nursery.open()) {
            nursery.fork(
                () -> {
                  while (source.requested.get() == 0) {
                    Task.checkpoint();
                  }
                  items.close();
                });
            assertThatThrownBy(() -> items.iterator().hasNext())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("they were closed");
          }
          assertThat(source.cancellations).hasValue(1);
        });
  }

  @OnEveryKind
  void iteratedOnceAndByOneTask(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var source = Source.byHand();
          try (var items = asyncIter(source, 4)) {
            Iterator<Integer> iterator = items.iterator();
            assertThatThrownBy(items::iterator)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("are being iterated already")
                .hasMessageContaining("Call asyncIter again");
            assertThatThrownBy(items::stream).isInstanceOf(IllegalStateException.class);
            try (var nursery = Nursery.open()) {
              Task<Throwable> first =
                  nursery.fork(() -> withPortalRun(() -> catchThrowable(iterator::hasNext)));
              while (source.requested.get() == 0) {
                Task.checkpoint();
              }
              Task<Throwable> second =
                  nursery.fork(() -> withPortalRun(() -> catchThrowable(iterator::hasNext)));
              assertThat(List.of(first.join(), second.join()))
                  .allSatisfy(
                      t ->
                          assertThat(t)
                              .isInstanceOf(IllegalStateException.class)
                              .hasMessageContaining("Two tasks wait"));
            }
          }
        });
  }

  // ---- failures

  @OnEveryKind
  void failureComesAfterTheItemsBeforeItAsItIs(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var error = new IOException("frost");
          var source =
              new Source(
                  (s, n) -> {
                    s.publish(2);
                    s.subscriber.onError(error);
                  });
          Iterator<Integer> iterator = asyncIter(source, 4).iterator();
          assertThat(iterator.next() + iterator.next()).isEqualTo(1);
          assertThat(catchThrowable(iterator::hasNext)).isSameAs(error);
          assertThat(error.getSuppressed()).hasSize(1);
          assertThat(error.getSuppressed()[0]).isInstanceOf(AwaitedHere.class);
          assertThat(error.getSuppressed()[0].getStackTrace()[0].getClassName())
              .doesNotStartWith("dev.greenhouse.portal");
          assertThat(catchThrowable(iterator::hasNext)).isSameAs(error); // and stays
          assertThat(source.cancellations).hasValue(0);
        });
  }

  @OnEveryKind
  void publishersThatThrow(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var inSubscribe = new IllegalArgumentException("no");
          assertThat(
                  catchThrowable(
                      () ->
                          all(
                              asyncIter(
                                  subscriber -> {
                                    throw inSubscribe;
                                  }))))
              .isSameAs(inSubscribe);
          var inRequest = new IllegalArgumentException("no more");
          var source =
              new Source(
                  (s, n) -> {
                    s.publish(n);
                    if (s.published.get() > 2) {
                      throw inRequest;
                    }
                  });
          var seen = new ArrayList<Integer>();
          assertThat(catchThrowable(() -> asyncIter(source, 2).forEach(seen::add)))
              .isSameAs(inRequest);
          assertThat(seen).isEqualTo(numbers(3)); // nothing that was published is lost
          assertThat(source.cancellations).hasValue(1);
        });
  }

  // ---- publishers that break the rules

  private static void broken(Flow.Publisher<Integer> publisher, int items, String... fragments) {
    var seen = new ArrayList<Integer>();
    assertThatThrownBy(() -> asyncIter(publisher, 2).forEach(seen::add))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll(fragments)
        .hasMessageContaining("which the rules of Flow forbid");
    assertThat(seen).isEqualTo(numbers(items));
  }

  @OnEveryKind
  void brokenRulesAreToldAfterTheItemsBefore(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var nullItem =
              new Source(
                  (s, n) -> {
                    s.publish(1);
                    assertThatThrownBy(() -> s.subscriber.onNext(null))
                        .isInstanceOf(NullPointerException.class);
                  });
          broken(nullItem, 1, "The publisher Source published null");
          assertThat(nullItem.cancellations).hasValue(1);

          var tooMany = new Source((s, n) -> s.publish(n + 2));
          broken(tooMany, 2, "published 2, which is more than was requested");
          assertThat(tooMany.cancellations).hasValue(1);

          var twice = new Source((s, n) -> s.publish(1));
          var second = Source.byHand();
          broken(
              subscriber -> {
                twice.subscribe(subscriber);
                second.subscribe(subscriber);
              },
              1,
              "gave a second subscription");
          assertThat(twice.cancellations).hasValue(1);
          assertThat(second.cancellations).hasValue(1);

          broken(s -> s.onNext(1), 0, "published 1 before it gave a subscription");
          broken(Flow.Subscriber::onComplete, 0, "completed before it gave a subscription");
          broken(
              s ->
                  assertThatThrownBy(() -> s.onSubscribe(null))
                      .isInstanceOf(NullPointerException.class),
              0,
              "gave a subscription that is null");
          broken(
              new Source(
                  (s, n) ->
                      assertThatThrownBy(() -> s.subscriber.onError(null))
                          .isInstanceOf(NullPointerException.class)),
              0,
              "failed with null");
        });
  }

  @OnEveryKind
  void signalsAfterTheEndAreDropped(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var late =
              new Source(
                  (s, n) -> {
                    s.publish(1);
                    s.subscriber.onComplete();
                    s.publish(1);
                    s.subscriber.onError(new IOException("late"));
                    s.subscriber.onComplete();
                  });
          assertThat(all(asyncIter(late, 4))).isEqualTo(numbers(1));
        });
  }

  @OnEveryKind
  void publisherThatNeverSubscribesEndsWithItsTask(Kind kind) throws Throwable {
    InPortal.run(
        kind,
        () -> {
          var late = new CompletableFuture<Flow.Subscriber<? super Integer>>();
          Flow.Publisher<Integer> silent = late::complete;
          assertThat(
                  CancelScope.run(
                      scope -> {
                        try (var nursery = Nursery.open()) {
                          nursery.fork(
                              () ->
                                  withPortalRun(
                                      () -> {
                                        await(late);
                                        scope.cancel("enough");
                                      }));
                          all(asyncIter(silent));
                        }
                      }))
              .isFalse();
          var source = Source.byHand();
          late.join().onSubscribe(source);
          assertThat(source.cancellations).hasValue(1);
          assertThat(source.requested).hasValue(0);
        });
  }

  @OnEveryKind
  void badArguments(Kind kind) throws Throwable {
    assertThatThrownBy(() -> asyncIter(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> asyncIter(Source.of(1), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("window of 0");
  }
}
