package dev.greenhouse.tests.interop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.greenhouse.portal.Portal;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/// The JDK's HTTP client, and its server: an operation is a request, and its failure a connection
/// that the server closes in the middle of the answer. Cancelled is what has its connection closed
/// by the client.
final class HttpClientPeer implements Peer {
  /// A server notices that a client has gone when it writes.
  private static final long WRITE_EVERY_MILLIS = 50;

  private static final int BACKLOG = 2_000;

  private final Map<String, Operation> operations = new ConcurrentHashMap<>();
  private final AtomicInteger requests = new AtomicInteger();
  private final ExecutorService handlers = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private volatile CompletableFuture<HttpResponse<String>> sent = new CompletableFuture<>();

  HttpClientPeer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
    server.createContext("/", this::handle);
    server.setExecutor(handlers);
    server.start();
  }

  @Override
  public String await(Operation operation) {
    String path = "/" + requests.incrementAndGet();
    operations.put(path, operation);
    InetSocketAddress address = server.getAddress();
    var uri =
        URI.create(
            "http://%s:%d%s"
                .formatted(address.getAddress().getHostAddress(), address.getPort(), path));
    var answer = client.sendAsync(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    sent = answer; // of many at once only one is kept
    return Portal.await(answer).body().strip();
  }

  /// The client does not know why the server closed the connection.
  @Override
  public boolean isOwn(Throwable thrown, Throwable operationsFailure) {
    return thrown instanceof IOException && thrown == sent.exceptionNow();
  }

  /// If this throws, the server closes the connection.
  private void handle(HttpExchange exchange) throws IOException {
    Operation operation = operations.remove(exchange.getRequestURI().getPath());
    exchange.sendResponseHeaders(200, 0);
    var answer = new CompletableFuture<String>();
    operation.begun(Operation.completing(answer));
    OutputStream body = exchange.getResponseBody();
    body.write(awaited(answer, body, operation).getBytes(StandardCharsets.UTF_8));
    body.close();
  }

  private static String awaited(
      CompletableFuture<String> answer, OutputStream body, Operation operation) throws IOException {
    while (true) {
      try {
        return answer.get(WRITE_EVERY_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException notYet) {
        writeBlank(body, operation);
      } catch (ExecutionException | InterruptedException e) {
        throw new IOException(e);
      }
    }
  }

  private static void writeBlank(OutputStream body, Operation operation) throws IOException {
    try {
      body.write(' ');
      body.flush();
    } catch (IOException closedByTheClient) {
      operation.cancelled();
      throw closedByTheClient;
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
    client.close();
    server.stop(0);
    handlers.close();
  }
}
