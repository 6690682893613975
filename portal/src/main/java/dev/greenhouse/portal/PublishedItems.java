package dev.greenhouse.portal;

import java.util.Iterator;
import java.util.stream.Stream;

/// The items of a `Flow.Publisher`, for a loop or a stream that awaits each:
/// [Portal#asyncIter(java.util.concurrent.Flow.Publisher)].
///
/// ```java
/// try (var rows = asyncIter(table.rows())) {
///   for (var row : rows) {
///     if (row.isLast()) break;
///   }
/// }
/// ```
///
/// **Iterated once**, by [#iterator()] or [#stream()], by one task at a time. The publisher is
/// subscribed to when the first item is looked for, and not at all without a portal.
///
/// **Back-pressure.** At most a *window* of items is requested and not consumed yet: the window at
/// first, and more whenever half of it has been consumed. So no more than that is kept here.
///
/// **Awaiting.** `hasNext`, if it has to look for the next item, and `next` likewise, is a
/// checkpoint and needs a portal, as [Portal#await(java.util.concurrent.CompletionStage)] does.
/// When the publisher fails, all items before are delivered, and then its exception as it is, with
/// the awaiting side attached. What the publisher did before it published an item happens-before
/// what the task does with it.
///
/// **Ending.** The subscription is cancelled when the task is cancelled in `hasNext`, or `hasNext`
/// throws anything else, and by [#close()]. After a loop that is left early somebody must call
/// `close`, best a try-with-resources statement: otherwise the publisher goes on until the window
/// is used up, and stays subscribed.
///
/// A publisher that breaks the rules of `Flow`, by publishing null, or more than was requested, or
/// before `onSubscribe`, or by a second `onSubscribe`, has its subscription cancelled, and
/// `hasNext` throws an `IllegalStateException` that says so, after the items before it. What it
/// signals after its end is dropped.
///
/// @param <T> the type of the items
public sealed interface PublishedItems<T> extends Iterable<T>, AutoCloseable
    permits PublisherIteration {
  /// {@return the iterator, whose `hasNext` awaits}
  ///
  /// @throws IllegalStateException if they are being iterated already, or closed
  @Override
  Iterator<T> iterator();

  /// {@return the items as a sequential stream, whose terminal operation awaits; closing it closes
  /// them. Don't make it parallel: other threads have no portal}
  ///
  /// @throws IllegalStateException if they are being iterated already, or closed
  Stream<T> stream();

  /// Cancels the subscription, if there is one, and forgets items that were not consumed. Any
  /// thread may call it; it does not block. A task that waits for the next item leaves by an
  /// `IllegalStateException`. If all is over, it does nothing.
  @Override
  void close();
}
