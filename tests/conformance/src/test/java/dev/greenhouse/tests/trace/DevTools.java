package dev.greenhouse.tests.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A connection to a browser in its DevTools protocol: commands, their answers, and events. One
/// thread sends.
final class DevTools implements WebSocket.Listener, AutoCloseable {
  /// What the browser tells of by itself.
  record Event(String method, JsonNode params) {}

  private static final long LIMIT_SECONDS = 30;
  private static final JsonMapper MAPPER = new JsonMapper();

  private final HttpClient client =
      HttpClient.newBuilder().proxy(HttpClient.Builder.NO_PROXY).build();
  private final WebSocket socket;
  private final AtomicInteger commands = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final Map<String, CompletableFuture<JsonNode>> expected = new ConcurrentHashMap<>();
  private final Queue<Event> events = new ConcurrentLinkedQueue<>();
  private final StringBuilder message = new StringBuilder(); // one call of onText at a time
  private volatile @Nullable String session; // of the page, when there is one

  DevTools(String address) throws Exception {
    socket =
        client
            .newWebSocketBuilder()
            .buildAsync(URI.create(address), this)
            .get(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  /// From now on commands are for a page, or with `null` for the browser.
  void use(@Nullable String pageSession) {
    session = pageSession;
  }

  /// Sends a command with parameters `name, value, name, value` and waits for its answer.
  JsonNode call(String method, Object... parameters) throws Exception {
    var named = new LinkedHashMap<String, Object>();
    for (int i = 0; i < parameters.length; i += 2) {
      named.put((String) parameters[i], parameters[i + 1]);
    }
    int id = commands.incrementAndGet();
    var answer = new CompletableFuture<JsonNode>();
    answers.put(id, answer);
    var command = new LinkedHashMap<String, Object>();
    command.put("id", id);
    command.put("method", method);
    command.put("params", named);
    if (session != null) {
      command.put("sessionId", session);
    }
    socket.sendText(MAPPER.writeValueAsString(command), true).get(LIMIT_SECONDS, TimeUnit.SECONDS);
    JsonNode message = answer.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    if (message.has("error")) {
      throw new IOException("The browser refuses " + method + ": " + message.get("error"));
    }
    return message.path("result");
  }

  /// {@return the next event of a kind: to be called before what causes it}
  CompletableFuture<JsonNode> next(String event) {
    return expected
        .computeIfAbsent(event, _ -> new CompletableFuture<>())
        .orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  /// Forgets the events that have come.
  void forget() {
    events.clear();
  }

  /// {@return the events of some kinds that came since the last were forgotten}
  List<Event> events(String... methods) {
    return events.stream().filter(e -> List.of(methods).contains(e.method())).toList();
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
    message.append(part);
    if (last) {
      String text = message.toString();
      message.setLength(0);
      received(text);
    }
    from.request(1);
    return null;
  }

  private void received(String text) {
    JsonNode json;
    try {
      json = MAPPER.readTree(text);
    } catch (IOException e) {
      onError(socket, e);
      return;
    }
    if (json.has("id")) {
      answers.remove(json.get("id").asInt()).complete(json);
      return;
    }
    var event = new Event(json.path("method").asText(), json.path("params"));
    events.add(event);
    CompletableFuture<JsonNode> waiting = expected.remove(event.method());
    if (waiting != null) {
      waiting.complete(event.params());
    }
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
    onError(from, new IOException("The browser has closed the connection: " + reason));
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable error) {
    answers.values().forEach(a -> a.completeExceptionally(error));
    expected.values().forEach(a -> a.completeExceptionally(error));
  }

  @Override
  public void close() {
    socket.abort();
    client.shutdownNow();
    client.close();
  }
}
