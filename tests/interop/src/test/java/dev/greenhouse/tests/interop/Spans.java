package dev.greenhouse.tests.interop;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.ContextStorage;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/// Spans of OpenTelemetry's SDK, and which of them are below which.
final class Spans {
  private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
  private final SdkTracerProvider provider =
      SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(exporter)).build();
  private final Tracer tracer = provider.get("garden");

  /// Does something while a new span is current.
  <T> T inSpan(String name, Callable<T> body) throws Exception {
    Span span = tracer.spanBuilder(name).startSpan();
    try (Scope _ = span.makeCurrent()) {
      return body.call();
    } finally {
      span.end();
    }
  }

  /// A span that is over at once, for [#parents()].
  Void mark(String name) throws Exception {
    return inSpan(name, () -> null);
  }

  /// {@return for each span that has ended the name of the one above it; "none" if there is none}
  Map<String, String> parents() {
    List<SpanData> ended = exporter.getFinishedSpanItems();
    Map<String, String> names =
        ended.stream().collect(Collectors.toMap(SpanData::getSpanId, SpanData::getName));
    return ended.stream()
        .collect(
            Collectors.toMap(
                SpanData::getName, span -> names.getOrDefault(span.getParentSpanId(), "none")));
  }

  /// {@return how many traces the spans that have ended belong to}
  long traces() {
    return exporter.getFinishedSpanItems().stream().map(SpanData::getTraceId).distinct().count();
  }

  /// Throws if somebody has left a scope open. Who closes one in another thread is told at once.
  void endWithAllScopesClosed() throws Exception {
    provider.close();
    ((AutoCloseable) ContextStorage.get()).close();
  }
}
