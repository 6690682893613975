package dev.greenhouse.tests.interop;

import dev.greenhouse.portal.Portal;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Project Reactor: an operation is a `Mono` or a `Flux` of one, through Reactor's own adapter to
/// `Flow`.
final class ReactorPeer implements Peer {
  private final Scheduler scheduler = Schedulers.newSingle("reactor-peer");
  private final Function<Operation, Publisher<String>> source;

  private ReactorPeer(boolean mono) {
    source = mono ? this::mono : this::flux;
  }

  static ReactorPeer ofMono() {
    return new ReactorPeer(true);
  }

  static ReactorPeer ofFlux() {
    return new ReactorPeer(false);
  }

  @Override
  public String await(Operation operation) {
    return Portal.await(JdkFlowAdapter.publisherToFlowPublisher(source.apply(operation)));
  }

  private Publisher<String> mono(Operation operation) {
    return Mono.<String>create(
            sink ->
                operation.begun(
                    (value, error) -> {
                      if (error == null) {
                        sink.success(value);
                      } else {
                        sink.error(error);
                      }
                    }))
        .doOnCancel(operation::cancelled)
        .publishOn(scheduler);
  }

  private Publisher<String> flux(Operation operation) {
    return Flux.<String>create(
            sink ->
                operation.begun(
                    (value, error) -> {
                      if (error == null) {
                        sink.next(value).complete();
                      } else {
                        sink.error(error);
                      }
                    }))
        .doOnCancel(operation::cancelled)
        .publishOn(scheduler);
  }

  @Override
  public void close() {
    scheduler.dispose();
  }
}
