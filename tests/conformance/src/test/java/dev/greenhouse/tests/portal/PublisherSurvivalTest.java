package dev.greenhouse.tests.portal;

import static dev.greenhouse.portal.Portal.await;
import static dev.greenhouse.portal.Portal.withPortalRun;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.greenhouse.nursery.CancelScope;
import dev.greenhouse.nursery.Nursery;
import dev.greenhouse.nursery.Task;
import dev.greenhouse.tests.Kind;
import dev.greenhouse.tests.NothingLeft;
import dev.greenhouse.tests.OnEveryKind;
import java.io.IOException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Publishers that break the rules of publishers.
@ExtendWith(NothingLeft.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PublisherSurvivalTest {
  private static void inPortal(Kind kind, Kind.Body body) throws Throwable {
    kind.run(() -> withPortalRun(() -> body.run()));
  }

  /// A subscription that counts, and does something when it is asked for items.
  private static final class Counting implements Flow.Subscription {
    private final Runnable onRequest;
    final AtomicInteger cancels = new AtomicInteger();

    Counting(Runnable onRequest) {
      this.onRequest = onRequest;
    }

    Counting() {
      this(() -> {});
    }

    @Override
    public void request(long n) {
      onRequest.run();
    }

    @Override
    public void cancel() {
      cancels.incrementAndGet();
    }
  }

  /// {@return a publisher that does this with its subscriber, after a subscription that does
  /// nothing}
  private static Flow.Publisher<String> publisher(Consumer<Flow.Subscriber<? super String>> acts) {
    return subscriber -> {
      subscriber.onSubscribe(new Counting());
      acts.accept(subscriber);
    };
  }

  @OnEveryKind
  void signalsAfterTheEndAreIgnored(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          assertThat(
                  await(
                      publisher(
                          s -> {
                            s.onNext("one");
                            s.onComplete();
                            s.onNext("after");
                            s.onComplete();
                            s.onError(new IOException("after"));
                          })))
              .isEqualTo("one");
          assertThatThrownBy(
                  () ->
                      await(
                          publisher(
                              s -> {
                                s.onError(new IOException("the one"));
                                s.onNext("after");
                                s.onComplete();
                                s.onError(new IOException("after"));
                              })))
              .isInstanceOf(IOException.class)
              .hasMessage("the one");
          Task.checkpoint();
        });
  }

  @OnEveryKind
  void moreThanWasRequestedIsASecondValueOnce(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var subscription = new Counting();
          Flow.Publisher<String> floods =
              s -> {
                s.onSubscribe(subscription);
                for (int i = 0; i < 100; i++) {
                  s.onNext("item " + i);
                }
                s.onComplete();
              };
          assertThatThrownBy(() -> await(floods))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("second value, item 1 after item 0");
          assertThat(subscription.cancels).hasValue(1);
        });
  }

  @OnEveryKind
  void nullItemsSubscriptionsAndErrorsAreRefused(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var subscription = new Counting();
          Flow.Publisher<String> publishesNull =
              s -> {
                s.onSubscribe(subscription);
                assertThatThrownBy(() -> s.onNext(null)).isInstanceOf(NullPointerException.class);
              };
          assertThatThrownBy(() -> await(publishesNull))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("gave null as its item");
          assertThat(subscription.cancels).hasValue(1);
          Flow.Publisher<String> subscribesNull =
              s -> {
                assertThatThrownBy(() -> s.onSubscribe(null))
                    .isInstanceOf(NullPointerException.class);
              };
          assertThatThrownBy(() -> await(subscribesNull))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("gave null as its subscription");
          var failing =
              publisher(
                  s ->
                      assertThatThrownBy(() -> s.onError(null))
                          .isInstanceOf(NullPointerException.class));
          assertThatThrownBy(() -> await(failing))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("gave null as its error");
        });
  }

  @OnEveryKind
  void secondSubscriptionIsCancelledAndTheFirstGoesOn(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var first = new Counting();
          var second = new Counting();
          Flow.Publisher<String> twice =
              s -> {
                s.onSubscribe(first);
                s.onSubscribe(second);
                s.onNext("one");
                s.onComplete();
              };
          assertThat(await(twice)).isEqualTo("one");
          assertThat(second.cancels).hasValue(1);
          assertThat(first.cancels).hasValue(0);
        });
  }

  @OnEveryKind
  void signalsWithoutASubscription(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          Flow.Publisher<String> completes = Flow.Subscriber::onComplete;
          assertThat(await(completes)).isNull();
          Flow.Publisher<String> fails = s -> s.onError(new IOException("at once"));
          assertThatThrownBy(() -> await(fails)).isInstanceOf(IOException.class);
          Flow.Publisher<String> publishes =
              s -> {
                s.onNext("one");
                s.onComplete();
              };
          assertThat(await(publishes)).isEqualTo("one");
        });
  }

  @OnEveryKind
  void publisherOrSubscriptionThatThrows(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var error = new IllegalArgumentException("can't");
          Flow.Publisher<String> throwing =
              s -> {
                throw error;
              };
          assertThatThrownBy(() -> await(throwing)).isSameAs(error);
          Flow.Publisher<String> throwsWhenAsked =
              s ->
                  s.onSubscribe(
                      new Counting(
                          () -> {
                            throw error;
                          }));
          assertThatThrownBy(() -> await(throwsWhenAsked)).isSameAs(error);
          Task.checkpoint();
        });
  }

  @OnEveryKind
  void subscriptionThatComesTooLateIsCancelled(Kind kind) throws Throwable {
    inPortal(
        kind,
        () -> {
          var subscriber = new Flow.Subscriber<?>[1];
          Flow.Publisher<String> late = s -> subscriber[0] = s;
          boolean whole =
              CancelScope.run(
                  scope -> {
                    try (var nursery = Nursery.open()) {
                      nursery.fork(() -> scope.cancel("enough"));
                      await(late);
                    }
                  });
          assertThat(whole).isFalse();
          var subscription = new Counting();
          subscriber[0].onSubscribe(subscription);
          assertThat(subscription.cancels).hasValue(1);
          subscriber[0].onComplete();
          Task.checkpoint();
        });
  }
}
