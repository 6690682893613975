package dev.greenhouse.examples.linkcheck;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import org.jspecify.annotations.Nullable;

/// Receives the start of a body: once there are more bytes than the limit, the rest is not
/// downloaded.
final class BodyStart implements BodySubscriber<BodyStart.Bytes> {
  /// @param bytes what was received
  /// @param complete whether that is all
  @SuppressWarnings("ArrayRecordComponent") // never compared, never shared
  record Bytes(byte[] bytes, boolean complete) {}

  private final int limit;
  private final CompletableFuture<Bytes> result = new CompletableFuture<>();

  // Flow's rules order the calls of one subscriber.
  private final ByteArrayOutputStream received = new ByteArrayOutputStream();
  private @Nullable Subscription subscription;

  BodyStart(int limit) {
    this.limit = limit;
  }

  @Override
  public CompletionStage<Bytes> getBody() {
    return result;
  }

  @Override
  public void onSubscribe(Subscription s) {
    subscription = s;
    s.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      int wanted = Math.min(buffer.remaining(), limit - received.size());
      var chunk = new byte[wanted];
      buffer.get(chunk);
      received.write(chunk, 0, wanted);
      if (buffer.hasRemaining() && subscription != null) {
        subscription.cancel();
        result.complete(new Bytes(received.toByteArray(), false));
        return;
      }
    }
  }

  @Override
  public void onError(Throwable error) {
    result.completeExceptionally(error);
  }

  @Override
  public void onComplete() {
    result.complete(new Bytes(received.toByteArray(), true));
  }
}
